"""Records of findings, moves and amendments, how they stand, and the annex signers are shown."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce

from accounts.models import Person
from governance.attachments.models import Attachment
from governance.attachments.records import named
from governance.findings.models import FindingAmendment
from governance.models import Finding, FindingEffect, FindingMove, Move
from trust.canonical import canonical
from trust.findings import AMENDMENT_RECORD_TYPE, FINDING_RECORD_TYPE, MOVE_RECORD_TYPE
from trust.times import format_moment

OPEN = "open"
STATES = (OPEN, Move.ANSWERED.value, Move.CLOSED.value)


def record_of(finding: Finding, files: Iterable[Attachment]) -> dict[str, Any]:
    """What a reviewer says with a finding, to which he attaches files."""
    return {
        "type": FINDING_RECORD_TYPE,
        "version_digest": f"sha256:{finding.version.digest}",
        "number": finding.number,
        "severity": str(finding.severity),
        "effect": str(finding.effect),
        "anchor": finding.anchor,
        "text": finding.text,
        "owner": str(finding.owner_id),
        "due_on": finding.due_on.isoformat(),
        "person": str(finding.person_id),
        "user": str(finding.user_id),
        "at": format_moment(finding.at),
        **named(files),
    }


def record_of_move(
    move: FindingMove, previous: str | None, files: Iterable[Attachment]
) -> dict[str, Any]:
    """What somebody says with a move, to which he attaches files.

    `previous` is the hex digest of the one before it.
    """
    return {
        "type": MOVE_RECORD_TYPE,
        "finding": f"sha256:{move.finding.digest}",
        "position": move.position,
        "move": str(move.move),
        "text": move.text,
        "evidence": move.evidence,
        "person": str(move.person_id),
        "user": str(move.user_id),
        "at": format_moment(move.at),
        "previous": f"sha256:{previous}" if previous else None,
        **named(files),
    }


def record_of_amendment(row: FindingAmendment, previous: str | None) -> dict[str, Any]:
    """What somebody says with another owner or day; `previous` as with moves."""
    return {
        "type": AMENDMENT_RECORD_TYPE,
        "finding": f"sha256:{row.finding.digest}",
        "position": row.position,
        "was_owner": str(row.was_owner_id),
        "was_due_on": row.was_due_on.isoformat(),
        "owner": str(row.owner_id),
        "due_on": row.due_on.isoformat(),
        "text": row.text,
        "person": str(row.person_id),
        "user": str(row.user_id),
        "at": format_moment(row.at),
        "previous": f"sha256:{previous}" if previous else None,
    }


def with_states(rows: QuerySet[Finding]) -> QuerySet[Finding]:
    """The findings with `last`, the newest move, empty where there was none, and, to choose and
    sort by, `answers` and `due`: who is to answer them now, and by which day."""
    moves = FindingMove.objects.filter(finding=OuterRef("pk")).order_by("-position")
    amended = FindingAmendment.objects.filter(finding=OuterRef("pk")).order_by("-position")
    return rows.annotate(
        last=Subquery(moves.values("move")[:1]),
        last_at=Subquery(moves.values("at")[:1]),
        answers=Coalesce(Subquery(amended.values("owner")[:1]), "owner", output_field=UUIDField()),
        due=Coalesce(Subquery(amended.values("due_on")[:1]), "due_on"),
    )


@dataclass(frozen=True)
class Duty:
    """Who is to answer a finding and by which day, as the last amendment says or the finding.

    `revision` counts from 1 and grows by one with each amendment; `amendment` is the digest of the
    last one, empty where there was none.
    """

    owner: Person
    due_on: date
    revision: int = 1
    amendment: str = ""


def duty_of(finding: Finding, at: datetime | None = None) -> Duty:
    """Now or, of a finding that was there then, at a moment."""
    rows = [row for row in finding.amendments.all() if at is None or row.at <= at]
    last = max(rows, key=lambda row: row.position, default=None)
    if last is None:
        return Duty(finding.owner, finding.due_on)
    return Duty(last.owner, last.due_on, last.position + 1, last.digest)


def not_closed(rows: QuerySet[Finding]) -> QuerySet[Finding]:
    """Those of the findings (with their states) that are open or answered."""
    return rows.filter(~Q(last=Move.CLOSED) | Q(last=None))


def state_of(finding: Finding) -> str:
    """open, answered or closed, of a finding that was read with its state."""
    last: str | None = getattr(finding, "last", None)
    return last if last in (Move.ANSWERED, Move.CLOSED) else OPEN


def today() -> date:
    """The day, in UTC, by which findings are due."""
    return datetime.now(UTC).date()


def is_overdue(finding: Finding) -> bool:
    """Whether its day has passed and it is not closed."""
    return state_of(finding) != Move.CLOSED and duty_of(finding).due_on < today()


def open_findings(versions: Iterable[UUID]) -> QuerySet[Finding]:
    """What is not closed of these versions, in the order of raising."""
    rows = not_closed(with_states(Finding.objects.filter(version__in=versions)))
    rows = rows.select_related("owner", "person").prefetch_related("amendments__owner")
    return rows.order_by("version", "number")


def blocking_findings(version: UUID) -> list[Finding]:
    """The findings that stand in the way of an approval now."""
    return list(open_findings([version]).filter(effect=FindingEffect.BLOCKING))


@dataclass(frozen=True)
class Annex:
    """What is put before signers beside the statement; empty where nothing is."""

    document: dict[str, Any]

    @property
    def digest(self) -> str:
        """The hex SHA-256 of its canonical form; empty for an empty annex."""
        return sha256(canonical(self.document)).hexdigest() if self.document else ""

    @classmethod
    def of(cls, conditions: Iterable[Finding]) -> "Annex":
        """With these conditions, by digest."""
        named = [_named(row) for row in conditions]
        named.sort(key=lambda entry: entry["digest"])
        return cls({"conditions": named} if named else {})


def _named(condition: Finding) -> dict[str, str]:
    """With the amendment that says who answers by when, where there is one."""
    duty = duty_of(condition)
    said = {"digest": f"sha256:{condition.digest}", "due_on": duty.due_on.isoformat()}
    return said | ({"amendment": f"sha256:{duty.amendment}"} if duty.amendment else {})


def annexes_of(versions: Iterable[UUID]) -> dict[UUID, Annex]:
    """What signers of each of these versions are shown now, by one query."""
    wanted = set(versions)
    found: dict[UUID, list[Finding]] = defaultdict(list)
    for row in open_findings(wanted).filter(effect=FindingEffect.CONDITION):
        found[row.version_id].append(row)
    return {version: Annex.of(found[version]) for version in wanted}


def annex_of(version: UUID) -> Annex:
    """What signers of the version are shown now."""
    return annexes_of([version])[version]
