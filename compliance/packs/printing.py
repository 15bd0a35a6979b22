"""How values of a pack are written where people read them. The JSON form keeps them whole."""

import re
from collections.abc import Mapping
from typing import Any

FIGURES = (
    "Figures are printed with six digits, moments to the second; the JSON form has them whole."
)
_FRACTION = re.compile(r"(?<=T\d\d:\d\d:\d\d)\.\d+Z")
WORDS = {"measured": "Measured", "declared": "Declared", "missing": "Missing"}


def cell(value: object) -> str:
    """A number with at most six digits, a moment to the second, yes or no, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return _FRACTION.sub("Z", str(value))


def rows_of(value: object) -> tuple[list[str], list[list[str]]] | None:
    """Head and rows of a table; None for a plain value."""
    if not isinstance(value, Mapping):
        return None
    return list(value["columns"]), [[cell(one) for one in row] for row in value["rows"]]


def proof(field: Mapping[str, Any]) -> str:
    """One line: the digests, or who declared it and when, or who owes it."""
    if field["status"] == "missing":
        return f"Missing. Owner: {field['owner']}"
    parts = [f"Declared by {field['by']}, {cell(field['at'])}"] if field["by"] else []
    if field["evidence"]:
        shown = ", ".join(field["evidence"][:4])
        more = len(field["evidence"]) - 4
        parts.append(f"{shown}{f' and {more} more' if more > 0 else ''}")
    return "; ".join(parts)


def summary(document: Mapping[str, Any]) -> str:
    """How many fields there are of each kind."""
    counts = document["counts"]
    return ", ".join(f"{counts[status]} {status}" for status in ("measured", "declared", "missing"))


def standing(document: Mapping[str, Any]) -> str:
    """Whether the template was compared with its source, in a sentence."""
    told = document["template"]
    if told["was_reread"]:
        return f"This template was compared with its source. {told['note']}"
    return f"This template was NOT compared with the text of its source. {told['note']}"
