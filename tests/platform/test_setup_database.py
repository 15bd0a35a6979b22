"""`manage.py setup_database` and the rights that each role ends up with."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from config import grants
from config.platform import database
from config.platform.errors import CannotStart
from tests.servers import ROOT, Database, Server

APP = {"app": "assay_app", "notary": "assay_notary"}


@pytest.fixture(scope="module")
def migrated(new_database: Callable[[], Database]) -> Database:
    """One database for this module: its tests are refused, or put back what they took."""
    return new_database()


def set_up(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command, as an administrator runs it."""
    return subprocess.run(
        [sys.executable, "manage.py", "setup_database"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def roles_of(target: Database) -> dict[str, str]:
    """The environment with all three addresses."""
    return {**target.env(), "DATABASE_OWNER_URL": target.url("owner")}


def rights(target: Database, role: str) -> set[tuple[Any, ...]]:
    """Everything a role may do with tables and columns."""
    tables = target.rows(
        "SELECT table_name, privilege_type, '' FROM information_schema.table_privileges"
        " WHERE grantee = %s",
        APP[role],
    )
    columns = target.rows(
        "SELECT table_name, privilege_type, column_name FROM information_schema.column_privileges"
        " WHERE grantee = %s AND privilege_type = 'UPDATE'",
        APP[role],
    )
    return {*tables, *columns}


@pytest.mark.server
def test_a_missing_database_is_made_and_a_second_time_changes_nothing(postgres: Server) -> None:
    target = Database("made_by_the_command", postgres.cluster.socket_dir)
    first = set_up(roles_of(target))
    before = rights(target, "app")
    second = set_up(roles_of(target))

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "database made" in first.stdout
    assert second.stdout == "0 migrations applied\n"
    assert rights(target, "app") == before != set()
    postgres.drop([target])


def test_the_application_never_runs_it(migrated: Database) -> None:
    done = set_up({**roles_of(migrated), "ASSAY_DATABASE_ROLE": "app"})

    assert done.returncode == 1
    assert "owner role" in done.stderr


class TestRights:
    @pytest.mark.parametrize("table", grants.APP_READ_ONLY)
    def test_the_app_role_only_reads(self, migrated: Database, table: str) -> None:
        for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                migrated.rows(statement, role="app")

    @pytest.mark.parametrize("table", [*grants.APP_INSERT_ONLY, *grants.APP_COLUMN_UPDATES])
    def test_the_app_role_cannot_delete_facts(self, migrated: Database, table: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            migrated.rows(f"DELETE FROM {table}", role="app")

    def test_the_app_role_changes_only_the_columns_listed(self, migrated: Database) -> None:
        expected = {(t, c) for t, columns in grants.APP_COLUMN_UPDATES.items() for c in columns}
        given = {
            (table, column)
            for table, right, column in rights(migrated, "app")
            if right == "UPDATE" and column and table in grants.APP_COLUMN_UPDATES
        }

        assert given == expected

    def test_the_notary_inserts_only_where_it_has_to(self, migrated: Database) -> None:
        given = {t for t, right, _ in rights(migrated, "notary") if right == "INSERT"}

        assert given == set(grants.NOTARY_INSERT)

    @pytest.mark.parametrize("role", ["app", "notary"])
    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TABLE mine (a int)",
            "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "TRUNCATE audit_auditevent",
            "ALTER TABLE audit_auditevent DISABLE TRIGGER ALL",
            "ALTER TABLE audit_auditevent ADD COLUMN more int",
            "DROP TABLE audit_auditevent",
            "CREATE TRIGGER mine BEFORE INSERT ON audit_auditevent"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "SET session_replication_role = replica",
            "SET ROLE assay_owner",
        ],
    )
    def test_nobody_but_the_owner_changes_the_schema(
        self, migrated: Database, role: str, statement: str
    ) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            migrated.rows(statement, role=role)

    def test_a_right_given_by_hand_is_taken_back(self, migrated: Database) -> None:
        before = rights(migrated, "app")
        migrated.rows("GRANT UPDATE, TRUNCATE ON audit_auditevent TO assay_app")
        migrated.rows("GRANT UPDATE (event_id) ON audit_auditleaf TO assay_app")

        with migrated.connect() as owner:
            database.apply_grants(owner, **APP)

        assert rights(migrated, "app") == before

    def test_a_listed_table_that_does_not_exist_is_an_error(
        self, migrated: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(grants, "APP_READ_ONLY", (*grants.APP_READ_ONLY, "audit_evnt"))

        with migrated.connect() as owner, pytest.raises(CannotStart, match="audit_evnt"):
            database.apply_grants(owner, **APP)


class TestRoles:
    def addresses(self, target: Database, **others: str) -> database.Addresses:
        """The three addresses, some with another role."""
        urls = {role: target.url(others.get(role, role)) for role in ("owner", "app", "notary")}
        return database.Addresses(**urls)

    def test_three_different_ones_are_needed(self, migrated: Database) -> None:
        same = self.addresses(migrated, notary="app")
        with migrated.connect() as owner, pytest.raises(CannotStart, match="three different"):
            database.ensure_roles(owner, same)

    def test_a_superuser_is_no_app_role(self, migrated: Database) -> None:
        powerful = self.addresses(migrated, app="postgres")
        with migrated.connect() as owner, pytest.raises(CannotStart, match="owner's rights"):
            database.ensure_roles(owner, powerful)

    def test_a_missing_one_is_made_with_the_password_of_its_address(
        self, migrated: Database, postgres: Server
    ) -> None:
        url = migrated.url("app").replace("assay_app@", "assay_late:se%20cret@")
        given = database.Addresses(migrated.url("owner"), url, migrated.url("notary"))
        with migrated.connect() as owner:
            made = database.ensure_roles(owner, given)
        with postgres.cluster.connect() as admin:
            kept = admin.execute("SELECT passwd FROM pg_shadow WHERE usename = 'assay_late'")
            assert str(kept.fetchone()).startswith("('SCRAM-SHA-256$")
            admin.execute("DROP ROLE assay_late")

        assert made == ["assay_late"]

    def test_an_owner_who_may_not_make_them_says_what_to_run(self, migrated: Database) -> None:
        missing = self.addresses(migrated, app="assay_missing")
        with (
            migrated.connect("notary") as powerless,
            pytest.raises(CannotStart, match="CREATE ROLE assay_missing LOGIN"),
        ):
            database.ensure_roles(powerless, missing)

    def test_a_server_that_cannot_be_reached_is_one_sentence(self, tmp_path: Any) -> None:
        nowhere = Database("assay", tmp_path)
        with pytest.raises(CannotStart, match="cannot be reached"):
            database.ensure_database(self.addresses(nowhere))
