"""Sources: findings, emergencies and refused requests, of whatever versions a pack covers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.selectors import persons_named
from audit.actions import Action
from audit.models import AuditEvent
from audit.selectors import events as all_events
from compliance.packs import words
from compliance.packs.covered import Covered
from compliance.packs.found import Cell, Found, Table, measured
from compliance.packs.listed import MOST_ROWS, listed
from compliance.packs.telling import digest_of_event
from governance.emergencies.selectors import grants, state_of
from governance.findings.records import duty_of, not_closed
from governance.findings.records import state_of as state_of_finding
from governance.models import EmergencyGrant, Finding, FindingMove, Move
from trust.times import format_moment


def findings(covered: Covered) -> Found | None:
    """What reviewers found, with severity, owner, day, and whether it is closed."""
    return findings_of(covered, Finding.objects.filter(version__in=covered.versions))


def findings_of(
    covered: Covered, rows: QuerySet[Finding], *, only_open: bool = False
) -> Found | None:
    """The same of these rows, as they stood at the moment at which states are told."""
    last = FindingMove.objects.filter(finding=OuterRef("pk"), at__lte=covered.at)
    stated = rows.annotate(
        last=Subquery(last.order_by("-position").values("move")[:1]),
        last_at=Subquery(last.order_by("-position").values("at")[:1]),
    )
    columns = ("number", "severity", "effect", "found", "owner", "due", "state", "overdue", "last")
    return listed(
        (not_closed(stated) if only_open else stated)
        .select_related("version__model", "owner")
        .prefetch_related("amendments__owner")
        .order_by("-at", "pk"),
        (*covered.names, *columns),
        lambda row: (*covered.named(row.version), *_finding(covered, row)),
        lambda row: f"sha256:{row.digest}",
        nothing="No finding was open." if only_open else "No finding was raised.",
        witness=covered.witness,
    )


def _finding(covered: Covered, row: Finding) -> tuple[Cell, ...]:
    state, duty = state_of_finding(row), duty_of(row, covered.at)
    return (
        row.number,
        row.severity,
        row.effect,
        row.text,
        duty.owner.name,
        duty.due_on.isoformat(),
        state,
        state != Move.CLOSED and duty.due_on < covered.at.date(),
        format_moment(getattr(row, "last_at", None) or row.at),
    )


def emergencies(covered: Covered) -> Found | None:
    """Hours in which a version might answer without an approval, who gave them, what followed."""
    rows = covered.within(grants().filter(version__in=covered.versions), "at")
    columns = ("alias", "given", "by", "state now", "until", "ended", "looked at by", "outcome")
    return listed(
        rows,
        (*covered.names, *columns),
        lambda row: _grant(covered, row),
        _attested,
        nothing="Nothing was served by an emergency grant.",
        witness=covered.witness,
    )


def _grant(covered: Covered, row: EmergencyGrant) -> tuple[Any, ...]:
    attestation, end = getattr(row, "attestation", None), getattr(row, "end", None)
    review = getattr(row, "review", None)
    two = (row.proposal.proposer.name, row.proposal.decider.name if row.proposal.decider else "")
    return (
        *covered.named(row.version),
        row.alias,
        format_moment(row.at),
        ", ".join(filter(None, two)),
        state_of(row, covered.now),
        format_moment(attestation.not_after) if attestation else None,
        f"{format_moment(end.at)}: {end.reason}" if end else None,
        review.person.name if review else None,
        review.outcome if review else None,
    )


def _attested(row: EmergencyGrant) -> str:
    attestation = getattr(row, "attestation", None)
    return f"sha256:{attestation.envelope_digest if attestation else row.proposal.digest}"


def refusals(covered: Covered) -> Found | None:
    """Requests that were refused: who asked for what, why, how often, as the log counts them."""
    models = dict(covered.models.values_list("pk", "name"))
    told = all_events().filter(
        action=Action.PREDICTIONS_REFUSED.value,
        subject_type="model",
        subject_id__in=[str(key) for key in models],
    )
    rows = list(covered.within(told, "occurred_at"))
    counts = _counted(rows, {str(key): name for key, name in models.items()})
    if not counts:
        nothing = "No request was refused, as far as the log tells."
        return measured(nothing, *covered.witness) if covered.witness else None
    names = persons_named(UUID(person) for person, *_ in counts if person)
    lines = [
        (
            names.get(UUID(person), "") if person else "",
            asked,
            words.REFUSALS.get(reason, reason),
            times,
        )
        for (person, asked, reason), times in counts.most_common(MOST_ROWS)
    ]
    left_out = max(len(counts) - MOST_ROWS, 0)
    table = Table(("person", "asked for", "reason", "times"), lines, left_out)
    return measured(table, *map(digest_of_event, rows))


def _counted(
    rows: Iterable[AuditEvent], names: Mapping[str, str]
) -> "Counter[tuple[str, str, str]]":
    """(person, model with alias or number, reason) -> times."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for event in rows:
        model = names[event.subject_id]
        for entry in event.payload["counts"]:
            asked = f"{model} {_asked(entry)}"
            counts[(entry["person"], asked, entry["reason"])] += entry["count"]
        if event.payload["others"]:
            counts[("", model, "not counted one by one")] += event.payload["others"]
    return counts


def _asked(entry: Mapping[str, Any]) -> str:
    """Names that callers invented are not in the log."""
    number = f"v{entry['number']}" if entry["number"] else "by an alias that did not exist"
    return entry["alias"] or number


SOURCES = {
    "review.findings": findings,
    "serving.emergencies": emergencies,
    "serving.refusals": refusals,
}
