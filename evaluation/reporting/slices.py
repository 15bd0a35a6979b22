"""Every metric on each slice of the rows, with an interval of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.steering import Steering
from evaluation.metrics.contract import Metric
from evaluation.metrics.rows import Floats, Rows
from evaluation.reporting.intervals import resample
from evaluation.reporting.measured import measured, not_measured
from evaluation.slicing import Slicing


@dataclass(frozen=True, eq=False)
class Sliced:
    """A slicing and the feature's value in each row: float (rows,)."""

    slicing: Slicing
    values: NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Part:
    """A slice: its name, and which rows are in it, bool (rows,)."""

    name: str
    inside: NDArray[np.bool_]


def parts_of(sliced: Sliced) -> list[Part]:
    """The slices, which together hold every row once. Ranges and quantiles may be empty."""
    values = sliced.values.astype(np.float64)
    slicing = sliced.slicing
    # A float32 feature meets the edge that was typed in decimals only in its own type.
    edges = np.array(slicing.values).astype(sliced.values.dtype).astype(np.float64)
    if slicing.how == "categories":
        return _categories(slicing, values, edges)
    if slicing.how == "quantiles":
        shares = np.linspace(0, 1, int(slicing.values[0]) + 1)[1:-1]
        edges = np.unique(np.quantile(values, shares))
    return list(_ranges(slicing.column, values, edges))


def _categories(slicing: Slicing, values: Floats, wanted: Floats) -> list[Part]:
    found = [
        Part(f"{slicing.column} = {shown:g}", values == value)
        for shown, value in zip(slicing.values, wanted, strict=True)
    ]
    others = ~np.isin(values, wanted)
    if others.any():
        found.append(Part(f"{slicing.column}: all others", others))
    return found


def _ranges(column: str, values: Floats, edges: Floats) -> Iterator[Part]:
    where = np.searchsorted(edges, values, side="right")
    for place in range(len(edges) + 1):
        low = f"{edges[place - 1]:.6g} ≤ " if place else ""
        high = f" < {edges[place]:.6g}" if place < len(edges) else ""
        yield Part(f"{low}{column}{high}", where == place)


def measure_slices(
    sliced: Sequence[Sliced],
    rows: Rows,
    metrics: Sequence[Metric],
    *,
    resamples: int,
    seed: int,
    steering: Steering,
) -> list[dict[str, Any]]:
    """[{"column", how, "parts": [{"name", "rows", "metrics": {name: entry}}]}] of the report.

    An entry is as those of all rows, without title and direction. Intervals are of the slice's own
    rows, drawn by the same seed. Raises Cancelled.
    """
    return [
        one.slicing.as_dict()
        | {
            "parts": [
                _part(part, rows, metrics, resamples=resamples, seed=seed, steering=steering)
                for part in parts_of(one)
            ]
        }
        for one in sliced
    ]


def _part(
    part: Part,
    rows: Rows,
    metrics: Sequence[Metric],
    *,
    resamples: int,
    seed: int,
    steering: Steering,
) -> dict[str, Any]:
    count = int(part.inside.sum())
    said = {"name": part.name, "rows": count}
    if count == 0:
        empty = not_measured("No row is in this slice.")
        return said | {"metrics": {metric.name: empty for metric in metrics}}
    inside = _inside(rows, part.inside)
    reasons = {metric.name: metric.why_not(inside) for metric in metrics}
    measures = {m.name: m.measure for m in metrics if reasons[m.name] is None}
    drawn = resample(
        {"slice": inside},
        {"slice": measures},
        resamples=resamples,
        seed=seed,
        steering=steering,
    )["slice"]
    entries = {}
    for metric in metrics:
        reason = reasons[metric.name]
        value = metric.measure(inside)[0] if reason is None else np.nan
        entries[metric.name] = (
            not_measured(reason) if reason else measured(float(value), drawn[metric.name])
        )
    return said | {"metrics": entries}


def _inside(rows: Rows, inside: NDArray[np.bool_]) -> Rows:
    return Rows.of(
        rows.task,
        rows.truth[inside],
        rows.predicted[inside],
        probabilities=None if rows.probabilities is None else rows.probabilities[inside],
        classes=rows.classes,
    )
