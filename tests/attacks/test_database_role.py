"""What somebody gets who took over the web process and speaks SQL as the app's role."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from common.errors import DomainError
from governance.services import submit
from tests.cast import user_of, who
from tests.factories import serving
from tests.stage import Stage

Link = psycopg.Connection

REFUSED = (
    "SET ROLE assay_owner",
    "SET ROLE assay_notary",
    "SET SESSION AUTHORIZATION assay_owner",
    "SET session_replication_role = replica",
    "ALTER ROLE assay_app SUPERUSER",
    "CREATE ROLE assistant",
    "CREATE SCHEMA hidden",
    "CREATE TABLE public.twin (a int)",
    "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER t BEFORE INSERT ON audit_auditevent FOR EACH ROW"
    " EXECUTE FUNCTION assay_refuse_change()",
    "CREATE RULE r AS ON INSERT TO audit_auditevent DO INSTEAD NOTHING",
    "ALTER TABLE governance_signature DISABLE TRIGGER four_eyes",
    "DROP TRIGGER four_eyes ON governance_signature",
    "ALTER TABLE governance_waiver DISABLE TRIGGER four_eyes",
    "DROP TRIGGER four_eyes ON governance_waiver",
    "ALTER FUNCTION assay_check_waiver() RESET search_path",
    "UPDATE governance_waiver SET not_after = now() + interval '9 years'",
    "UPDATE governance_waiver SET gate = 'golden'",
    "DELETE FROM governance_waiver",
    "DELETE FROM governance_waiverwithdrawal",
    "UPDATE governance_waiverwithdrawal SET waiver_id = gen_random_uuid()",
    "ALTER FUNCTION assay_check_signature() RESET search_path",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "COPY audit_auditevent TO '/dev/null'",
    "COPY audit_auditevent FROM PROGRAM 'cat /dev/null'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "ALTER SYSTEM SET fsync = off",
    "SELECT setval(pg_get_serial_sequence('audit_auditevent', 'id'), 1)",
    "SELECT assay_raise_generation()",
    "UPDATE inference_servingstate SET generation = 0",
    "UPDATE registry_versioncontributor SET person_id = gen_random_uuid()",
    "DELETE FROM registry_versioncontributor",
    "UPDATE registry_modelversion SET digest = repeat('0', 64)",
    "UPDATE registry_modelversion SET manifest = ''",
    "UPDATE registry_artifact SET blob_id = repeat('0', 64)",
    "UPDATE registry_registeredmodel SET name = 'other'",
    "UPDATE registry_registeredmodel SET team_id = gen_random_uuid()",
    "UPDATE registry_registeredmodel SET risk_tier = 'low'",
    "DELETE FROM registry_registeredmodel",
    "UPDATE governance_review SET statement = ''",
    "UPDATE governance_policyversion SET document = '{}'",
    "DELETE FROM governance_revocation",
    "DELETE FROM governance_comment",
    "UPDATE inference_prediction SET at = now()",
    "DELETE FROM inference_predictionbatch",
    "DELETE FROM registry_aliasmove",
)


STOPPING = (
    "INSERT INTO governance_revocation (approval_id, reason, by_id, at)"
    " SELECT a.id, '', u.id, now() FROM governance_approval a, accounts_user u"
    " WHERE u.username = 'cora'",
    "DELETE FROM registry_alias",
    "DELETE FROM accounts_membership",
)


@pytest.fixture
def app(approved: Stage) -> Iterator[Link]:
    """A connection of the app's role, outside the program."""
    with approved.database.connect("app") as link:
        yield link


@pytest.mark.parametrize("statement", REFUSED)
def test_the_role_of_the_web_process_cannot(app: Link, statement: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)):
        app.execute(statement.encode())


def test_the_role_of_the_web_process_can_read_every_table(app: Link) -> None:
    tables = app.execute(
        b"SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"
    ).fetchall()
    assert len(tables) > 80
    for (table,) in tables:
        app.execute(f"SELECT * FROM {table} LIMIT 1".encode())


@pytest.mark.parametrize("statement", STOPPING)
def test_the_role_of_the_web_process_can_stop_what_is_served(
    approved_copy: Stage, statement: str
) -> None:
    with serving.follower() as made:
        assert serving.answer(made, "carl", approved_copy.folder / "segments")
        with approved_copy.database.connect("app") as link:
            assert link.execute(statement.encode()).rowcount > 0
        made.look()
        with pytest.raises(DomainError):
            serving.answer(made, "carl", approved_copy.folder / "segments")


def _sign_as_ada(link: Link, stage: Stage) -> None:
    review, ada = submit(caller=who("ada"), version=stage.version), user_of("ada")
    link.execute(
        "INSERT INTO governance_signature (id, review_id, statement_digest, person_id, user_id,"
        " role, decision, reason, record, digest, salt, printed_name, at) VALUES"
        " (%s, %s, %s, %s, %s, 'reviewer', 'approve', 'r', '', %s, '', 'Ada', now())",
        [uuid.uuid4(), review.pk, review.statement_digest, ada.person_id, ada.pk, "0" * 64],
    )


@pytest.mark.parametrize(
    "preparation",
    [
        "SELECT 1",
        "CREATE TEMP TABLE registry_versioncontributor"
        " AS SELECT * FROM public.registry_versioncontributor LIMIT 0",
        "SET search_path = pg_temp, public;"
        " CREATE TEMP TABLE registry_versioncontributor (version_id uuid, person_id uuid)",
    ],
)
def test_no_table_before_the_true_one_lets_a_contributor_sign(
    ready_copy: Stage, preparation: str
) -> None:
    with ready_copy.database.connect("app") as link:
        link.execute(preparation.encode())
        with pytest.raises(psycopg.errors.RestrictViolation, match="contributor"):
            _sign_as_ada(link, ready_copy)
