"""Bootstrap intervals: rows drawn with replacement, and every metric measured on each draw.

Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (percentiles).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from common.steering import Steering
from evaluation.criteria import LEVEL
from evaluation.metrics.rows import Floats, Rows

# Below this share of resamples with a value, the interval would be one of chosen resamples.
DEFINED_SHARE = 0.95
WEIGHTS_AT_ONCE = 1_000_000

Measure = Callable[[Rows], Floats]


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of the resamples that have a value."""

    low: float
    high: float


def weight_blocks(rows: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each row was drawn, float64 (block, rows), until `resamples` draws are made.

    A block holds about a million weights (8 MB). The same seed gives the same draws.
    """
    random = np.random.default_rng(seed)
    block = max(1, WEIGHTS_AT_ONCE // rows)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = random.integers(0, rows, (size, rows))
        drawn += np.arange(size)[:, None] * rows
        yield np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).astype(float)


def resample(
    samples: Mapping[str, Rows],
    measures: Mapping[str, Mapping[str, Measure]],
    *,
    resamples: int,
    seed: int,
    steering: Steering,
) -> dict[str, dict[str, Floats]]:
    """Each sample's measures on the same draws: {sample: {measure: (resamples, ...)}}.

    The samples hold the same rows in the same order (one for each model), so differences
    between them are paired. Raises Cancelled.
    """
    rows = len(next(iter(samples.values())))
    found: dict[str, dict[str, list[Floats]]] = {
        who: {name: [] for name in measures[who]} for who in samples
    }
    done = 0
    for weights in weight_blocks(rows, resamples, seed):
        steering.step("resample", done, resamples)
        for who, sample in samples.items():
            drawn = sample.weighted(weights)
            for name, measure in measures[who].items():
                found[who][name].append(measure(drawn))
        done += len(weights)
    return {
        who: {name: np.concatenate(parts) for name, parts in by_name.items()}
        for who, by_name in found.items()
    }


def interval(values: Floats) -> Interval | None:
    """The percentile interval of resampled values (R,); None if too many have no value."""
    defined = values[np.isfinite(values)]
    if len(defined) < DEFINED_SHARE * len(values):
        return None
    tail = (1 - LEVEL) / 2 * 100
    low, high = np.percentile(defined, [tail, 100 - tail])
    return Interval(float(low), float(high))
