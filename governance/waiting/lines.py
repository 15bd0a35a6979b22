"""What waits for a person, of every kind, as short lines: one list for REST and for mail.

The first page shows the same rows, read by the same functions, with more of each.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.module_loading import import_string

from accounts.callers import Caller
from accounts.selectors import proposals_waiting_for
from governance.approvals.moves import changes_told_to
from governance.emergencies.selectors import awaiting_review
from governance.findings.records import duty_of, today
from governance.findings.selectors import waiting_for
from governance.policy.validity import RENEWAL, ending_seen_by
from governance.reviewing.assignments import due_day
from governance.reviewing.waiting import reviews_waiting_for
from registry.models import ModelVersion
from registry.register.revalidation import waiting_for_owner
from registry.register.selectors import newest_of

MOST_OF_A_KIND = 50


@dataclass(frozen=True)
class Line:
    """One thing: `key` tells it from others and from itself when it becomes late."""

    kind: str
    id: str
    about: str
    due_on: date | None = None

    @property
    def late(self) -> bool:
        """Whether its day, in UTC, has passed."""
        return self.due_on is not None and self.due_on < today()

    @property
    def key(self) -> str:
        """What a person was told of once need not be told again, unless it is late by now."""
        return f"{self.kind}:{self.id}" + (":late" if self.late else "")


def _reviews(caller: Caller, _now: datetime) -> Iterator[Line]:
    for row in reviews_waiting_for(caller, MOST_OF_A_KIND):
        yield Line("review", str(row.pk), _name(row.version), due_day(row))


def _proposals(caller: Caller, _now: datetime) -> Iterator[Line]:
    for row in proposals_waiting_for(caller):
        yield Line("proposal", str(row.pk), row.kind, row.not_after.date())


def _emergencies(caller: Caller, _now: datetime) -> Iterator[Line]:
    for row in awaiting_review(caller)[:MOST_OF_A_KIND]:
        yield Line("emergency", str(row.proposal_id), f"{_name(row.version)} ({row.alias})")


def _findings(caller: Caller, _now: datetime) -> Iterator[Line]:
    for row in waiting_for(caller)[:MOST_OF_A_KIND]:
        yield Line("finding", str(row.pk), _name(row.version), duty_of(row).due_on)


def _revalidations(caller: Caller, _now: datetime) -> Iterator[Line]:
    for row in waiting_for_owner(caller)[:MOST_OF_A_KIND]:
        entry = newest_of(row)
        yield Line("revalidation", row.name, row.name, entry.revalidate_on if entry else None)


def _ending(caller: Caller, now: datetime) -> Iterator[Line]:
    for row in ending_seen_by(caller, now, now + RENEWAL)[:MOST_OF_A_KIND]:
        stale = getattr(row, "staleness", None)
        ends = min(row.not_after, stale.until) if stale else row.not_after
        yield Line("ending", str(row.pk), _name(row.version), ends.date())


def _changes(caller: Caller, now: datetime) -> Iterator[Line]:
    for change in changes_told_to(caller, now):
        move = change.move
        # Moves and shares are counted apart.
        told = f"{move._meta.model_name}-{move.pk}"
        yield Line("change", told, f"{move.model.name}@{move.alias}")


def _deletions(caller: Caller, now: datetime) -> Iterator[Line]:
    # What is due is known to an app above this one; hence the name.
    lines: Callable[[Caller, datetime], Iterator[Line]] = import_string(
        "compliance.retention.waiting.lines"
    )
    return lines(caller, now)


KINDS: dict[str, Callable[[Caller, datetime], Iterator[Line]]] = {
    "review": _reviews,
    "proposal": _proposals,
    "emergency": _emergencies,
    "finding": _findings,
    "revalidation": _revalidations,
    "ending": _ending,
    "change": _changes,
    "deletion": _deletions,
}

KIND_CHOICES = [(kind, kind) for kind in KINDS]


def lines_for(caller: Caller, now: datetime) -> list[Line]:
    """Everything that waits for the person, by kind, at most 50 of each."""
    return [line for lines in KINDS.values() for line in lines(caller, now)]


def _name(version: ModelVersion) -> str:
    return f"{version.model.name} v{version.number}"
