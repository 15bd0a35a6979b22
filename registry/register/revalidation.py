"""The calendar of revalidations, and the clock's word on what is due soon or overdue."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from accounts.callers import Caller
from accounts.models import Person
from audit.actions import Action
from audit.actors import SYSTEM
from audit.selectors import events
from audit.services import record
from registry.models import Life, RegisteredModel, RegisterEntry
from registry.register.entries import newest_entry, today
from registry.register.selectors import due_in, register_of

NOTICE_DAYS = 30
MOST_AT_ONCE = 200
MONTHS_SHOWN = 12
_Told = set[tuple[str, str, str]]


@dataclass(frozen=True)
class Month:
    """How many models are to be validated in a month; `key` as in the filter `month`."""

    first: date
    models: int

    @property
    def key(self) -> str:
        """For example 2026-12."""
        return f"{self.first:%Y-%m}"


def by_day(rows: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
    """Lines of the register that have a day, the first one first; retired models have none."""
    with_day = rows.filter(Q(revalidate_on__isnull=False)).exclude(Q(life=Life.RETIRED))
    return with_day.order_by(F("revalidate_on"), "name")


def months_from(day: date, rows: QuerySet[RegisteredModel]) -> list[Month]:
    """The month of `day` and those after it, with what is due on or after `day`."""
    later: Any = by_day(rows).filter(Q(revalidate_on__gte=day))
    days: Iterable[date] = later.values_list("revalidate_on", flat=True)
    counts = Counter((found.year, found.month) for found in days)
    numbers = range(day.year * 12 + day.month - 1, day.year * 12 + day.month - 1 + MONTHS_SHOWN)
    months = [(number // 12, number % 12 + 1) for number in numbers]
    return [Month(date(year, month, 1), counts[year, month]) for year, month in months]


def waiting_for_owner(caller: Caller) -> QuerySet[RegisteredModel]:
    """Models that the caller answers for and that are due within thirty days, or overdue."""
    mine = register_of(caller).filter(Q(accountable=caller.person_id))
    return by_day(due_in(mine, str(NOTICE_DAYS)))


def owners_in(rows: QuerySet[RegisteredModel]) -> QuerySet[Person]:
    """Who answers for some model of these lines, by name."""
    lines: Any = rows.order_by()
    found = Person.objects.filter(pk__in=lines.values("accountable"))
    return found.prefetch_related("logins").order_by("name", "pk")


def remind() -> int:
    """Say of each day once that it is near, and once that it has passed; returns how many."""
    newest = RegisterEntry.objects.filter(model=OuterRef("model")).order_by("-revision")
    rows = (
        RegisterEntry.objects.filter(
            revision=Subquery(newest.values("revision")[:1]),
            revalidate_on__lte=today() + timedelta(days=NOTICE_DAYS),
        )
        .exclude(life=Life.RETIRED)
        .order_by("revalidate_on", "pk")
    )
    found = list(rows)
    told = _told(entry.model_id for entry in found)
    due = [entry for entry in found if _word_on(entry) not in told]
    return sum(_remind(entry.model_id) for entry in due[:MOST_AT_ONCE])


def _word_on(entry: RegisterEntry) -> tuple[str, str, str]:
    day = entry.revalidate_on
    assert day is not None, "only entries with a day were asked for"
    action = Action.REVALIDATION_OVERDUE if day < today() else Action.REVALIDATION_DUE
    return action.value, str(entry.model_id), day.isoformat()


@transaction.atomic
def _remind(model_id: UUID) -> bool:
    model = RegisteredModel.objects.select_for_update(no_key=True).get(pk=model_id)
    entry = newest_entry(model)
    if entry is None or not _is_near(entry):
        return False
    word = _word_on(entry)
    if word in _told([model_id]):
        return False
    record(
        actor=SYSTEM,
        action=Action(word[0]),
        subject=("model", model_id),
        payload={
            "revision": entry.revision,
            "revalidate_on": word[2],
            "owner": str(entry.owner_id),
        },
        related=[("team", model.team_id)],
    )
    return True


def _is_near(entry: RegisterEntry) -> bool:
    day = entry.revalidate_on
    near = day is not None and day <= today() + timedelta(days=NOTICE_DAYS)
    return near and entry.life != Life.RETIRED


def _told(models: Iterable[UUID]) -> _Told:
    """Action, model and day of each reminder of these models that stands in the log."""
    words = (Action.REVALIDATION_DUE.value, Action.REVALIDATION_OVERDUE.value)
    rows = events().filter(action__in=words, subject_id__in=[str(model) for model in models])
    return set(rows.values_list("action", "subject_id", "payload__revalidate_on"))
