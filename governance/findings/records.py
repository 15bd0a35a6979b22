"""Records of findings and their moves, how findings stand, and the annex that signers are shown."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from governance.attachments.models import Attachment
from governance.attachments.records import named
from governance.models import Finding, FindingEffect, FindingMove, Move
from trust.canonical import canonical
from trust.findings import FINDING_RECORD_TYPE, MOVE_RECORD_TYPE
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


def record_of_move(move: FindingMove, previous: str | None) -> dict[str, Any]:
    """What somebody says with a move; `previous` is the hex digest of the one before it."""
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
    }


def with_states(rows: QuerySet[Finding]) -> QuerySet[Finding]:
    """The findings with `last`, the newest move: empty where there was none."""
    moves = FindingMove.objects.filter(finding=OuterRef("pk")).order_by("-position")
    return rows.annotate(
        last=Subquery(moves.values("move")[:1]), last_at=Subquery(moves.values("at")[:1])
    )


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
    return state_of(finding) != Move.CLOSED and finding.due_on < today()


def open_findings(versions: Iterable[UUID]) -> QuerySet[Finding]:
    """What is not closed of these versions, in the order of raising."""
    rows = not_closed(with_states(Finding.objects.filter(version__in=versions)))
    return rows.select_related("owner", "person").order_by("version", "number")


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
        named = [
            {"digest": f"sha256:{row.digest}", "due_on": row.due_on.isoformat()}
            for row in conditions
        ]
        named.sort(key=lambda entry: entry["digest"])
        return cls({"conditions": named} if named else {})


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
