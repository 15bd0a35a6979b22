"""Delegations: assignments of who is away are shown to the delegate, and no authority moves."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.roles import Scope
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed, NotFound
from governance.models import Review, Signature
from governance.reviewing import delegations
from governance.reviewing.assignments import asked_now, narrowed
from governance.reviewing.delegations import delegation_by_id, end_delegation, stand_in_for
from governance.reviewing.models import Delegation, DelegationEnd
from governance.selectors import reviews_seen_by
from governance.services import submit
from registry.services import edit_card
from tests.cast import user_of, who
from tests.factories import tiny, verbs
from tests.factories.delegations import away
from tests.factories.findings import in_days
from tests.governance.test_assignments import ask
from tests.governance.test_reviews import EVERYBODY, OK, expect
from tests.stage import Stage, review_again

DELEGATORS = "Only reviewers, managers and compliance"
MAY_DELEGATE = {n: OK if n in ("ben", "cleo", "mira", "cora") else DELEGATORS for n in EVERYBODY}
CARD = tiny.CARD | {"caveats": "Winter is not in the rows."}


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review."""
    return submit(caller=who("ada"), version=ready.version)


def assigned_to(name: str) -> list[Review]:
    rows = narrowed(reviews_seen_by(who(name)), who(name), assigned_to="me", overdue=None)
    return list(rows)


class TestNaming:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, ready: Stage, name: str) -> None:
        delegate = "cleo" if name != "cleo" else "ben"

        expect(MAY_DELEGATE[name], NotAllowed, lambda: away(name, delegate))

        assert Delegation.objects.count() == (MAY_DELEGATE[name] == OK)

    @pytest.mark.parametrize("scope", [s for s in Scope if s != Scope.WRITE])
    def test_a_token_needs_the_scope(self, ready: Stage, scope: Scope) -> None:
        caller = verbs.with_scopes(who("ben"), scope.value)

        with pytest.raises(NotAllowed, match="This token may not name"):
            away("ben", "cleo", caller=caller)

    @pytest.mark.parametrize("delegate", ["ada", "carl", "dan", "root", "ben"])
    def test_only_somebody_who_reviews_in_ones_team(self, ready: Stage, delegate: str) -> None:
        with pytest.raises(Invalid) as refusal:
            away("ben", delegate)

        assert refusal.value.field == "delegate"

    @pytest.mark.parametrize(
        ("days", "field"), [((-1, 3), "starts_on"), ((3, 2), "ends_on"), ((0, 366), "ends_on")]
    )
    def test_names_the_day_at_fault(self, ready: Stage, days: tuple[int, int], field: str) -> None:
        with pytest.raises(Invalid) as refusal:
            away("ben", "cleo", days=days)

        assert refusal.value.field == field

    def test_one_at_a_time(self, ready: Stage) -> None:
        away("ben", "cleo", days=(2, 5))

        for days in ((0, 2), (3, 4), (5, 9)):
            with pytest.raises(Conflict, match="end that first"):
                away("ben", "mira", days=days)
        away("ben", "mira", days=(6, 9))


class TestEnding:
    def test_before_its_day(self, review: Review) -> None:
        ask("ada", review, ["ben"])
        row = away("ben", "cleo")

        end_delegation(caller=who("ben"), delegation=row)

        assert assigned_to("ben") == [review]
        with pytest.raises(Conflict, match="is over"):
            end_delegation(caller=who("ben"), delegation=row)
        away("ben", "mira")

    def test_by_nobody_else(self, ready: Stage) -> None:
        row = away("ben", "cleo")

        for name in ("cleo", "mira", "root"):
            with pytest.raises(NotFound):
                delegation_by_id(who(name), row.pk)
            with pytest.raises(NotAllowed, match="Only whoever is away"):
                end_delegation(caller=who(name), delegation=row)

    def test_is_told_as_the_naming_is(self, ready: Stage) -> None:
        end_delegation(caller=who("ben"), delegation=away("ben", "cleo"))

        rows = AuditEvent.objects.filter(action__startswith="delegation.").order_by("id")
        assert [row.action for row in rows] == [Action.DELEGATION_MADE, Action.DELEGATION_ENDED]
        assert rows[0].payload["delegate"] == str(user_of("cleo").person_id)


class TestWhoIsAsked:
    def test_the_delegate_on_these_days_alone(
        self, review: Review, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask("ada", review, ["ben"])
        away("ben", "cleo", days=(1, 2))
        found = []
        for day in range(4):
            monkeypatch.setattr(delegations, "today", lambda day=day: in_days(day))
            found.append([name for name in ("ben", "cleo", "mira") if assigned_to(name)])

        assert found == [["ben"], ["cleo"], ["cleo"], ["ben"]]

    def test_is_said_with_the_name_of_who_is_away(self, review: Review) -> None:
        ask("ada", review, ["ben"])
        away("ben", "cleo")

        (asked,) = asked_now(review_again(review))
        held = stand_in_for(asked)

        assert (asked.name, held and held.delegate.name) == ("Ben", "Cleo")

    def test_no_further_than_to_the_delegate(self, review: Review) -> None:
        ask("ada", review, ["ben"])
        away("ben", "cleo")
        away("cleo", "mira")

        assert [name for name in ("ben", "cleo", "mira") if assigned_to(name)] == ["cleo"]


class TestNoAuthorityMoves:
    def test_a_delegate_without_the_role_cannot_sign(self, review: Review) -> None:
        ask("ada", review, ["ben"])
        away("ben", "cora")

        with pytest.raises(NotAllowed, match="The policy wants a signature of"):
            verbs.put("cora", review)

    def test_a_contributor_who_is_a_delegate_cannot_sign(
        self, ready: Stage, review: Review
    ) -> None:
        ask("ada", review, ["ben"])
        away("ben", "mira")
        edit_card(caller=who("mira"), version=ready.version, content=CARD)

        with pytest.raises(NotAllowed, match="You are a contributor"):
            verbs.put("mira", review)

    def test_a_delegate_signs_in_his_own_name_with_his_own_role_once(self, review: Review) -> None:
        ask("ada", review, ["ben"])
        away("ben", "mira")

        verbs.put("mira", review)

        signature = Signature.objects.get()
        assert (signature.printed_name, signature.role) == ("Mira", "manager")
        with pytest.raises(NotAllowed, match="signed this statement already"):
            verbs.put("mira", review)

    def test_whoever_is_away_may_sign_all_the_same(self, review: Review) -> None:
        ask("ada", review, ["ben"])
        away("ben", "mira")

        verbs.put("ben", review)

        assert Signature.objects.get().printed_name == "Ben"


class TestTheDatabase:
    def test_keeps_one_delegate_at_a_time(self, ready: Stage) -> None:
        row = away("ben", "cleo")
        copied = {
            field.attname: getattr(row, field.attname)
            for field in Delegation._meta.fields
            if field.name != "id"
        }

        with pytest.raises(DatabaseError, match="has a delegate"), transaction.atomic():
            Delegation.objects.create(**copied)

    @pytest.mark.parametrize("table", [Delegation, DelegationEnd])
    def test_keeps_what_was_said(self, ready: Stage, table: type) -> None:
        row = away("ben", "cleo")
        DelegationEnd.objects.create(delegation=row, user=row.user, at=timezone.now())

        refused = pytest.raises(DatabaseError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table._meta.db_table}")  # type: ignore[attr-defined]
