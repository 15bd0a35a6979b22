"""Area under the ROC curve."""

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.contract import CLASSIFICATION, Metric
from evaluation.metrics.counts import ratio
from evaluation.metrics.rows import Floats, Rows


def roc_auc(positive: NDArray[np.bool_], scores: NDArray[np.floating], weights: Floats) -> Floats:
    """The probability that a positive row scores above a negative one, ties counting half.

    `positive` bool (n,), `scores` float (n,), `weights` float64 (R, n); gives (R,), NaN where
    one of the two kinds has no weight. Source: Hanley and McNeil, 1982,
    doi:10.1148/radiology.143.1.7063747 (the Mann-Whitney form of the area).
    """
    order = np.argsort(scores, kind="stable")
    sorted_scores = scores[order]
    starts = np.flatnonzero(np.r_[True, sorted_scores[1:] != sorted_scores[:-1]])
    ordered = weights[:, order]
    above = np.add.reduceat(ordered * positive[order], starts, axis=1)
    below = np.add.reduceat(ordered * ~positive[order], starts, axis=1)
    below_before = np.cumsum(below, axis=1) - below
    won = (above * (below_before + below / 2)).sum(axis=1)
    return ratio(won, above.sum(axis=1) * below.sum(axis=1))


def roc_auc_one_vs_rest(
    truth: NDArray[np.int64], probabilities: NDArray[np.floating], weights: Floats
) -> Floats:
    """The plain mean over classes of each class's area against all others.

    `truth` int64 (n,), `probabilities` (n, classes), `weights` (R, n); gives (R,), NaN where a
    class is absent. Source: Fawcett, 2006, doi:10.1016/j.patrec.2005.10.010, section 9.
    """
    areas = [
        roc_auc(truth == index, probabilities[:, index], weights)
        for index in range(probabilities.shape[1])
    ]
    mean: Floats = np.mean(areas, axis=0)
    return mean


def _measure(rows: Rows) -> Floats:
    assert rows.probabilities is not None
    if rows.task == "binary":
        return roc_auc(rows.truth == 1, rows.probabilities[:, 1], rows.weights)
    return roc_auc_one_vs_rest(rows.truth.astype(np.int64), rows.probabilities, rows.weights)


def _undefined(rows: Rows) -> str | None:
    present = np.bincount(rows.truth.astype(np.int64), minlength=len(rows.classes))
    absent = [name for name, n in zip(rows.classes, present, strict=True) if n == 0]
    if not absent:
        return None
    return f"Every class must occur among the labels; absent: {', '.join(absent)}."


ROC_AUC = Metric(
    name="roc_auc",
    title="ROC AUC",
    direction="higher",
    tasks=CLASSIFICATION,
    definition=(
        "The probability that a row of the positive class scores above one of the negative "
        "class, ties counting half; with more than two classes the mean of one against the rest."
    ),
    measure=_measure,
    undefined=_undefined,
    needs_probabilities=True,
)
