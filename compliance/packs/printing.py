"""How values of a pack are written where people read them. The JSON form keeps them whole."""

import re
from collections.abc import Mapping
from typing import Any

FIGURES = (
    "Figures are printed with six digits, moments to the second, in UTC (Z); the JSON form has"
    " them whole. What begins with sha256: names the record from which what is above it was read."
)
_FRACTION = re.compile(r"(?<=T\d\d:\d\d:\d\d)\.\d+Z")
SIGNED = {
    "version": (
        "Signatures under the approval",
        "This version had no approval when the pack was made, so nobody's signature stands here.",
    ),
    "model": (
        "Signatures under the approvals of what is live",
        "No alias of the model was live when the pack was made, so nobody's signature stands here.",
    ),
    "period": ("Signatures of the period", "Nobody signed in the period."),
    "register": (
        "Signatures under the approvals of what is live",
        "No alias was live when the pack was made, so nobody's signature stands here.",
    ),
}
"""Kind of the subject -> heading, and what stands there without signatures."""
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


def left_out_of(value: object) -> int:
    """How many rows of a table are not shown."""
    return int(value["left_out"]) if isinstance(value, Mapping) else 0


def flat(field: Mapping[str, Any]) -> str:
    """A value in one cell; the words of a table are strung together."""
    found = rows_of(field["value"])
    if found is None:
        return field["why"] if field["status"] == "missing" else cell(field["value"])
    return "; ".join(" ".join(one for one in row if one) for row in found[1])


def owed(gap: Mapping[str, Any]) -> str:
    """The field of a gap, with the reason where there is one."""
    return f"{gap['field']}: {gap['why']}" if gap["why"] else str(gap["field"])


def proof(field: Mapping[str, Any]) -> str:
    """One line: the digests, or who declared it and when, or who owes it."""
    if field["status"] == "missing":
        why = f": {field['why']}" if field["why"] else ""
        return f"Missing{why}. Owner: {field['owner']}"
    parts = [f"Declared by {field['by']}, {cell(field['at'])}"] if field["by"] else []
    if left_out := left_out_of(field["value"]):
        parts.insert(0, f"{left_out} more rows are not shown")
    if field["evidence"]:
        shown = ", ".join(field["evidence"][:4])
        more = len(field["evidence"]) - 4
        parts.append(f"{shown}{f' and {more} more' if more > 0 else ''}")
    return "; ".join(parts)


def digest_of_subject(document: Mapping[str, Any]) -> str:
    """The version's digest, of a pack about one."""
    digest = document["subject"].get("version_digest")
    return f"Version {digest}" if digest else ""


def signer(said: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Who signed, in which role, and for what where the pack is not about one version."""
    whom = f"{said['printed_name']}\n{said['role']}"
    return whom if document["subject"]["kind"] == "version" else f"{whom}\n{said['of']}"


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


def size_of(table: Mapping[str, Any]) -> str:
    """How many rows a table shows, and how many not."""
    more = left_out_of(table)
    rows = f"{len(table['rows'])} rows"
    return f"{rows}, {more} more are not shown" if more else rows


def head_of(document: Mapping[str, Any]) -> str:
    """How far the log was signed."""
    head = document["log"]
    return f"The log had {head['size']} signed events, root {head['root']}." if head else ""


def closing(document: Mapping[str, Any]) -> str:
    """How figures are printed, and how far the log was signed."""
    return f"{FIGURES} {head_of(document)}".strip()
