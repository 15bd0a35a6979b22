"""Sources: what a period covers, what was live in it, and which findings moved."""

from django.db.models import Q

from compliance.packs.found import Cell, Found, Table, measured
from compliance.packs.happened import findings_of
from compliance.packs.listed import MOST_ROWS
from compliance.packs.several import Period
from compliance.past.spells import Spell, spells
from governance.models import Finding
from trust.times import format_moment


def covered(period: Period) -> Found | None:
    """From when to when, which models, and how far the log was signed by then."""
    head = period.checkpoint
    if head is None:
        return None
    names = list(period.models.values_list("name", flat=True))
    shown = ", ".join(names[:MOST_ROWS])
    more = len(names) - MOST_ROWS
    rows: list[tuple[str, Cell]] = [
        ("from", format_moment(period.since)),
        ("before", format_moment(period.until)),
        ("told at", format_moment(period.now)),
        ("is over", period.until <= period.now),
        ("models", f"{shown} and {more} more" if more > 0 else shown),
        ("log signed at", format_moment(head.signed_at)),
    ]
    return measured(Table(("what", "value"), rows), *period.witness)


def live(period: Period) -> Found | None:
    """Which version each alias pointed at, from when to when, and whether it was live."""
    found = [one for model in period.models for one in spells(model, period.since, period.at)]
    if not found:
        nothing = "No alias pointed at a version."
        return measured(nothing, *period.witness) if period.witness else None
    shown = found[:MOST_ROWS]
    proofs = [f"sha256:{one.then.approval.envelope_digest}" for one in shown if one.then.approval]
    columns = ("version", "alias", "from", "before", "state", "why", "approval")
    table = Table(columns, [_spell(one) for one in shown], len(found) - len(shown))
    return measured(table, *(proofs or period.witness))


def _spell(one: Spell) -> tuple[Cell, ...]:
    then = one.then
    return (
        str(then.version),
        then.alias,
        format_moment(one.since),
        format_moment(one.until),
        then.state,
        then.reason or None,
        str(then.approval.pk) if then.approval else None,
    )


def findings(period: Period) -> Found | None:
    """What reviewers found or closed in the period, and what was still open from before."""
    rows = Finding.objects.filter(version__in=period.versions, at__lt=period.until)
    moved = Q(moves__at__gte=period.since, moves__at__lt=period.until)
    moved |= Q(amendments__at__gte=period.since, amendments__at__lt=period.until)
    return findings_of(period, rows.filter(Q(at__gte=period.since) | moved).distinct())


def opened(period: Period) -> Found | None:
    """Findings that nobody had closed when the period ended."""
    rows = Finding.objects.filter(version__in=period.versions, at__lt=period.until)
    return findings_of(period, rows, only_open=True)


SOURCES = {
    "period.covered": covered,
    "period.live": live,
    "period.findings": findings,
    "period.open_findings": opened,
}
