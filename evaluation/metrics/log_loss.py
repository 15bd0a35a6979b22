"""Log loss."""

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.contract import CLASSIFICATION, Metric
from evaluation.metrics.rows import Floats, Rows, row_mean


def log_loss_by_row(
    truth: NDArray[np.int64], probabilities: NDArray[np.floating]
) -> NDArray[np.floating]:
    """-ln of the probability given to the label, in nats: shape (n,).

    `truth` int64 (n,), `probabilities` float (n, classes), clipped to [eps, 1 - eps] of their
    dtype as scikit-learn does. Source: Good, 1952, doi:10.1111/j.2517-6161.1952.tb00104.x.
    """
    eps = np.finfo(probabilities.dtype).eps
    given = probabilities[np.arange(len(truth)), truth]
    loss: NDArray[np.floating] = -np.log(np.clip(given, eps, 1 - eps))
    return loss


def _measure(rows: Rows) -> Floats:
    assert rows.probabilities is not None
    return row_mean(log_loss_by_row(rows.truth.astype(np.int64), rows.probabilities), rows.weights)


LOG_LOSS = Metric(
    name="log_loss",
    title="Log loss",
    direction="lower",
    tasks=CLASSIFICATION,
    definition="The mean of minus the natural logarithm of the probability given to the label.",
    measure=_measure,
    needs_probabilities=True,
)
