"""Reads of assignments: who is asked, whose turn it is, what is late."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery

from accounts.callers import Caller
from accounts.models import Person
from common.errors import Invalid
from governance.findings.records import today
from governance.models import Review, ReviewState
from governance.policy.documents import Policy
from governance.reviewing.delegations import active_delegations
from governance.reviewing.models import Assignee, Assignment
from registry.models import VersionContributor

YES = {"true": True, "false": False}


def with_assignments(rows: QuerySet[Review]) -> QuerySet[Review]:
    """The reviews with `asked` and `due_on` of the assignment that holds, and with all of them."""
    newest = Assignment.objects.filter(review=OuterRef("pk")).order_by("-position")
    whole = Assignment.objects.select_related("person").prefetch_related(
        "assignees__person__delegations__ending", "assignees__person__delegations__delegate"
    )
    return rows.annotate(
        asked=Subquery(newest.values("pk")[:1]), due_on=Subquery(newest.values("due_on")[:1])
    ).prefetch_related(Prefetch("assignments", whole))


def holding_assignment(review: Review) -> Assignment | None:
    """The newest of the review; None where nobody was ever asked."""
    return max(review.assignments.all(), key=lambda row: row.position, default=None)


def asked_now(review: Review) -> list[Person]:
    """The persons who are asked to sign, by name; who stands in is said by `stand_in_for`."""
    held = holding_assignment(review)
    people = [row.person for row in held.assignees.all()] if held else []
    return sorted(people, key=lambda person: (person.name, str(person.pk)))


def due_day(review: Review) -> date | None:
    """The day, in UTC, by which signatures are wanted."""
    held = holding_assignment(review)
    return held.due_on if held else None


def is_late(review: Review) -> bool:
    """Whether its day has passed and it still takes signatures."""
    due = due_day(review)
    return review.state == ReviewState.OPEN and due is not None and due < today()


def asked_of(caller: Caller) -> Exists:
    """Whether the person is asked to sign, of reviews that were read with their assignments: for
    himself unless another stands in for him, or in the place of whoever is away."""
    away = active_delegations().filter(person=OuterRef("person"))
    own = Q(person=caller.person_id) & ~Q(Exists(away))
    rows = Assignee.objects.filter(assignment=OuterRef("asked"))
    return Exists(rows.filter(own | Q(Exists(away.filter(delegate=caller.person_id)))))


def late(rows: QuerySet[Review]) -> QuerySet[Review]:
    """Those that still take signatures after their day."""
    return rows.filter(Q(due_on__lt=today()), state=ReviewState.OPEN)


def by_urgency(rows: QuerySet[Review], caller: Caller) -> QuerySet[Review]:
    """With `mine`: what the person is asked for comes first, then what is due, then the oldest."""
    mine = rows.annotate(mine=asked_of(caller))
    return mine.order_by("-mine", F("due_on").asc(nulls_last=True), "opened_at", "pk")


def narrowed(
    rows: QuerySet[Review], caller: Caller, *, assigned_to: str | None, overdue: str | None
) -> QuerySet[Review]:
    """As the words of a request ask for it. Raises Invalid."""
    if assigned_to is not None:
        if assigned_to != "me":
            raise Invalid("Reviews are narrowed to those assigned to: me.", field="assigned_to")
        rows = rows.filter(asked_of(caller), state=ReviewState.OPEN)
    if overdue is not None:
        if overdue not in YES:
            raise Invalid("Say true or false.", field="overdue")
        found = late(rows)
        rows = found if YES[overdue] else rows.exclude(pk__in=found.values("pk"))
    return rows


def possible_assignees(review: Review) -> QuerySet[Person]:
    """Active persons of the team with a role that signs and no hand in the version, by name."""
    roles = Policy.read(review.policy.document).roles
    hand = VersionContributor.objects.filter(version=review.version_id, person=OuterRef("pk"))
    rows = Person.objects.filter(
        memberships__team=review.version.model.team_id, memberships__role__in=roles
    )
    return rows.filter(~Exists(hand), is_active=True).distinct().order_by("name", "pk")


def assignees_named(review: Review, logins: Iterable[str]) -> set[UUID]:
    """The persons behind logins who may be asked. Raises Invalid."""
    wanted = {login.lower() for login in logins}
    found = {
        login.lower(): person
        for person, login in possible_assignees(review).values_list("pk", "logins__username")
        if login and login.lower() in wanted
    }
    missing = sorted(wanted - set(found))
    if missing:
        raise Invalid(f"No person who may sign has the login {missing[0]!r}.", field="assignees")
    return set(found.values())
