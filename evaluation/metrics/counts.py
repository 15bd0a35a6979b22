"""Counts by class: all that accuracy, precision, recall and F1 need.

They grow with the number of classes, not with its square as confusion matrices do, so a
bootstrap over a thousand classes still fits in memory.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counts:
    """Weighted counts, float64 of shape (R, classes) each, exact for whole weights."""

    hits: Floats
    actual: Floats
    predicted: Floats


def count(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int, weights: Floats
) -> Counts:
    """Count `truth` and `predicted`, class indices of shape (n,), under `weights` (R, n)."""
    right = truth == predicted
    return Counts(
        hits=_totals(truth[right], classes, weights[:, right]),
        actual=_totals(truth, classes, weights),
        predicted=_totals(predicted, classes, weights),
    )


def _totals(groups: NDArray[np.int64], classes: int, weights: Floats) -> Floats:
    """The sum of the weights (R, n) by group (n,): shape (R, classes)."""
    totals = np.zeros((len(weights), classes))
    if len(groups):
        order = np.argsort(groups, kind="stable")
        present, starts = np.unique(groups[order], return_index=True)
        totals[:, present] = np.add.reduceat(weights[:, order], starts, axis=1)
    return totals


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """numerator / denominator, NaN where the denominator is 0 and without a warning."""
    result = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result


def confusion_matrix(
    truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Rows of class i (first axis) that were called class j: int64 of shape (classes, classes).

    `truth` and `predicted` are class indices of shape (n,). Same orientation as scikit-learn.
    """
    cells = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)
