"""Waivers by those who may not, of what may not be waived, and written past the program."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.utils import timezone

from accounts.services import deactivate_user, remove_role
from governance.evidence.gates import blocking
from governance.models import Approval, Waiver
from governance.reviewing.signing import seal_record
from governance.selectors import policy_for
from governance.services import dry_run
from governance.waivers.records import record_of
from governance.waivers.services import withdraw_waiver
from registry.services import edit_card
from tests.cast import password_of, the_team, user_of, who
from tests.factories import tiny, verbs
from tests.factories.damage import by_force
from tests.factories.waivers import ACCURACY, gate_of, give, in_days, strict_policy
from tests.stage import MODEL, Stage, review_again
from trust.methods import PASSWORD

Link = psycopg.Connection
CARD = tiny.CARD | {"caveats": "Read the intervals."}


@pytest.fixture
def strict(ready_copy: Stage) -> Stage:
    """A version whose accuracy is below the limit of a policy that lets it be waived."""
    strict_policy()
    return ready_copy


@pytest.fixture
def link(strict: Stage) -> Iterator[Link]:
    """A connection of the app's role, outside the program."""
    with strict.database.connect("app") as link:
        yield link


def forge(link: Link, stage: Stage, name: str = "cleo", **wishes: Any) -> str:
    """Writes the row that the service would write for this person; its digest."""
    now, user = timezone.now(), user_of(name)
    row = Waiver(
        version=stage.version,
        policy=policy_for(stage.version.model),
        gate=ACCURACY,
        reason="by hand",
        not_after=now + timedelta(days=10),
        person_id=user.person_id,
        user=user,
        role="reviewer",
        at=now,
    )
    found = gate_of(stage.version)
    made = seal_record(record_of(row, found.finding, PASSWORD), printed_name="Cleo")
    columns: dict[str, Any] = {
        "id": row.pk,
        "version_id": row.version_id,
        "policy_id": row.policy_id,
        "gate": row.gate,
        "state": found.state,
        "measured": str(found.measured),
        "reason": row.reason,
        "not_after": row.not_after,
        "person_id": row.person_id,
        "user_id": row.user_id,
        "role": row.role,
        "record": made.body,
        "digest": made.digest,
        "salt": made.salt,
        "printed_name": "Cleo",
        "at": now,
    } | wishes
    names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
    statement = f"INSERT INTO governance_waiver ({names}) VALUES ({places})"
    link.execute(statement.encode(), list(columns.values()))
    link.commit()
    return str(columns["digest"])


def open_gates(stage: Stage) -> list[str]:
    return [gate.gate for gate in blocking(dry_run(stage.version))]


class TestOverTheApi:
    def ask(self, stage: Stage, name: str, **wishes: str) -> Any:
        client = Client()
        client.force_login(user_of(name))
        body = {
            "gate": ACCURACY,
            "gate_digest": gate_of(stage.version).digest,
            "reason": "It is good enough.",
            "expires_on": in_days(30).isoformat(),
            "password": password_of(name),
        }
        address = f"/api/v1/models/{MODEL}/versions/1/waivers"
        return client.post(address, body | wishes, content_type="application/json")

    def test_a_contributor_waives_nothing_of_his_own(self, strict: Stage) -> None:
        edit_card(caller=who("mira"), version=strict.version, content=CARD)

        for name in ("ada", "mira"):
            reply = self.ask(strict, name)
            assert reply.status_code == 403
        assert "You are a contributor to this version (edited its card)" in reply.json()["detail"]
        assert not Waiver.objects.exists()

    @pytest.mark.parametrize(
        ("wishes", "status", "field"),
        [
            ({"gate": "admission"}, 409, None),
            ({"gate": "metric:nothing"}, 422, "gate"),
            ({"gate_digest": "sha256:" + "0" * 64}, 409, None),
            ({"gate_digest": ""}, 422, "gate_digest"),
            ({"expires_on": "2999-01-01"}, 422, "expires_on"),
            ({"expires_on": "0001-01-01"}, 422, "expires_on"),
            ({"expires_on": "9999-12-31"}, 422, "expires_on"),
            ({"expires_on": "soon"}, 422, "expires_on"),
            ({"password": "wrong"}, 403, "password"),
            ({"version": "2"}, 422, "version"),
        ],
    )
    def test_what_is_wrong_is_refused_with_its_field(
        self, strict: Stage, wishes: dict[str, str], status: int, field: str | None
    ) -> None:
        reply = self.ask(strict, "ben", **wishes)

        assert reply.status_code == status, reply.content
        assert reply.json().get("field") == field
        assert not Waiver.objects.exists()


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a contributor": ("ada", {}, "contributor cannot waive"),
    "the golden rows": ("cleo", {"gate": "golden"}, "does not let this gate"),
    "the admission": ("cleo", {"gate": "admission"}, "does not let this gate"),
    "a gate that the policy keeps": ("cleo", {"gate": "evaluation"}, "does not let this gate"),
    "longer than an approval": (
        "cleo",
        {"not_after": timezone.now() + timedelta(days=400)},
        "no longer than",
    ),
    "for ever": ("cleo", {"not_after": "infinity"}, "no longer than"),
    "from ever": ("cleo", {"at": "-infinity"}, "no longer than"),
    "dated back": ("cleo", {"at": timezone.now() - timedelta(days=30)}, "from now on"),
    "over already": (
        "cleo",
        {"not_after": timezone.now() - timedelta(days=1)},
        "from now on",
    ),
    "another digest": ("cleo", {"digest": "0" * 64}, "not that of its record"),
    "a salt that no export can write": ("cleo", {"salt": "zz"}, "not that of its record"),
}


class TestPastTheProgram:
    @pytest.mark.parametrize("what", list(REFUSED))
    def test_the_trigger_refuses(self, strict: Stage, link: Link, what: str) -> None:
        name, wishes, reason = REFUSED[what]

        with pytest.raises(psycopg.errors.RestrictViolation, match=reason):
            forge(link, strict, name, **wishes)

    def test_the_trigger_refuses_a_closed_login_and_that_of_another(
        self, strict: Stage, link: Link
    ) -> None:
        other = {"person_id": user_of("mira").person_id}
        with pytest.raises(psycopg.errors.RestrictViolation, match="not an active login"):
            forge(link, strict, "cleo", **other)
        link.rollback()
        deactivate_user(caller=who("root"), user=user_of("cleo"))

        with pytest.raises(psycopg.errors.RestrictViolation, match="not an active login"):
            forge(link, strict, "cleo")

    def test_no_table_before_the_true_one_lets_a_contributor_waive(
        self, strict: Stage, link: Link
    ) -> None:
        link.execute("SET search_path = pg_temp, public")
        link.execute("CREATE TEMP TABLE registry_versioncontributor (version_id uuid)")

        with pytest.raises(psycopg.errors.RestrictViolation, match="contributor cannot waive"):
            forge(link, strict, "ada")

    def test_a_policy_that_forgets_to_list_anything_lets_nothing_be_waived(
        self, strict: Stage, link: Link
    ) -> None:
        low = strict.database.rows("SELECT id FROM governance_policyversion WHERE tier = 'low'")

        with pytest.raises(psycopg.errors.RestrictViolation, match="does not let this gate"):
            forge(link, strict, policy_id=low[0][0])

    @pytest.mark.parametrize(
        "wishes",
        [
            {"measured": "0.5"},
            {"state": "not measured"},
            {"gate": "metric:f1_macro"},
            {"reason": "another"},
            {"role": "manager"},
            *(
                {"record": body, "digest": sha256(body).hexdigest()}
                for body in (b"", b"{}", b"[]", b"no JSON", b'{"name_commitment": 1}')
            ),
        ],
    )
    def test_a_row_holds_only_if_its_record_says_exactly_the_same(
        self, strict: Stage, link: Link, wishes: dict[str, Any]
    ) -> None:
        forge(link, strict, "cleo", id=uuid.uuid4(), **wishes)

        assert open_gates(strict) == [ACCURACY]

    def test_a_row_without_its_event_is_signed_for_nothing(self, strict: Stage, link: Link) -> None:
        """Record and columns are those of a waiver; only the log does not know it."""
        forge(link, strict, "cleo")
        assert open_gates(strict) == []
        review = verbs.signed(strict.version)

        assert strict.notary_round() == 0

        assert review_again(review).notary_note == "A waiver has no event in the log."
        assert not Approval.objects.exists()


def _withdraw(stage: Stage) -> None:
    waiver = Waiver.objects.get()
    withdraw_waiver(caller=who("mira"), waiver=waiver, reason="It was wrong.")


def _sql(table: str, statement: str) -> Callable[[Stage], None]:
    return lambda stage: by_force(stage.database, table, statement)


MEANWHILE: dict[str, tuple[Callable[[Stage], object], str]] = {
    "it was withdrawn": (_withdraw, "this has changed: waivers"),
    "it expired": (
        _sql("governance_waiver", "UPDATE governance_waiver SET not_after = now()"),
        "this has changed: waivers",
    ),
    "its record was changed": (
        _sql("governance_waiver", "UPDATE governance_waiver SET record = record || ' '"),
        "this has changed: waivers",
    ),
    "its end was moved": (
        _sql("governance_waiver", "UPDATE governance_waiver SET not_after = not_after + '1 day'"),
        "this has changed: waivers",
    ),
    "its person was changed": (
        _sql(
            "governance_waiver",
            "UPDATE governance_waiver SET (person_id, user_id) ="
            " (SELECT person_id, id FROM accounts_user WHERE username = 'cleo')",
        ),
        "this has changed: waivers",
    ),
    "its person contributed": (
        lambda stage: edit_card(caller=who("mira"), version=stage.version, content=CARD),
        "this has changed: evidence, waivers",
    ),
    "its person lost the role": (
        lambda stage: remove_role(
            caller=who("root"), team=the_team(), user=user_of("mira"), role="manager"
        ),
        "this has changed: waivers",
    ),
    "its person's login was closed": (
        lambda stage: deactivate_user(caller=who("root"), user=user_of("mira")),
        "this has changed: waivers",
    ),
    "its event was removed": (
        _sql("audit_auditevent", "DELETE FROM audit_auditevent WHERE action = 'waiver.given'"),
        "A waiver has no event in the log",
    ),
}


class TestTheNotary:
    @pytest.mark.parametrize("what", list(MEANWHILE))
    def test_refuses_a_quorum_on_a_waiver_when(self, strict: Stage, what: str) -> None:
        damage, reason = MEANWHILE[what]
        give("mira", strict.version)
        review = verbs.signed(strict.version)
        damage(strict)

        assert strict.notary_round() == 0

        assert reason in review_again(review).notary_note
        assert not Approval.objects.exists()

    def test_approves_on_a_waiver_that_stands(self, strict: Stage) -> None:
        give("mira", strict.version)
        verbs.signed(strict.version)

        assert strict.notary_round() == 1
