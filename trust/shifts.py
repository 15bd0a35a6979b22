"""How far the global importances of an explanation lie from those of another version.

The total-variation distance of the mean |SHAP| values, each divided by their sum: the share of
importance that lies on other features, from 0 to 1. Source: Levin, Peres and Wilmer, Markov Chains
and Mixing Times, 2009, proposition 4.2.
"""

from collections.abc import Sequence

from trust.errors import Malformed
from trust.fields import JsonObject, as_object, read_objects, read_text

_DIGITS = 12


def distance(ours: Sequence[JsonObject], theirs: Sequence[JsonObject]) -> float | None:
    """Of two lists of {"feature", "mean_abs"}; None for other features, or where nothing matters.

    Raises Malformed.
    """
    one, other = _shares(ours), _shares(theirs)
    if one is None or other is None or set(one) != set(other):
        return None
    return round(sum(abs(one[name] - other[name]) for name in sorted(one)) / 2, _DIGITS)


def _shares(entries: Sequence[JsonObject]) -> dict[str, float] | None:
    found: dict[str, float] = {}
    for entry in entries:
        value = entry.get("mean_abs")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise Malformed("'mean_abs' is not a number from 0 on")
        found[read_text(entry, "feature")] = float(value)
    total = sum(found[name] for name in sorted(found))
    return {name: value / total for name, value in found.items()} if total > 0 else None


def measured_shift(report: JsonObject | None, base: str) -> tuple[float | None, str]:
    """What an explanation report says against the version of the digest `base`, or why nothing.

    The distance is reckoned again from the two lists. Raises Malformed.
    """
    if report is None:
        return None, "There is no explanation of this version."
    if report.get("shift") is None:
        return None, "The explanation was made without a version to compare with; explain again."
    shift = as_object(report["shift"], "'shift'")
    if as_object(shift.get("against"), "'against'").get("version") != base:
        return None, "The explanation was compared with another version; explain again."
    if shift.get("note"):
        return None, str(shift["note"])
    found = distance(read_objects(report, "global"), read_objects(shift, "global"))
    return found, "" if found is not None else "The importances cannot be compared."
