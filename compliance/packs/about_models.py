"""Sources: the register as a whole, a line for each model."""

from collections import Counter

from compliance.packs.about_line import in_a_word
from compliance.packs.found import Cell, Found, Table, measured
from compliance.packs.line import Line
from compliance.packs.several import Register

MOST_MODELS = 5000


def overview(register: Register) -> Found | None:
    """Every model with what its entry says, what is live of it, and what is due."""
    lines = register.parts()
    if not register.witness:
        return None
    if not lines:
        return measured("These teams have no model.", *register.witness)
    columns = ("model", "team", "tier", "hosting", "life", "owner", "next validation", "live")
    table = Table(
        columns, [_line(line) for line in lines[:MOST_MODELS]], max(len(lines) - MOST_MODELS, 0)
    )
    return measured(table, *register.witness)


def _line(line: Line) -> tuple[Cell, ...]:
    entry = line.entry
    due = entry.revalidate_on if entry else None
    return (
        line.model.name,
        line.team,
        line.model.risk_tier,
        entry.get_hosting_display() if entry else None,
        entry.get_life_display() if entry else None,
        entry.owner.name if entry else None,
        due.isoformat() if due else None,
        in_a_word(line) or None,
    )


def counts(register: Register) -> Found | None:
    """How many models there are, by risk tier and life."""
    if not register.witness:
        return None
    counted: Counter[tuple[str, str]] = Counter()
    for line in register.parts():
        entry = line.entry
        counted[(line.model.risk_tier, entry.get_life_display() if entry else "Not entered")] += 1
    rows = [(tier, life, times) for (tier, life), times in sorted(counted.items())]
    return measured(Table(("tier", "life", "models"), rows), *register.witness)


SOURCES = {
    "register.overview": overview,
    "register.counts": counts,
}
