"""Mean squared error, and R²: the same squares read against the spread of the targets."""

import numpy as np

from evaluation.metrics.contract import REGRESSION, Metric
from evaluation.metrics.counts import ratio
from evaluation.metrics.rows import Floats, Rows, row_mean


def mse(truth: Floats, predicted: Floats, weights: Floats) -> Floats:
    """The mean squared difference, in squared target units: (R,) from (n,), (n,), (R, n)."""
    return row_mean((truth - predicted) ** 2, weights)


def r2(truth: Floats, predicted: Floats, weights: Floats) -> Floats:
    """1 - squared error / squared distance of the targets from their mean: shape (R,), up to 1.

    `truth`, `predicted` float64 (n,), `weights` float64 (R, n); NaN where the targets of a
    resample are all the same. Source: Draper and Smith, Applied Regression Analysis, 1998.
    """
    centred = truth - truth.mean()
    spread = row_mean(centred**2, weights) - row_mean(centred, weights) ** 2
    # A resample of equal targets leaves rounding dust where the spread should be exactly 0.
    dust = np.finfo(np.float64).eps * 8 * np.max(centred**2, initial=0.0)
    spread = np.where(spread <= dust, 0.0, spread)
    return 1 - ratio(mse(truth, predicted, weights), spread)


def _constant(rows: Rows) -> str | None:
    if np.ptp(rows.truth) == 0:
        return "All targets are the same, so there is no spread to explain."
    return None


MSE = Metric(
    name="mse",
    title="Mean squared error",
    direction="lower",
    tasks=REGRESSION,
    definition="The mean squared difference between prediction and target.",
    measure=lambda rows: mse(rows.truth.astype(float), rows.predicted.astype(float), rows.weights),
)

R2 = Metric(
    name="r2",
    title="R²",
    direction="higher",
    tasks=REGRESSION,
    definition="The share of the targets' spread that the predictions explain; 0 is the mean.",
    measure=lambda rows: r2(rows.truth.astype(float), rows.predicted.astype(float), rows.weights),
    undefined=_constant,
)
