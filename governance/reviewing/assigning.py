"""The verb of assigning a review, and the clock's word on what is late.

An assignment says who is asked. Who may sign is decided by role, policy and contributors alone.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.callers import Caller
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.selectors import events
from audit.services import record
from common.errors import Conflict, Invalid
from governance.findings.records import today
from governance.models import Review, ReviewState
from governance.policies import may_assign
from governance.reviewing.assignments import (
    asked_now,
    due_day,
    holding_assignment,
    is_late,
    late,
    possible_assignees,
    with_assignments,
)
from governance.reviewing.models import Assignee, Assignment
from registry.models import ModelVersion

MOST_ASSIGNEES = 20
MOST_AT_ONCE = 200
LATEST_DAYS = 366


@transaction.atomic
def assign(
    *, caller: Caller, review: Review, assignees: Collection[UUID], due_on: date | None
) -> Assignment:
    """Ask these persons for a signature by a day (UTC); nobody and None take it back.

    What stands already is left as it is. Raises NotAllowed, Conflict where the review takes no
    signatures, Invalid.
    """
    may_assign(caller, review).enforce()
    review = _locked(review)
    if review.state != ReviewState.OPEN:
        raise Conflict(f"The review is closed for signatures: {review.get_state_display()}.")
    wanted, held = set(assignees), holding_assignment(review)
    if held and held.due_on == due_on and {p.pk for p in asked_now(review)} == wanted:
        return held
    _check(review, wanted, due_on, held)
    made = Assignment.objects.create(
        review=review,
        position=held.position + 1 if held else 1,
        due_on=due_on,
        person=caller.user.person,
        user=caller.user,
        at=timezone.now(),
    )
    Assignee.objects.bulk_create(Assignee(assignment=made, person_id=p) for p in sorted(wanted))
    said = {
        "assignment": str(made.pk),
        "position": made.position,
        "assignees": sorted(str(person) for person in wanted),
        "due_on": due_on.isoformat() if due_on else None,
    }
    _tell(caller.actor, Action.REVIEW_ASSIGNED, review, said)
    return made


def _locked(review: Review) -> Review:
    ModelVersion.objects.select_for_update(no_key=True).get(pk=review.version_id)
    return Review.objects.select_related("version__model", "policy").get(pk=review.pk)


def _check(review: Review, wanted: set[UUID], due_on: date | None, held: Assignment | None) -> None:
    if len(wanted) > MOST_ASSIGNEES:
        raise Invalid(f"At most {MOST_ASSIGNEES} persons are asked.", field="assignees")
    if not wanted <= set(possible_assignees(review).values_list("pk", flat=True)):
        raise Invalid(
            "Only persons who may sign are asked: an active person with a role that signs, and no "
            "contributor to the version.",
            field="assignees",
        )
    if due_on is None or (held and held.due_on == due_on):
        return
    if not 0 <= (due_on - today()).days <= LATEST_DAYS:
        raise Invalid(
            f"It is due today or later, within {LATEST_DAYS} days from now.", field="due_on"
        )


def _tell(actor: Actor, action: Action, review: Review, said: Mapping[str, object]) -> None:
    record(
        actor=actor,
        action=action,
        subject=("review", review.pk),
        payload={"statement_digest": f"sha256:{review.statement_digest}", **said},
        related=[("version", review.version_id), ("model", review.version.model_id)],
    )


def remind_late() -> int:
    """Say once of each day that has passed over a review that it is overdue; returns how many."""
    rows = list(late(with_assignments(Review.objects.all())).order_by(F("due_on"), "pk"))
    told = _told(rows)
    due = [row for row in rows if (str(row.pk), str(due_day(row))) not in told]
    return sum(_remind(row) for row in due[:MOST_AT_ONCE])


@transaction.atomic
def _remind(review: Review) -> bool:
    review = _locked(review)
    held = holding_assignment(review)
    if held is None or not is_late(review) or _told([review]):
        return False
    said = {
        "assignees": sorted(str(row.person_id) for row in held.assignees.all()),
        "due_on": str(held.due_on),
    }
    _tell(SYSTEM, Action.REVIEW_OVERDUE, review, said)
    return True


def _told(reviews: Iterable[Review]) -> set[tuple[str, str]]:
    """The days of these reviews of which a reminder stands in the log."""
    days = {(str(review.pk), str(due_day(review))) for review in reviews}
    keys = [key for key, _day in days]
    rows = events().filter(action=Action.REVIEW_OVERDUE.value, subject_id__in=keys)
    return days & set(rows.values_list("subject_id", "payload__due_on"))
