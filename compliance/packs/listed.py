"""Rows of the database as a table of a pack, or the word that there are none."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet

from compliance.packs.found import Cell, Found, Table, measured

MOST_ROWS = 200
Row = TypeVar("Row", bound=Model)


def listed(
    rows: "QuerySet[Row]",
    columns: Sequence[str],
    line: Callable[[Row], Sequence[Cell]],
    proof: Callable[[Row], str],
    *,
    nothing: str,
    witness: Sequence[str] = (),
) -> Found | None:
    """The first rows and how many are left out; `proof` gives each row's digest.

    Without rows the sentence `nothing` is what was found, if a witness shows it; else None.
    """
    shown = list(rows[:MOST_ROWS])
    if not shown:
        return measured(nothing, *witness) if witness else None
    left_out = rows.count() - MOST_ROWS if len(shown) == MOST_ROWS else 0
    digests = [proof(row) for row in shown]
    return measured(Table(columns, [line(row) for row in shown], left_out), *filter(None, digests))
