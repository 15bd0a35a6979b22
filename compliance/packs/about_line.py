"""Sources: a model as a whole, what is live of it, and what was measured on its versions."""

import json
from typing import Any

from audit.actions import Action
from audit.selectors import about
from compliance.packs.found import Cell, Found, Table, declared, lacking, measured
from compliance.packs.line import Line
from compliance.packs.telling import telling
from governance.findings.records import is_overdue
from registry.models import Evidence, Hosting, Life, RegisterEntry
from trust.times import format_moment

MOST_FIGURES = 1000


def identity(line: Line) -> Found | None:
    """Name, team, who registered it and when."""
    model = line.model
    rows: list[tuple[str, Cell]] = [
        ("model", model.name),
        ("owner team", model.team.name),
        ("registered", format_moment(model.created_at)),
        ("registered by", model.created_by.person.name),
        ("versions", line.versions.count()),
    ]
    told = about("model", model.pk).filter(action=Action.MODEL_REGISTERED.value).first()
    proof = telling(told)
    return measured(Table(("what", "value"), rows), *proof) if proof else None


def live(line: Line) -> Found | None:
    """Each alias: its version, whether it is live, under which approval, until when."""
    rows = [
        (
            alias,
            f"v{then.version.number}" if then.version else None,
            then.state,
            then.reason or None,
            format_moment(then.since) if then.since else None,
            str(then.approval.pk) if then.approval else None,
            format_moment(then.approval.not_after) if then.approval else None,
        )
        for alias, then in line.aliases.items()
    ]
    if not rows:
        return measured("No alias points at a version.", *line.witness) if line.witness else None
    proofs = [
        f"sha256:{then.approval.envelope_digest}" for then in line.aliases.values() if then.approval
    ]
    columns = ("alias", "version", "state", "why", "since", "approval", "valid until")
    return measured(Table(columns, rows), *(proofs or line.witness))


def released(line: Line) -> Found | None:
    """What is live, in a word; of a model in use of which nothing is live that is missing."""
    entry = line.entry
    if entry and entry.hosting == Hosting.INVENTORY:
        said = f"Not served here: {entry.technology}, {entry.place}."
        return declared(said, by=entry.author.person.name, at=entry.created_at)
    if line.live:
        return measured(in_a_word(line), *_envelopes(line))
    if entry and entry.life == Life.IN_USE:
        return lacking("in use as its owner says, but nothing is live")
    if not line.witness:
        return None
    held = line.shelf.approved.get(line.model.pk)
    said = f"No alias is live; v{held.version.number} holds an approval." if held else ""
    return measured(said or "Nothing is live.", *line.witness)


def in_a_word(line: Line) -> str:
    """The aliases that are live with their versions."""
    return "; ".join(f"{then.alias}: v{then.version.number}" for then in line.live if then.version)


def approved_until(line: Line) -> Found | None:
    """When the first of the approvals behind what is live ends."""
    ends = [then.approval.not_after for then in line.live if then.approval]
    return measured(format_moment(min(ends)), *_envelopes(line)) if ends else _no_approval(line)


def _no_approval(line: Line) -> Found | None:
    entry = line.entry
    if entry and entry.hosting == Hosting.INVENTORY:
        return _approved_elsewhere(line, entry)
    held = line.shelf.approved.get(line.model.pk)
    if held is not None:
        said = f"v{held.version.number}, under no alias, until {format_moment(held.not_after)}"
        return measured(said, f"sha256:{held.envelope_digest}")
    if entry and entry.life == Life.IN_USE:
        return None
    said = "Nothing is live, so no approval is needed."
    return measured(said, *line.witness) if line.witness else None


def _approved_elsewhere(line: Line, entry: RegisterEntry) -> Found | None:
    """The valid approval of a model that is not served here; missing where it is used without."""
    held = line.shelf.approved.get(line.model.pk)
    if held is not None:
        said = f"v{held.version.number}, for use elsewhere, until {format_moment(held.not_after)}"
        return measured(said, f"sha256:{held.envelope_digest}")
    if entry.life == Life.IN_USE:
        return lacking("in use without a valid approval")
    said = "Not in use, so no approval is needed."
    return declared(said, by=entry.author.person.name, at=entry.created_at)


def _envelopes(line: Line) -> list[str]:
    return [f"sha256:{then.approval.envelope_digest}" for then in line.live if then.approval]


def still_open(line: Line) -> Found | None:
    """Findings that are not closed, and those of them whose day has passed."""
    rows = line.shelf.findings.get(line.model.pk, [])
    if not rows:
        return measured("None.", *line.witness) if line.witness else None
    late = sum(is_overdue(row) for row in rows)
    return measured(f"{len(rows)} open, {late} overdue", *(f"sha256:{row.digest}" for row in rows))


def emergencies_now(line: Line) -> Found | None:
    """Emergency grants in force."""
    rows = line.shelf.emergencies.get(line.model.pk, [])
    if not rows:
        return measured("None.", *line.witness) if line.witness else None
    said = "; ".join(
        f"v{row.version.number} as {row.alias} until {format_moment(row.attestation.not_after)}"
        for row in rows
    )
    return measured(said, *(f"sha256:{row.attestation.envelope_digest}" for row in rows))


def measurements(line: Line) -> Found | None:
    """The newest evaluation of each version: every metric with its interval."""
    newest = (
        Evidence.objects.filter(version__model=line.model, kind="evaluation")
        .select_related("version")
        .defer("version__manifest")
        .order_by("-version__number", "-created_at")
        .distinct("version__number")
    )
    rows: list[tuple[Cell, ...]] = []
    proofs = []
    for report in newest.iterator():
        proofs.append(f"sha256:{report.digest}")
        body: dict[str, Any] = json.loads(bytes(report.body))
        rows += [
            (f"v{report.version.number}", one["title"], one["value"], one["low"], one["high"])
            for one in body["metrics"].values()
        ]
    columns = ("version", "metric", "value", "low", "high")
    left_out = max(len(rows) - MOST_FIGURES, 0)
    return measured(Table(columns, rows[:MOST_FIGURES], left_out), *proofs) if rows else None


SOURCES = {
    "model.identity": identity,
    "model.live": live,
    "model.released": released,
    "model.approved_until": approved_until,
    "model.open_findings": still_open,
    "model.emergencies_now": emergencies_now,
    "model.measurements": measurements,
}
