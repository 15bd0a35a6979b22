"""What a model said about labelled rows: the one thing every metric reads."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.counts import Counts, count

Task = Literal["binary", "multiclass", "regression"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Labels and predictions of n rows, with R sets of weights.

    `truth` and `predicted` are int64 class indices of shape (n,) for the classification tasks
    and float64 values of shape (n,) for regression. `probabilities` is float of shape
    (n, classes), or None for a model that gives labels only. `weights` is float64 of shape
    (R, n): how often each row counts in each of R resamples, so that one call of a metric
    answers for all of them. In a binary task class 1 is the positive one.
    """

    task: Task
    truth: NDArray[np.int64] | Floats
    predicted: NDArray[np.int64] | Floats
    probabilities: NDArray[np.floating] | None
    classes: tuple[str, ...]
    weights: Floats

    @classmethod
    def of(
        cls,
        task: Task,
        truth: NDArray[np.int64] | Floats,
        predicted: NDArray[np.int64] | Floats,
        *,
        probabilities: NDArray[np.floating] | None = None,
        classes: tuple[str, ...] = (),
    ) -> Self:
        """Rows that count once each."""
        once = np.ones((1, len(truth)), dtype=np.float64)
        return cls(task, truth, predicted, probabilities, classes, once)

    def weighted(self, weights: Floats) -> Self:
        """The same rows under other weights of shape (R, n)."""
        return replace(self, weights=weights)

    def __len__(self) -> int:
        return len(self.truth)

    @cached_property
    def counts(self) -> Counts:
        """Hits, labels and predictions by class under each set of weights."""
        labels, said = self.truth.astype(np.int64), self.predicted.astype(np.int64)
        return count(labels, said, len(self.classes), self.weights)


def row_mean(values: NDArray[np.floating], weights: Floats) -> Floats:
    """The weighted mean of per-row `values` (n,) under `weights` (R, n): shape (R,)."""
    means: Floats = weights @ values.astype(np.float64) / weights.sum(axis=1)
    return means
