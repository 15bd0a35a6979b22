"""Limits on metrics, and whether a report meets them: the one vocabulary of policies and plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import Invalid
from evaluation.metrics.catalogue import BY_NAME

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
    if not isinstance(value, list):
        raise Invalid("This must be a list.", field=field)
    if len(value) > MOST_FLOORS:
        raise Invalid(f"There are at most {MOST_FLOORS} limits.", field=field)
    return tuple(_floor(item, f"{field}[{n}]") for n, item in enumerate(value))


def _floor(item: object, field: str) -> Floor:
    if not isinstance(item, Mapping):
        raise Invalid("This must be an object.", field=field)
    if unknown := sorted(set(item) - _KEYS):
        raise Invalid("There is no such field.", field=f"{field}.{unknown[0]}")
    metric, limit, bound = item.get("metric"), item.get("limit"), item.get("bound", "value")
    if not isinstance(metric, str) or metric not in BY_NAME:
        raise Invalid(f"There is no metric {metric!r}.", field=f"{field}.metric")
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not abs(limit) <= 1e12:
        raise Invalid("The limit must be a number.", field=f"{field}.limit")
    if bound not in BOUNDS:
        raise Invalid("The bound is value or interval.", field=f"{field}.bound")
    return Floor(metric, float(limit), str(bound))


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
