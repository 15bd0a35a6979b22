"""Reads of the log. Who may see what is decided above, in compliance."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast

from audit.models import AuditEvent, AuditLeaf, Checkpoint, Cosignature


@dataclass(frozen=True)
class EventFilter:
    """Which events are wanted; what is None does not narrow.

    `subject` is a (type, id) pair, `related` a "type:id" of anything that the event concerns;
    `since` is included, `until` is not. `text` is looked for in payload and subject id.
    """

    action: str | None = None
    person: UUID | None = None
    subject: tuple[str, str] | None = None
    related: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


def events() -> QuerySet[AuditEvent]:
    """All events, newest first, with `index`: the place in the tree, None while it waits."""
    return AuditEvent.objects.annotate(index=F("leaf_row__leaf_index")).order_by("-id")


def matching(rows: QuerySet[AuditEvent], wanted: EventFilter) -> QuerySet[AuditEvent]:
    """The rows that the filter leaves."""
    exact = {
        "action": wanted.action,
        "person_id": wanted.person,
        "subject_type": wanted.subject[0] if wanted.subject else None,
        "subject_id": wanted.subject[1] if wanted.subject else None,
        "related__contains": [wanted.related] if wanted.related else None,
        "occurred_at__gte": wanted.since,
        "occurred_at__lt": wanted.until,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value is not None})
    if wanted.text:
        said = Q(payload_text__icontains=wanted.text) | Q(subject_id__icontains=wanted.text)
        rows = rows.annotate(payload_text=Cast("payload", TextField())).filter(said)
    return rows


def about(kind: str, key: object) -> QuerySet[AuditEvent]:
    """Events that concern one thing, newest first."""
    return about_any([(kind, key)])


def about_any(things: Iterable[tuple[str, object]]) -> QuerySet[AuditEvent]:
    """Events that concern at least one of the things, newest first.

    A condition for each: PostgreSQL then chooses between the index of `related` and walking the
    log from its end. Every other form was many times slower for large or for small teams.
    """
    named = [Q(related__contains=[f"{kind}:{key}"]) for kind, key in things]
    return events().filter(Q(*named, _connector=Q.OR)) if named else events().none()


def leaf_index(event_id: int) -> int | None:
    """The event's place in the tree; None while the notary has not given it one."""
    return AuditLeaf.objects.filter(event_id=event_id).values_list("leaf_index", flat=True).first()


def newest_checkpoint() -> Checkpoint | None:
    """The checkpoint of the largest tree that was signed."""
    return checkpoints().first()


def newest_cosignatures() -> QuerySet[Cosignature]:
    """Of each witness the cosignature under the largest tree, by name."""
    return Cosignature.objects.order_by("witness", "-checkpoint").distinct("witness")


def checkpoints() -> QuerySet[Checkpoint]:
    """All signed checkpoints, the largest tree first."""
    return Checkpoint.objects.order_by("-size")


def newest_cosigned(below: int | None = None, above: int = 0) -> Checkpoint | None:
    """The checkpoint of the largest tree that a witness cosigned; None where there is none.

    Only of trees of at most `below` events and of more than `above`.
    """
    rows = checkpoints().filter(cosignatures__isnull=False, size__gt=above)
    return (rows if below is None else rows.filter(size__lte=below)).first()


def cosigned(checkpoint: Checkpoint) -> str:
    """The checkpoint's note with the lines of its witnesses."""
    return checkpoint.note + "".join(
        checkpoint.cosignatures.order_by("witness").values_list("line", flat=True)
    )
