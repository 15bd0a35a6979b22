"""Limits on metrics, and whether a report meets them: the one vocabulary of policies and plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import Invalid
from evaluation.metrics.catalogue import BY_NAME
from evaluation.slicing import LEAST_ROWS, MOST_SLICINGS
from trust.gates import worst_slice

PASSED, FAILED, NOT_MEASURED = "passed", "failed", "not measured"
BOUNDS = ("value", "interval")
MOST_FLOORS = 100
LEVEL = 0.95
_KEYS = {"metric", "limit", "bound"}


@dataclass(frozen=True)
class Floor:
    """A limit on a metric: at least `limit` where higher is better, else at most.

    With `bound` "interval" the worse end of the 95 % interval must meet the limit.
    """

    metric: str
    limit: float
    bound: str

    @property
    def is_floor(self) -> bool:
        """Whether the metric must be at least the limit; else it must be at most that."""
        return BY_NAME[self.metric].direction == "higher"

    def as_dict(self) -> dict[str, Any]:
        """The limit as it stands in a document."""
        return {"metric": self.metric, "limit": self.limit, "bound": self.bound}


@dataclass(frozen=True)
class SliceFloor(Floor):
    """A limit that the worst slice must meet, among those with `least_rows` rows.

    Of the features in `columns` each must slice the rows; without any named, one must.
    """

    least_rows: int = LEAST_ROWS
    columns: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The limit as it stands in a document."""
        named = {"columns": list(self.columns)} if self.columns else {}
        return super().as_dict() | {"least_rows": self.least_rows} | named


@dataclass(frozen=True)
class Margin:
    """By how much a metric may be worse than the champion's, in its own units."""

    metric: str
    margin: float

    def as_dict(self) -> dict[str, Any]:
        """The margin as it stands in a document."""
        return {"metric": self.metric, "margin": self.margin}


@dataclass(frozen=True)
class Judged:
    """What a report says to a limit: the state, the number that was compared, a sentence.

    `in_report` says whether the report has measured the metric at all.
    """

    floor: Floor
    state: str
    measured: float | None
    reason: str
    in_report: bool = True


def interval_of(resamples: int) -> dict[str, Any]:
    """How the intervals are made, as it stands in plans and reports."""
    return {"method": "percentile bootstrap", "level": LEVEL, "resamples": resamples}


def read_floors(value: object, field: str) -> tuple[Floor, ...]:
    """The limits of a document's list. Raises Invalid naming the part of `field` at fault."""
    return tuple(_floor(item, place) for item, place in _listed(value, field))


def read_slice_floors(value: object, field: str) -> tuple[SliceFloor, ...]:
    """The limits on slices of a document's list. Raises Invalid as `read_floors`."""
    return tuple(_slice_floor(item, place) for item, place in _listed(value, field))


def _slice_floor(item: object, field: str) -> SliceFloor:
    row = _row(item, field, _KEYS | {"least_rows", "columns"})
    floor = _floor({key: row[key] for key in row if key in _KEYS}, field)
    least, columns = row.get("least_rows", LEAST_ROWS), row.get("columns", [])
    if isinstance(least, bool) or not isinstance(least, int) or not 1 <= least <= 10**9:
        raise Invalid("This must be a whole number of rows.", field=f"{field}.least_rows")
    names = isinstance(columns, list) and len(columns) <= MOST_SLICINGS
    if not names or not all(isinstance(one, str) and 1 <= len(one) <= 200 for one in columns):
        why = f"This must be a list of at most {MOST_SLICINGS} features."
        raise Invalid(why, field=f"{field}.columns")
    return SliceFloor(floor.metric, floor.limit, floor.bound, least, tuple(dict.fromkeys(columns)))


def read_margins(value: object, field: str) -> tuple[Margin, ...]:
    """The margins of a document's list, one a metric. Raises Invalid as `read_floors`."""
    found: list[Margin] = []
    for item, place in _listed(value, field):
        given = _row(item, place, {"metric", "margin"})
        metric = _metric(given, place)
        if any(margin.metric == metric for margin in found):
            raise Invalid("This metric has a margin already.", field=f"{place}.metric")
        margin = _number(given.get("margin", 0), f"{place}.margin", "The margin")
        if margin < 0:
            raise Invalid("The margin is at least 0.", field=f"{place}.margin")
        found.append(Margin(metric, margin))
    return tuple(found)


def _listed(value: object, field: str) -> list[tuple[object, str]]:
    if not isinstance(value, list):
        raise Invalid("This must be a list.", field=field)
    if len(value) > MOST_FLOORS:
        raise Invalid(f"There are at most {MOST_FLOORS} limits.", field=field)
    return [(item, f"{field}[{n}]") for n, item in enumerate(value)]


def _row(item: object, field: str, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise Invalid("This must be an object.", field=field)
    if unknown := sorted(set(item) - keys, key=str):
        raise Invalid("There is no such field.", field=f"{field}.{unknown[0]}")
    return item


def _metric(row: Mapping[str, Any], field: str) -> str:
    metric = row.get("metric")
    if not isinstance(metric, str) or metric not in BY_NAME:
        raise Invalid(f"There is no metric {metric!r}.", field=f"{field}.metric")
    return metric


def _number(value: object, field: str, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e12:
        raise Invalid(f"{what} must be a number.", field=field)
    return float(value)


def _floor(item: object, field: str) -> Floor:
    row = _row(item, field, _KEYS)
    metric = _metric(row, field)
    limit = _number(row.get("limit"), f"{field}.limit", "The limit")
    bound = row.get("bound", "value")
    if bound not in BOUNDS:
        raise Invalid("The bound is value or interval.", field=f"{field}.bound")
    return Floor(metric, limit, str(bound))


def judge_slices(floor: SliceFloor, report: Mapping[str, Any] | None) -> Judged:
    """What a report says to a limit on its slices; without any, nothing."""
    answer = worst_slice(floor.as_dict(), dict(report) if report else None)
    measured = answer.measured if isinstance(answer.measured, int | float) else None
    return Judged(floor, answer.state, measured, answer.reason, in_report=answer.kind is not None)


def judge(floor: Floor, report: Mapping[str, Any] | None, *, of: str) -> Judged:
    """What an evaluation report says to a limit `of` a policy or plan; without one, nothing."""
    found = report["metrics"].get(floor.metric) if report else None
    if found is None or found["state"] != "measured":
        why = (found or {}).get("note") or "No evaluation has measured it."
        return Judged(floor, NOT_MEASURED, None, why, in_report=False)
    value = found["value"]
    if floor.bound == "interval":
        value = found["low"] if floor.is_floor else found["high"]
    if value is None:
        why = found.get("note") or "The interval could not be measured."
        return Judged(floor, NOT_MEASURED, None, why)
    holds = value >= floor.limit if floor.is_floor else value <= floor.limit
    what = "The worse end of the 95 % interval" if floor.bound == "interval" else "The value"
    relation = "at least" if floor.is_floor else "at most"
    reason = f"{what} is {value:.4g}; the {of} wants {relation} {floor.limit:g}."
    return Judged(floor, PASSED if holds else FAILED, value, reason)
