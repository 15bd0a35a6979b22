"""Brier score."""

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.contract import CLASSIFICATION, Metric
from evaluation.metrics.rows import Floats, Rows, row_mean


def brier_by_row(truth: NDArray[np.int64], probabilities: NDArray[np.floating]) -> Floats:
    """Squared distance between the probabilities and the label: shape (n,), from 0 to 2.

    `truth` int64 (n,), `probabilities` float (n, classes). With two classes the sum is halved,
    as is usual there, and runs from 0 to 1. Source: Brier, 1950,
    doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    classes = probabilities.shape[1]
    distance = probabilities.astype(np.float64) - np.eye(classes)[truth]
    total: Floats = (distance**2).sum(axis=1)
    return total / 2 if classes == 2 else total


def _measure(rows: Rows) -> Floats:
    assert rows.probabilities is not None
    return row_mean(brier_by_row(rows.truth.astype(np.int64), rows.probabilities), rows.weights)


BRIER = Metric(
    name="brier",
    title="Brier score",
    direction="lower",
    tasks=CLASSIFICATION,
    definition=(
        "The mean squared distance between the probabilities and the label, summed over the "
        "classes (halved with two classes)."
    ),
    measure=_measure,
    needs_probabilities=True,
)
