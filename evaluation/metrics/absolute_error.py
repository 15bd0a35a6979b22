"""Mean absolute error."""

import numpy as np

from evaluation.metrics.contract import REGRESSION, Metric
from evaluation.metrics.rows import Floats, row_mean


def mae(truth: Floats, predicted: Floats, weights: Floats) -> Floats:
    """The mean absolute difference, in target units: (R,) from (n,), (n,), (R, n)."""
    return row_mean(np.abs(truth - predicted), weights)


MAE = Metric(
    name="mae",
    title="Mean absolute error",
    direction="lower",
    tasks=REGRESSION,
    definition="The mean absolute difference between prediction and target.",
    measure=lambda rows: mae(rows.truth.astype(float), rows.predicted.astype(float), rows.weights),
)
