"""Delegations: who is asked in the place of a person who is away. No authority moves."""

from datetime import date
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Person
from accounts.roles import Scope
from audit.actions import Action
from audit.services import record
from common.decisions import Decision, allow, deny
from common.errors import Conflict, Invalid, NotFound
from governance.findings.policies import REVIEWERS
from governance.findings.records import today
from governance.reviewing.models import Delegation, DelegationEnd

LONGEST_DAYS = 366


def may_delegate(caller: Caller) -> Decision:
    """Whoever may be asked to sign in some team."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not name delegates.")
    if caller.teams_with(*REVIEWERS):
        return allow()
    return deny("Only reviewers, managers and compliance are asked to sign, and name delegates.")


def possible_delegates(caller: Caller) -> QuerySet[Person]:
    """Others who review in a team in which the person does, by name."""
    teams = caller.teams_with(*REVIEWERS)
    rows = Person.objects.filter(memberships__team__in=teams, memberships__role__in=REVIEWERS)
    others = rows.filter(is_active=True).exclude(pk=caller.person_id)
    return others.distinct().order_by("name", "pk")


def delegate_named(caller: Caller, username: str) -> UUID:
    """The person behind a login who may be a delegate. Raises Invalid."""
    rows = possible_delegates(caller).filter(logins__username__iexact=username)
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        raise Invalid("No other person who reviews in your teams has this login.", field="delegate")
    return found


def active_delegations() -> QuerySet[Delegation]:
    """Those that hold today."""
    day = today()
    return Delegation.objects.filter(starts_on__lte=day, ends_on__gte=day, ending=None)


def stand_in_for(person: Person) -> Delegation | None:
    """The delegation of a person that holds today."""
    day = today()
    for row in person.delegations.all():
        if row.starts_on <= day <= row.ends_on and not hasattr(row, "ending"):
            return row
    return None


def delegations_of(caller: Caller) -> QuerySet[Delegation]:
    """The person's own and those in which he stands in, newest first."""
    mine = Q(person=caller.person_id) | Q(delegate=caller.person_id)
    rows = Delegation.objects.filter(mine).select_related("person", "delegate", "ending")
    return rows.order_by("-at", "pk")


def delegation_by_id(caller: Caller, delegation_id: UUID) -> Delegation:
    """A delegation of the person's own. Raises NotFound."""
    rows = delegations_of(caller).filter(person=caller.person_id, pk=delegation_id)
    found = rows.first()
    if found is None:
        raise NotFound("There is no such delegation of yours.")
    return found


@transaction.atomic
def name_delegate(*, caller: Caller, delegate: UUID, starts_on: date, ends_on: date) -> Delegation:
    """Have another person asked in one's place from one day to another (UTC, both included).

    The delegate signs in his own name, with his own role, or not at all. Raises NotAllowed,
    Conflict where the days lie in another delegation, Invalid.
    """
    may_delegate(caller).enforce()
    Person.objects.select_for_update(no_key=True).get(pk=caller.person_id)
    _check(caller, delegate, starts_on, ends_on)
    row = Delegation.objects.create(
        person=caller.user.person,
        delegate_id=delegate,
        starts_on=starts_on,
        ends_on=ends_on,
        user=caller.user,
        at=timezone.now(),
    )
    said = {
        "delegate": str(delegate),
        "starts_on": starts_on.isoformat(),
        "ends_on": ends_on.isoformat(),
    }
    _tell(caller, Action.DELEGATION_MADE, row, said)
    return row


def _check(caller: Caller, delegate: UUID, starts_on: date, ends_on: date) -> None:
    if not possible_delegates(caller).filter(pk=delegate).exists():
        raise Invalid("A delegate reviews in a team in which you do.", field="delegate")
    if starts_on < today():
        raise Invalid("It starts today or later.", field="starts_on")
    if not 0 <= (ends_on - starts_on).days < LONGEST_DAYS:
        raise Invalid(
            f"It ends on the day of its start or later, within {LONGEST_DAYS} days.",
            field="ends_on",
        )
    own = Delegation.objects.filter(person=caller.person_id, ending=None)
    if own.filter(starts_on__lte=ends_on, ends_on__gte=starts_on).exists():
        raise Conflict("You have named a delegate for some of these days; end that first.")


@transaction.atomic
def end_delegation(*, caller: Caller, delegation: Delegation) -> Delegation:
    """End one's own before its day. Raises NotAllowed, Conflict if it is over."""
    if not caller.may_use(Scope.WRITE):
        deny("This token may not end delegations.").enforce()
    if delegation.person_id != caller.person_id:
        deny("Only whoever is away ends his delegation.").enforce()
    Person.objects.select_for_update(no_key=True).get(pk=caller.person_id)
    row = Delegation.objects.select_related("person", "delegate", "ending").get(pk=delegation.pk)
    if hasattr(row, "ending") or row.ends_on < today():
        raise Conflict("This delegation is over.")
    DelegationEnd.objects.create(delegation=row, user=caller.user, at=timezone.now())
    _tell(caller, Action.DELEGATION_ENDED, row, {})
    return row


def _tell(caller: Caller, action: Action, row: Delegation, said: dict[str, str]) -> None:
    record(
        actor=caller.actor,
        action=action,
        subject=("person", row.person_id),
        payload={"delegation": str(row.pk), **said},
    )
