"""Everything that a person signed or answers for, as the log has it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.callers import Caller
from accounts.models import Person
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import NotFound
from compliance.past.approvals import Spoken
from compliance.selectors import events_seen_by
from governance.models import Signature, Waiver

ANSWERED_FOR = (
    Action.REVIEW_SIGNED,
    Action.WAIVER_GIVEN,
    Action.WAIVER_WITHDRAWN,
    Action.VALIDATION_FINISHED,
    Action.FINDING_RAISED,
    Action.FINDING_CLOSED,
    Action.FINDING_REOPENED,
    Action.FINDING_AMENDED,
    Action.APPROVAL_REVOKED,
    Action.ALIAS_MOVED,
    Action.ALIAS_SPLIT,
    Action.SPLIT_ENDED,
    Action.EMERGENCY_ENDED,
    Action.EMERGENCY_REVIEWED,
    Action.VERSION_RETIRED,
    Action.POLICY_PUBLISHED,
    Action.PLAN_SEALED,
    Action.PROPOSAL_OPENED,
    Action.PROPOSAL_CONFIRMED,
    Action.PROPOSAL_DECLINED,
    Action.ADMIN_MADE,
    Action.ROLE_GRANTED,
    Action.ROLE_REMOVED,
    Action.FACTOR_RESET,
    Action.USER_DEACTIVATED,
    Action.HOLD_PLACED,
    Action.HOLD_LIFTED,
)
"""Acts by which a person decides something for others; what he only asked for is in the log."""


@dataclass(frozen=True)
class Act:
    """An event of the log, with the signed record that it names, where it names one."""

    event: AuditEvent
    spoken: Spoken | None

    @property
    def digest(self) -> str:
        """Of the signed record, `sha256:<hex>`; empty where nothing was signed by a record."""
        return f"sha256:{self.spoken.row.digest}" if self.spoken else ""

    @property
    def said(self) -> dict[str, Any]:
        """What the record says in words: decision, meaning, role, reason, method.

        Without a record only the method, where the event tells it.
        """
        if self.spoken is None:
            method = self.event.payload.get("method")
            return {"method": str(method)} if method else {}
        row = self.spoken.row
        return {
            "decision": row.decision if isinstance(row, Signature) else "waive",
            "meaning": self.spoken.meaning,
            "role": row.role,
            "reason": row.reason,
            "method": self.spoken.method,
            "printed_name": row.printed_name,
        }


def person_by_id(person_id: UUID) -> Person:
    """A person. Raises NotFound."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise NotFound("There is no such person.", field="person")
    return person


def acts_of(caller: Caller, person: Person) -> QuerySet[AuditEvent]:
    """The person's acts as far as the caller reads the log, newest first. Raises NotAllowed."""
    wanted = [action.value for action in ANSWERED_FOR]
    return events_seen_by(caller).filter(person_id=person.pk, action__in=wanted).defer("leaf")


def with_records(events: Iterable[AuditEvent]) -> Iterator[Act]:
    """The events with their signed records, by two queries however many there are."""
    rows = list(events)
    named = {event.pk: _named(event) for event in rows}
    digests = set(named.values())
    found: dict[str, Spoken] = {}
    for table in (Signature, Waiver):
        for row in table.objects.filter(digest__in=digests):
            found[row.digest] = Spoken.of(row)
    return (Act(event, found.get(named[event.pk])) for event in rows)


def _named(event: AuditEvent) -> str:
    """The hex digest of the record that the event tells of; of a waiver also at its end."""
    said = event.payload.get("signature") or event.payload.get("waiver") or ""
    return str(said).removeprefix("sha256:")
