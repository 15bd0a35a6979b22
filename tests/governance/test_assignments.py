"""Assignments: who asks whom to sign by which day, and that it gives nobody anything."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.roles import Role, Scope
from accounts.services import deactivate_user
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from governance.models import Review, Signature
from governance.reviewing import assignments
from governance.reviewing.assigning import assign, remind_late
from governance.reviewing.assignments import asked_now, narrowed
from governance.reviewing.models import Assignee, Assignment
from governance.reviewing.waiting import reviews_waiting_for
from governance.selectors import reviews_seen_by
from governance.services import submit, withdraw
from registry.models import RegisteredModel
from registry.services import edit_card
from tests.cast import give, user_of, who
from tests.factories import tiny, verbs
from tests.factories.findings import in_days
from tests.governance.test_reviews import EVERYBODY, OK, expect
from tests.stage import Stage, review_again

ASSIGNERS = "Only whoever opened the review, a manager or a reviewer"
MAY_ASSIGN = {n: OK if n in ("ada", "ben", "cleo", "mira") else ASSIGNERS for n in EVERYBODY}
CARD = tiny.CARD | {"caveats": "Winter is not in the rows."}


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review."""
    return submit(caller=who("ada"), version=ready.version)


def ask(
    name: str, review: Review, asked: Sequence[str], due_on: date | None = None, **wishes: Any
) -> Assignment:
    people = [user_of(one).person_id for one in asked]
    given: dict[str, Any] = {
        "caller": who(name),
        "review": review,
        "assignees": people,
        "due_on": due_on,
    }
    return assign(**(given | wishes))


def names(review: Review) -> list[str]:
    return [person.name for person in asked_now(review_again(review))]


def told(action: Action) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action.value).order_by("id"))


class TestAssigning:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, review: Review, name: str) -> None:
        expect(MAY_ASSIGN[name], NotAllowed, lambda: ask(name, review, ["ben"]))

        assert names(review) == (["Ben"] if MAY_ASSIGN[name] == OK else [])

    @pytest.mark.parametrize("scope", [s for s in Scope if s != Scope.WRITE])
    def test_a_token_needs_the_scope(self, review: Review, scope: Scope) -> None:
        caller = verbs.with_scopes(who("ben"), scope.value)

        with pytest.raises(NotAllowed, match="This token may not assign"):
            ask("ben", review, ["ben"], caller=caller)

    @pytest.mark.parametrize("asked", ["ada", "cora", "carl", "dan", "root"])
    def test_asks_only_persons_who_may_sign(self, review: Review, asked: str) -> None:
        if asked == "ada":
            give([("ada", Role.REVIEWER)])

        with pytest.raises(Invalid, match="Only persons who may sign are asked") as refusal:
            ask("mira", review, [asked])

        assert refusal.value.field == "assignees"

    def test_asks_nobody_who_has_left(self, review: Review) -> None:
        deactivate_user(caller=who("root"), user=user_of("cleo"))

        with pytest.raises(Invalid, match="Only persons who may sign"):
            ask("mira", review, ["cleo"])

    @pytest.mark.parametrize("days", [-1, 367])
    def test_names_the_day_at_fault(self, review: Review, days: int) -> None:
        with pytest.raises(Invalid) as refusal:
            ask("mira", review, ["ben"], in_days(days))

        assert refusal.value.field == "due_on"

    def test_is_done_again_and_taken_back_and_each_time_told(self, review: Review) -> None:
        ask("ada", review, ["ben"], in_days(3))
        ask("ada", review, ["ben"], in_days(3))
        ask("ben", review, ["cleo", "mira"], in_days(3))
        assert names(review) == ["Cleo", "Mira"]
        ask("mira", review, [])
        assert names(review) == []

        said = [event.payload for event in told(Action.REVIEW_ASSIGNED)]
        assert [entry["position"] for entry in said] == [1, 2, 3]
        assert said[0]["assignees"] == [str(user_of("ben").person_id)]
        assert [entry["due_on"] for entry in said] == [*[in_days(3).isoformat()] * 2, None]

    def test_not_of_a_review_that_is_closed(self, review: Review) -> None:
        withdraw(caller=who("ada"), review=review)

        with pytest.raises(Conflict, match="closed for signatures: Withdrawn"):
            ask("mira", review, ["ben"])


class TestItGivesNothing:
    def test_whoever_is_asked_signs_with_his_own_role_or_not_at_all(
        self, ready: Stage, review: Review
    ) -> None:
        ask("ada", review, ["mira"])
        edit_card(caller=who("mira"), version=ready.version, content=CARD)

        with pytest.raises(NotAllowed, match="You are a contributor"):
            verbs.put("mira", review)

    def test_whoever_is_not_asked_signs_all_the_same(self, review: Review) -> None:
        ask("ada", review, ["ben"], in_days(1))

        verbs.put("cleo", review)

        assert Signature.objects.get().person == user_of("cleo").person


class TestTheDatabase:
    def test_asks_no_contributor(self, review: Review) -> None:
        made = ask("mira", review, ["ben"])

        refused = pytest.raises(DatabaseError, match="contributor is not asked")
        with refused, transaction.atomic():
            Assignee.objects.create(assignment=made, person=user_of("ada").person)

    @pytest.mark.parametrize("table", ["governance_assignment", "governance_assignee"])
    def test_keeps_what_was_said(self, review: Review, table: str) -> None:
        ask("mira", review, ["ben"], in_days(1))

        refused = pytest.raises(DatabaseError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")


class TestWaiting:
    def test_what_one_is_asked_for_comes_first_then_what_is_due(self, ready: Stage) -> None:
        model = RegisteredModel.objects.get()
        reviews = []
        for number in range(3):
            version = ready.version if number == 0 else verbs.another(who("ada"), model)
            reviews.append(submit(caller=who("ada"), version=version))
        old, due, mine = reviews
        ask("ada", due, ["cleo"], in_days(2))
        ask("ada", mine, ["ben"])

        assert reviews_waiting_for(who("ben"), 9) == [mine, due, old]
        assert reviews_waiting_for(who("cleo"), 9) == [due, old, mine]

    def test_is_narrowed_to_ones_own_and_to_what_is_late(
        self, review: Review, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask("ada", review, ["ben"], in_days(0))

        def found(name: str, **words: str) -> list[Review]:
            wanted: dict[str, Any] = {"assigned_to": None, "overdue": None} | words
            return list(narrowed(reviews_seen_by(who(name)), who(name), **wanted))

        assert found("ben", assigned_to="me") == [review]
        assert found("cleo", assigned_to="me") == found("dan", assigned_to="me") == []
        assert found("ben", overdue="true") == []
        monkeypatch.setattr(assignments, "today", lambda: in_days(1))
        assert found("ben", overdue="true") == [review]
        assert found("ben", overdue="false") == []


class TestReminding:
    @pytest.fixture(autouse=True)
    def tomorrow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The clock looks a day later than the persons did."""
        monkeypatch.setattr(assignments, "today", lambda: in_days(1))

    def test_tells_once_of_each_day(self, review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
        ask("ada", review, ["ben"], in_days(0))
        assert [remind_late() for _ in range(2)] == [1, 0]
        ask("ada", review, ["ben"], in_days(1))
        assert remind_late() == 0
        monkeypatch.setattr(assignments, "today", lambda: in_days(2))
        assert remind_late() == 1

        days = [event.payload["due_on"] for event in told(Action.REVIEW_OVERDUE)]
        assert days == [in_days(0).isoformat(), in_days(1).isoformat()]

    def test_not_of_what_is_closed_or_has_no_day(self, review: Review) -> None:
        ask("ada", review, ["ben"])
        assert remind_late() == 0
        ask("ada", review, ["ben"], in_days(0))
        withdraw(caller=who("ada"), review=review)
        assert remind_late() == 0
