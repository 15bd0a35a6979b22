"""What weakens the house takes two persons: one proposes it, another confirms it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import Membership, Proposal, ProposalState, User
from accounts.proposals.services import confirm, decline, end_lapsed, propose, take_back
from accounts.services import create_team, deactivate_user, grant_role, remove_role
from audit.models import AuditEvent
from common.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound, TwoPersons
from tests.cast import TEAM, by_root_and_otto, give, password_of, the_team, user_of, who
from tests.factories.factors import code_of, enrol
from tests.factories.verbs import with_scopes
from tests.stage import Stage

WISH: dict[str, Any] = {"team": TEAM, "grants": [{"username": "dan", "role": "reviewer"}]}


def wanted(name: str = "root", kind: str = "roles", wish: Any = None, **more: Any) -> Proposal:
    given = {"reason": "There is more to review.", "password": password_of(name)} | more
    return propose(caller=who(name), kind=kind, wish=wish or WISH, **given)


def said_yes(proposal: Proposal, name: str = "otto", **more: Any) -> Proposal:
    given: dict[str, Any] = {"caller": who(name), "digest": f"sha256:{proposal.digest}"}
    return confirm(proposal=proposal, **(given | {"password": password_of(name)} | more))


def has_role(name: str, role: str) -> bool:
    return Membership.objects.filter(person=user_of(name).person_id, role=role).exists()


def told(action: str) -> AuditEvent:
    return AuditEvent.objects.filter(action=action).latest("pk")


@pytest.mark.usefixtures("ready")
class TestARole:
    @pytest.mark.parametrize("role", ["reviewer", "manager", "compliance", "admin"])
    def test_that_signs_or_administers_is_given_by_no_single_person(self, role: str) -> None:
        with pytest.raises(TwoPersons, match="Two persons give the role"):
            grant_role(caller=who("root"), team=the_team(), user=user_of("dan"), role=role)

    def test_is_given_once_a_second_person_has_confirmed(self) -> None:
        proposal = wanted()
        assert not has_role("dan", "reviewer")

        said_yes(proposal)

        assert has_role("dan", "reviewer")
        row = Proposal.objects.get(pk=proposal.pk)
        assert (row.state, row.decider_id) == ("confirmed", user_of("otto").person_id)

    def test_leaves_both_persons_in_the_log(self) -> None:
        proposal = said_yes(wanted())
        digest = f"sha256:{proposal.digest}"

        opened, confirmed = told("proposal.opened"), told("proposal.confirmed")
        assert opened.person_id == user_of("root").person_id
        assert confirmed.person_id == user_of("otto").person_id
        assert {e.payload["digest"] for e in (opened, confirmed)} == {digest}
        assert confirmed.payload["proposer"] == str(opened.person_id)
        assert told("role.granted").payload["proposal"] == digest

    def test_is_confirmed_by_a_manager_of_the_team_too(self) -> None:
        said_yes(wanted(), "mira")
        assert has_role("dan", "reviewer")

    def test_is_taken_by_one_person(self) -> None:
        remove_role(caller=who("root"), team=the_team(), user=user_of("ben"), role="reviewer")
        assert not has_role("ben", "reviewer")

    def test_that_was_taken_is_not_given_by_the_old_proposal(self) -> None:
        proposal = said_yes(wanted())
        remove_role(caller=who("root"), team=the_team(), user=user_of("dan"), role="reviewer")

        with pytest.raises(Conflict, match="closed"):
            said_yes(proposal)


@pytest.mark.usefixtures("ready")
class TestTheSecondPerson:
    def test_is_not_the_proposer(self) -> None:
        with pytest.raises(NotAllowed, match="another person must confirm"):
            said_yes(wanted(), "root")

    def test_is_not_the_proposer_by_another_login(self) -> None:
        proposal = wanted()
        twin = User.objects.create(username="root2", person=user_of("root").person, is_admin=True)
        twin.set_password(password_of("root2"))
        twin.save()

        with pytest.raises(NotAllowed, match="another person must confirm"):
            said_yes(proposal, "root2")

    @pytest.mark.parametrize("name", ["ada", "ben", "cora", "carl", "dan"])
    def test_has_the_authority_at_that_moment(self, name: str) -> None:
        with pytest.raises(NotAllowed, match="Only an administrator, or a manager"):
            said_yes(wanted(), name)

    def test_gives_the_password_and_the_code(self) -> None:
        proposal = wanted()
        with pytest.raises(NotAllowed, match="password"):
            said_yes(proposal, password="wrong")
        enrol("otto")
        with pytest.raises(Invalid, match="authenticator app"):
            said_yes(proposal)
        assert not has_role("dan", "reviewer")

        assert said_yes(proposal, code=code_of("otto")).decided_method == "password+totp"

    def test_confirms_what_was_shown(self) -> None:
        with pytest.raises(Conflict, match="not what was shown"):
            said_yes(wanted(), digest=f"sha256:{'0' * 64}")

    def test_needs_the_scope_for_it(self) -> None:
        proposal = wanted()
        for name, scopes in (("otto", ["read", "sign"]), ("mira", ["read", "write"])):
            with pytest.raises(NotAllowed):
                said_yes(proposal, name, caller=with_scopes(who(name), *scopes))

    def test_may_say_no_with_a_reason_and_the_proposer_may_not(self) -> None:
        proposal = wanted()
        with pytest.raises(NotAllowed, match="you may withdraw it"):
            decline(caller=who("root"), proposal=proposal, reason="Oh.")
        with pytest.raises(Invalid):
            decline(caller=who("otto"), proposal=proposal, reason=" ")

        row = decline(caller=who("otto"), proposal=proposal, reason="Who is Dan?")

        assert (row.state, row.answer) == ("declined", "Who is Dan?")
        with pytest.raises(Conflict, match="closed"):
            said_yes(proposal)


def _role_meanwhile() -> None:
    said_yes(wanted())


def _person_left() -> None:
    deactivate_user(caller=who("root"), user=user_of("dan"))


@pytest.mark.usefixtures("ready")
class TestAProposal:
    @pytest.mark.parametrize("change", [_role_meanwhile, _person_left])
    def test_is_refused_where_its_subject_has_changed(self, change: Callable[[], None]) -> None:
        proposal = wanted()
        change()
        with pytest.raises(Conflict, match="has changed since"):
            said_yes(proposal)

    def test_falls_with_the_authority_of_the_proposer(self) -> None:
        give([("dan", "admin")])
        proposal = wanted("dan", wish=WISH | {"grants": [{"username": "carl", "role": "manager"}]})
        remove_role(caller=who("root"), team=the_team(), user=user_of("dan"), role="admin")
        with pytest.raises(Conflict, match="may not do so any more"):
            said_yes(proposal)

    def test_lapses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        proposal = wanted()
        later = proposal.not_after + timedelta(seconds=1)
        monkeypatch.setattr(timezone, "now", lambda: later)
        with pytest.raises(Conflict, match="has lapsed"):
            said_yes(proposal)
        assert (end_lapsed(), end_lapsed()) == (1, 0)
        assert Proposal.objects.get(pk=proposal.pk).state == ProposalState.LAPSED
        assert told("proposal.lapsed").person_id is None

    def test_is_withdrawn_by_the_proposer_alone(self) -> None:
        proposal = wanted()
        with pytest.raises(NotAllowed):
            take_back(caller=who("otto"), proposal=proposal)
        assert take_back(caller=who("root"), proposal=proposal).state == "withdrawn"

    def test_ends_when_the_proposer_is_closed(self) -> None:
        proposal = wanted("otto")
        deactivate_user(caller=who("root"), user=user_of("otto"))
        row = Proposal.objects.get(pk=proposal.pk)
        assert (row.state, row.decided_by_id) == ("withdrawn", user_of("root").pk)

    def test_wants_the_password_of_the_proposer(self) -> None:
        with pytest.raises(NotAllowed, match="password"):
            wanted(password="wrong")
        assert not Proposal.objects.filter(state="open").exists()

    @pytest.mark.parametrize("name", ["ada", "ben", "mira", "cora"])
    def test_of_roles_is_made_by_administrators(self, name: str) -> None:
        with pytest.raises(NotAllowed, match="Only an administrator"):
            wanted(name)

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({}, "team"),
            (WISH | {"more": 1}, "more"),
            (WISH | {"team": 5}, "team"),
            (WISH | {"grants": []}, "grants"),
            (WISH | {"grants": {}}, "grants"),
            (WISH | {"grants": [{}]}, "grants[0].role"),
            (WISH | {"grants": [{"username": "dan", "role": "consumer"}]}, "grants[0].role"),
            (WISH | {"grants": [{"username": "dan", "role": "king"}]}, "grants[0].role"),
            (WISH | {"grants": [{"username": "nobody", "role": "admin"}]}, "grants[0].username"),
            (WISH | {"grants": [{"username": "ben", "role": "reviewer"}]}, "grants[0].role"),
            (WISH | {"grants": WISH["grants"] * 2}, "grants"),
        ],
    )
    def test_names_the_field_at_fault(self, wish: Any, field: str) -> None:
        with pytest.raises((Invalid, NotFound, Conflict)) as refusal:
            propose(caller=who("root"), kind="roles", wish=wish, reason="r", password="p")
        assert refusal.value.field in {field, field.replace("role", "username")}

    def test_of_an_unknown_kind_is_refused(self) -> None:
        with pytest.raises(Invalid) as refusal:
            wanted(kind="wishes")
        assert refusal.value.field == "kind"


@pytest.mark.usefixtures("ready")
class TestAnAdministrator:
    def test_is_made_by_two(self) -> None:
        by_root_and_otto("administrator", "cora")
        assert user_of("cora").is_admin
        assert told("administrator.made").person_id == user_of("otto").person_id

    @pytest.mark.parametrize("name", ["mira", "cora"])
    def test_is_made_by_administrators_only(self, name: str) -> None:
        with pytest.raises(NotAllowed):
            wanted(name, "administrator", {"username": "dan"})
        proposal = wanted("root", "administrator", {"username": "dan"})
        with pytest.raises(NotAllowed):
            said_yes(proposal, name)


_INSERT_ROLE = (
    "INSERT INTO accounts_membership (person_id, team_id, role, granted_at, proposal_id) "
    "SELECT u.person_id, t.id, 'reviewer', now(), {} FROM accounts_user u, accounts_team t "
    "WHERE u.username = 'dan' AND t.slug = 'credit'"
)
_CONFIRM = (
    "UPDATE accounts_proposal SET state = 'confirmed', decided_at = {at}, decided_method = 'x', "
    "decided_by_id = u.id, decider_id = u.person_id FROM accounts_user u "
    "WHERE u.username = '{who}' AND state = 'open'"
)
PAST_THE_PROGRAM = {
    "a role without a proposal": _INSERT_ROLE.format("NULL"),
    "a role by a proposal that is open": _INSERT_ROLE.format(
        "(SELECT id FROM accounts_proposal WHERE state = 'open')"
    ),
    "a role by a proposal of something else": _INSERT_ROLE.format(
        "(SELECT id FROM accounts_proposal WHERE state = 'confirmed' LIMIT 1)"
    ),
    "a role changed into another": "UPDATE accounts_membership SET role = 'admin'",
    "a confirmation by the proposer": _CONFIRM.format(who="root", at="now()"),
    "a confirmation at another time": _CONFIRM.format(who="otto", at="now() - interval '1 s'"),
    "a confirmation by nobody": "UPDATE accounts_proposal SET state = 'confirmed', "
    "decided_at = now() WHERE state = 'open'",
    "a decision changed": "UPDATE accounts_proposal SET state = 'declined', decided_at = now() "
    "WHERE state = 'confirmed'",
    "a decided one opened again": "UPDATE accounts_proposal SET state = 'open', "
    "decided_at = NULL WHERE state = 'confirmed'",
    "another document": "UPDATE accounts_proposal SET document = '{}' WHERE state = 'open'",
    "a removal": "DELETE FROM accounts_proposal",
    "an administrator": "UPDATE accounts_user SET is_admin = true WHERE username = 'dan'",
    "a closed login opened": "UPDATE accounts_user SET is_active = true WHERE username = 'carl'",
    "the beginning of the rule": "UPDATE accounts_twopersonssince SET last_event = 99999",
}


@pytest.mark.parametrize("what", PAST_THE_PROGRAM)
def test_the_database_refuses(what: str, ready: Stage) -> None:
    deactivate_user(caller=who("root"), user=user_of("carl"))
    wanted()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PAST_THE_PROGRAM[what])


def test_a_confirmed_proposal_gives_nothing_in_a_later_transaction(ready_copy: Stage) -> None:
    proposal = said_yes(wanted())
    remove_role(caller=who("root"), team=the_team(), user=user_of("dan"), role="reviewer")

    with pytest.raises(DatabaseError, match="Two persons give a role"), transaction.atomic():
        Membership.objects.create(
            person=user_of("dan").person, team=the_team(), role="reviewer", proposal=proposal
        )


def test_the_trigger_itself_refuses_the_proposer(ready_copy: Stage) -> None:
    """The constraint of the table would refuse it too."""
    wanted()
    with ready_copy.database.connect("owner") as owner:
        name = "proposal_confirmed_by_another_person"
        owner.execute(f"ALTER TABLE accounts_proposal DROP CONSTRAINT {name}".encode())
        with pytest.raises(psycopg.errors.RestrictViolation, match="Another person decides"):
            owner.execute(_CONFIRM.format(who="root", at="now()").encode())


def test_no_proposal_weighs_more_than_its_last_word(ready: Stage) -> None:
    """A team that nobody sees cannot be named by somebody from outside."""
    create_team(caller=who("root"), slug="fraud", name="Fraud")
    give([("dan", "admin")])
    with pytest.raises(DomainError):
        wanted("dan", wish=WISH | {"team": "fraud"})
