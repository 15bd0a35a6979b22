"""Two persons give a password back, and neither of them knows it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import Identity, Membership, Proposal, User
from accounts.proposals.services import confirm, propose
from accounts.selectors import usable_token
from accounts.services import create_token, deactivate_user
from accounts.sessions.services import sessions_of
from accounts.ways_in.coming_in import WrongHalves
from accounts.ways_in.services import HOURS, end_lapsed, end_way_in, state_of, take_half
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from compliance.verification.claims import claims
from compliance.verification.two_persons import two_persons
from governance.models import ReviewState
from governance.policy.documents import Policy
from governance.reviewing.signing import counting_signatures
from tests.cast import TEAM, by_root_and_otto, give, password_of, user_of, who
from tests.factories import provider, verbs
from tests.factories.factors import code_of, enrol
from tests.factories.halves import NEW, come_in, half_of, way_in
from tests.stage import Stage, review_again


def wanted(login: str, by: str = "root", kind: str = "password") -> Proposal:
    return propose(
        caller=who(by),
        kind=kind,
        wish={"username": login},
        reason="She asked at the desk.",
        password=password_of(by),
    )


def said_yes(proposal: Proposal, by: str = "otto") -> Proposal:
    shown = f"sha256:{proposal.digest}"
    return confirm(caller=who(by), proposal=proposal, digest=shown, password=password_of(by))


def told(action: str) -> AuditEvent:
    return AuditEvent.objects.filter(action=action).latest("pk")


def found_by_fsck() -> list[str]:
    return [finding.thing for one in (claims, two_persons) for finding in one()]


def account_of(name: str) -> None:
    with override_settings(OIDC_ISSUER="https://id.example.org", OIDC_CLIENT_ID="assay"):
        provider.bind(name, f"{name}-at-work")


@pytest.mark.usefixtures("ready")
class TestANewPassword:
    def test_is_set_by_the_person_who_has_both_halves(self) -> None:
        halves = way_in("ben")
        assert come_in("ben", halves).pk == user_of("ben").pk
        assert user_of("ben").check_password(NEW)
        assert Client().login(username="ben", password=NEW)

    def test_takes_the_halves_in_any_order_case_and_spacing(self) -> None:
        halves = way_in("ben")
        come_in("BEN", halves, first=halves.second.upper(), second=halves.first.replace("-", " "))
        assert user_of("ben").check_password(NEW)

    def test_takes_the_old_one_at_the_confirmation(self) -> None:
        proposal = wanted("ben")
        assert user_of("ben").has_usable_password()
        said_yes(proposal)
        assert not user_of("ben").has_usable_password()
        assert not Client().login(username="ben", password=password_of("ben"))

    def test_ends_sessions_tokens_and_proposals_of_the_login(self) -> None:
        give([("dan", "admin")])
        browser = Client()
        browser.force_login(user_of("dan"))
        assert browser.get("/api/v1/me").status_code == 200
        _, text = create_token(caller=who("dan"), name="x", scopes=["read"], days=3)
        wish = {"team": TEAM, "grants": [{"username": "carl", "role": "reviewer"}]}
        mine = propose(
            caller=who("dan"), kind="roles", wish=wish, reason="r", password=password_of("dan")
        )

        assert len(sessions_of(user_of("dan"))) == 1

        said_yes(wanted("dan"))

        assert sessions_of(user_of("dan")) == []
        assert browser.get("/api/v1/me").status_code == 401
        assert usable_token(text, now=timezone.now()) is None
        assert Proposal.objects.get(pk=mine.pk).state == "withdrawn"

    def test_leaves_roles_and_what_was_signed(self, ready: Stage) -> None:
        review = verbs.signed(ready.version)
        come_in("ben", way_in("ben"))
        assert Membership.objects.filter(person=user_of("ben").person_id, role="reviewer").exists()
        policy = Policy.read(review.policy.document)
        assert len(counting_signatures(review_again(review), policy)) == 2

    def test_wants_the_code_of_whoever_has_an_app(self) -> None:
        enrol("ben")
        halves = way_in("ben")
        for code, error in (("", Invalid), ("000000", NotAllowed)):
            with pytest.raises(error) as refusal:
                come_in("ben", halves, code=code)
            assert refusal.value.field == "code"
        assert not user_of("ben").has_usable_password()

        come_in("ben", halves, code=code_of("ben"))
        assert user_of("ben").check_password(NEW)

    @pytest.mark.parametrize("password", ["short", "ben", "password1234", "ben@example.org"])
    def test_is_a_strong_one(self, password: str) -> None:
        halves = way_in("ben")
        with pytest.raises(Invalid) as refusal:
            come_in("ben", halves, password=password)
        assert refusal.value.field == "password"
        come_in("ben", halves)

    def test_is_given_by_persons_who_can_take_a_half(self) -> None:
        proposal = wanted("ben")
        User.objects.filter(username="otto").update(password="!none")
        with pytest.raises(NotAllowed, match="a password of your own"):
            wanted("ben", by="otto")
        with pytest.raises(NotAllowed, match="a password of your own"):
            said_yes(proposal)

    def test_is_not_for_a_login_that_an_account_alone_opens(self) -> None:
        User.objects.filter(username="ben").update(password="!none")
        account_of("ben")
        with pytest.raises(Conflict, match="no password does"):
            wanted("ben")

    def test_is_not_for_one_that_an_account_alone_opens_meanwhile(self) -> None:
        User.objects.filter(username="ben").update(password="!none")
        proposal = wanted("ben")
        account_of("ben")
        with pytest.raises(Conflict, match="has changed since"):
            said_yes(proposal)

    def test_is_told_by_the_log_without_a_half(self) -> None:
        halves = way_in("ben")
        come_in("ben", halves)
        digest = f"sha256:{halves.proposal.digest}"
        taken = AuditEvent.objects.filter(action="way_in.half_taken").order_by("pk")
        by = [(event.person_id, event.payload["half"]) for event in taken]
        root, otto = user_of("root").person_id, user_of("otto").person_id
        assert by == [(root, "first"), (otto, "second")]
        assert told("way_in.opened").person_id == otto
        said = told("password.set")
        assert (said.person_id, said.payload["proposal"]) == (user_of("ben").person_id, digest)
        assert said.via == "halves"
        assert found_by_fsck() == []


@pytest.mark.usefixtures("ready")
class TestAHalf:
    def test_is_shown_once_to_each_of_both(self) -> None:
        proposal = said_yes(wanted("ben"))
        first, second = half_of("root", proposal), half_of("otto", proposal)
        assert first != second
        for name in ("root", "otto"):
            with pytest.raises(Conflict, match="shown already"):
                half_of(name, proposal)

    @pytest.mark.parametrize("name", ["cora", "ben", "mira"])
    def test_is_shown_to_nobody_else(self, name: str) -> None:
        by_root_and_otto("administrator", "cora")
        proposal = said_yes(wanted("ben"))
        with pytest.raises(NotAllowed, match="Only whoever"):
            take_half(caller=who(name), proposal=proposal, password="x")

    def test_wants_the_password_and_the_code(self) -> None:
        proposal = said_yes(wanted("ben"))
        with pytest.raises(NotAllowed, match="password"):
            take_half(caller=who("root"), proposal=proposal, password="wrong")
        enrol("root")
        with pytest.raises(Invalid, match="authenticator app"):
            half_of("root", proposal)
        assert not proposal.way_in.first

    def test_is_none_before_the_confirmation(self) -> None:
        with pytest.raises(Conflict, match="must be confirmed first"):
            half_of("root", wanted("ben"))

    def test_is_none_of_a_proposal_of_another_kind(self) -> None:
        proposal = by_root_and_otto("administrator", "cora")
        with pytest.raises(Conflict, match="no way in"):
            half_of("root", proposal)

    def test_is_none_for_who_administers_no_more(self) -> None:
        proposal = said_yes(wanted("ben"))
        User.objects.filter(username="root").update(is_admin=False)
        with pytest.raises(NotAllowed, match="Only an administrator"):
            half_of("root", proposal)

    @pytest.mark.parametrize("text", ["", "aaaaa-aaaaa-aaaaa-aaaaa", "ä" * 20, "x" * 64])
    def test_that_was_mistyped_is_told_before_anything_is_counted(self, text: str) -> None:
        halves = way_in("ben")
        for name in ("first", "second"):
            with pytest.raises(Invalid) as refusal:
                come_in("ben", halves, **{name: text})
            assert refusal.value.field == name
        assert halves.row.tries == 0


@pytest.mark.usefixtures("ready")
class TestAWayIn:
    def test_is_over_after_a_day(self, monkeypatch: pytest.MonkeyPatch) -> None:
        halves = way_in("ben")
        later = timezone.now() + timedelta(hours=HOURS, seconds=1)
        monkeypatch.setattr(timezone, "now", lambda: later)
        assert state_of(halves.row, later) == "lapsed"
        assert (end_lapsed(), end_lapsed()) == (1, 0)
        assert told("way_in.ended").payload["why"] == "lapsed"

    def test_is_ended_by_any_administrator_alone(self) -> None:
        halves = way_in("ben")
        with pytest.raises(NotAllowed):
            end_way_in(caller=who("ben"), proposal=halves.proposal)
        end_way_in(caller=who("otto"), proposal=halves.proposal)
        with pytest.raises(WrongHalves):
            come_in("ben", halves)
        with pytest.raises(Conflict, match="over: ended"):
            end_way_in(caller=who("otto"), proposal=halves.proposal)
        assert found_by_fsck() == []

    def test_ends_with_the_next_one(self) -> None:
        first = way_in("ben")
        second = way_in("ben")
        with pytest.raises(WrongHalves):
            come_in("ben", first)
        come_in("ben", second)
        assert found_by_fsck() == []

    def test_ends_with_the_login(self) -> None:
        halves = way_in("ben")
        deactivate_user(caller=who("root"), user=user_of("ben"))
        with pytest.raises(WrongHalves):
            come_in("ben", halves)
        assert told("way_in.ended").payload["why"] == "closed"


@pytest.mark.usefixtures("ready")
class TestAClosedLogin:
    def reopened(self, name: str) -> None:
        deactivate_user(caller=who("root"), user=user_of(name))
        come_in(name, way_in(name, "reopening"))

    def test_is_opened_again_by_two_and_the_person_sets_a_password(self) -> None:
        self.reopened("ben")
        assert user_of("ben").is_active
        assert user_of("ben").person.is_active
        assert Client().login(username="ben", password=NEW)
        assert told("user.reopened").person_id == user_of("otto").person_id
        assert AuditEvent.objects.filter(action="user.deactivated").count() == 1
        assert found_by_fsck() == []

    def test_has_no_password_before(self) -> None:
        deactivate_user(caller=who("root"), user=user_of("ben"))
        by_root_and_otto("reopening", "ben")
        assert not Client().login(username="ben", password=password_of("ben"))

    def test_has_no_role_token_account_and_administration(self) -> None:
        by_root_and_otto("administrator", "cora")
        account_of("cora")
        _, text = create_token(caller=who("cora"), name="x", scopes=["read"], days=3)
        self.reopened("cora")
        assert not user_of("cora").is_admin
        assert not Membership.objects.filter(person=user_of("cora").person_id).exists()
        assert not Identity.objects.filter(ended_at=None).exists()
        assert usable_token(text, now=timezone.now()) is None
        assert found_by_fsck() == []

    def test_may_be_closed_and_opened_once_more(self) -> None:
        self.reopened("ben")
        self.reopened("ben")
        assert user_of("ben").is_active
        assert found_by_fsck() == []

    def test_leaves_the_roles_of_a_person_who_had_not_left(self) -> None:
        User.objects.create(username="ben-too", person=user_of("ben").person)
        self.reopened("ben")
        assert Membership.objects.filter(person=user_of("ben").person_id, role="reviewer").exists()

    def test_does_not_bring_signatures_back(self, ready: Stage) -> None:
        review = verbs.signed(ready.version)
        User.objects.create(username="ben-too", person=user_of("ben").person)
        self.reopened("ben")
        again = review_again(review)
        assert len(counting_signatures(again, Policy.read(review.policy.document))) == 1
        assert again.state == ReviewState.OPEN

    def test_that_an_account_alone_opened_gets_no_password(self) -> None:
        User.objects.filter(username="ben").update(password="!none")
        account_of("ben")
        deactivate_user(caller=who("root"), user=user_of("ben"))
        proposal = by_root_and_otto("reopening", "ben")
        assert user_of("ben").is_active
        with pytest.raises(Conflict, match="no way in"):
            half_of("root", proposal)

    def test_that_is_open_is_not_opened(self) -> None:
        with pytest.raises(Conflict, match="is open"):
            wanted("ben", kind="reopening")

    def test_is_not_opened_by_a_new_password(self) -> None:
        deactivate_user(caller=who("root"), user=user_of("ben"))
        with pytest.raises(Conflict, match="open it again"):
            wanted("ben")


_WAY_IN = (
    "INSERT INTO accounts_wayin (id, user_id, proposal_id, made_at, not_after, first, second, "
    "tries) SELECT gen_random_uuid(), u.id, p.id, now(), now() + interval '1 hour', '', '', 0 "
    "FROM accounts_user u, accounts_proposal p WHERE u.username = '{}' AND p.kind = '{}'"
)
PAST_THE_PROGRAM = {
    "a way in without a confirmation": _WAY_IN.format("dan", "password"),
    "a way in by a proposal of something else": _WAY_IN.format("dan", "roles"),
    "a half written over": "UPDATE accounts_wayin SET first = repeat('0', 64)",
    "tries forgotten": "UPDATE accounts_wayin SET tries = 0",
    "more time": "UPDATE accounts_wayin SET not_after = not_after + interval '1 day'",
    "another login": "UPDATE accounts_wayin SET user_id = (SELECT id FROM accounts_user "
    "WHERE username = 'root')",
    "a use at another time": "UPDATE accounts_wayin SET used_at = now() - interval '1 hour'",
    "a use without the second half": "UPDATE accounts_wayin SET used_at = now()",
    "a removal": "DELETE FROM accounts_wayin",
    "a password without a way in": "UPDATE accounts_user SET password = 'argon2$x' "
    "WHERE username = 'ben'",
    "a closed login opened": "UPDATE accounts_user SET is_active = true, reopened_at = now(), "
    "password = '!x' WHERE username = 'carl'",
    "a moment of opening made up": "UPDATE accounts_user SET reopened_at = now() "
    "WHERE username = 'cleo'",
    "a person who left come back": "UPDATE accounts_person SET is_active = true "
    "WHERE name = 'Carl'",
}


@pytest.mark.parametrize("what", PAST_THE_PROGRAM)
def test_the_database_refuses(what: str, ready: Stage) -> None:
    deactivate_user(caller=who("root"), user=user_of("carl"))
    proposal = by_root_and_otto("password", "ben")
    half_of("root", proposal)
    row = proposal.way_in
    row.tries = 1
    row.save(update_fields=["tries"])

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PAST_THE_PROGRAM[what])


def test_the_database_ends_a_way_in_once(ready: Stage) -> None:
    halves = way_in("ben")
    come_in("ben", halves)
    changes: list[dict[str, Any]] = [{"tries": 5}, {"used_at": None}, {"ended_at": timezone.now()}]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            type(halves.row).objects.filter(pk=halves.row.pk).update(**change)
