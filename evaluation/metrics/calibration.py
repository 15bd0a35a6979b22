"""Expected calibration error, and the bins it is made of."""

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.contract import CLASSIFICATION, Metric
from evaluation.metrics.rows import Floats, Rows

BINS = 15


def confidence_bins(confidence: NDArray[np.floating], bins: int = BINS) -> NDArray[np.int64]:
    """The bin of each confidence: equal widths over [0, 1], each closed on the right.

    `confidence` float (n,) in [0, 1]; gives int64 (n,) from 0 to bins - 1; 0 is in the first.
    """
    edges = np.linspace(0, 1, bins + 1)
    found: NDArray[np.int64] = np.searchsorted(edges, confidence.astype(np.float64), side="left")
    return np.clip(found - 1, 0, bins - 1)


def expected_calibration_error(
    truth: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    weights: Floats,
    bins: int = BINS,
) -> Floats:
    """Sum over bins of (share of rows) x |accuracy - mean confidence|: shape (R,), from 0 to 1.

    `truth` int64 (n,), `probabilities` float (n, classes), `weights` float64 (R, n). Confidence
    is the highest probability of a row and accuracy is that of the class which has it, in a
    binary task too (binning by the positive class's probability gives another number).
    Source: Guo et al., 2017, arXiv:1706.04599, equation 3.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    in_bin = np.eye(bins)[confidence_bins(confidence, bins)]
    gaps = weights @ (in_bin * (right - confidence.astype(np.float64))[:, None])
    error: Floats = np.abs(gaps).sum(axis=1) / weights.sum(axis=1)
    return error


def _measure(rows: Rows) -> Floats:
    assert rows.probabilities is not None
    truth = rows.truth.astype(np.int64)
    return expected_calibration_error(truth, rows.probabilities, rows.weights)


CALIBRATION_ERROR = Metric(
    name="ece",
    title="Expected calibration error",
    direction="lower",
    tasks=CLASSIFICATION,
    definition=(
        f"The mean gap between confidence (the highest probability) and accuracy over {BINS} "
        "bins of equal width, each counting as many rows as it holds."
    ),
    measure=_measure,
    needs_probabilities=True,
)
