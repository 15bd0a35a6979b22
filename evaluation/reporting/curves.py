"""Points of ROC and precision-recall curves, few enough to draw, and calibration bins."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.metrics.calibration import BINS, confidence_bins
from evaluation.metrics.rows import Floats, Rows

MAX_POINTS = 100
MAX_CLASSES = 20
DIGITS = 6


def curves(rows: Rows) -> list[dict[str, Any]]:
    """One entry for the positive class of a binary model, else one for each class against the rest.

    An entry is {"class", "roc", "precision_recall", "note"}; a curve is None, and `note` says
    why, where the labels hold no row of the class or none of another. Empty without
    probabilities and with more than 20 classes.
    """
    if rows.probabilities is None or len(rows.classes) > MAX_CLASSES:
        return []
    shown = (1,) if rows.task == "binary" else range(len(rows.classes))
    return [
        _curve(rows.classes[index], rows.truth == index, rows.probabilities[:, index])
        for index in shown
    ]


def calibration(rows: Rows) -> dict[str, Any] | None:
    """{"bins": [{"low", "high", "rows", "confidence", "accuracy"}]}; means are None where empty."""
    if rows.probabilities is None:
        return None
    confidence = rows.probabilities.max(axis=1).astype(np.float64)
    right = rows.probabilities.argmax(axis=1) == rows.truth
    where = confidence_bins(confidence)
    bins = []
    for index in range(BINS):
        inside = where == index
        bins.append(
            {
                "low": index / BINS,
                "high": (index + 1) / BINS,
                "rows": int(inside.sum()),
                "confidence": float(confidence[inside].mean()) if inside.any() else None,
                "accuracy": float(right[inside].mean()) if inside.any() else None,
            }
        )
    return {"on": "highest probability", "widths": "equal", "bins": bins}


def steps(positive: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats, Floats]:
    """True and false positives (points,) when the cut goes down through each distinct score."""
    order = np.argsort(-scores, kind="stable")
    cuts = scores[order]
    last = np.flatnonzero(np.r_[cuts[1:] != cuts[:-1], True])
    hits = np.cumsum(positive[order])[last].astype(np.float64)
    return hits, last + 1 - hits, cuts[last]


def thin(x: Floats, y: Floats, limit: int = MAX_POINTS) -> NDArray[np.int64]:
    """Which points to keep: at most `limit`, evenly along the curve, with the first and last."""
    if len(x) <= limit:
        return np.arange(len(x))
    walked = np.r_[0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))]
    wanted = np.linspace(0, walked[-1], limit - 1)
    return np.unique(np.r_[np.searchsorted(walked, wanted), len(x) - 1])[:limit]


def _curve(name: str, positive: NDArray[np.bool_], scores: NDArray[np.floating]) -> dict[str, Any]:
    total = int(positive.sum())
    if total in (0, len(positive)):
        missing = "no" if total == 0 else "only"
        note = f"There are {missing} rows of {name} among the labels."
        return {"class": name, "roc": None, "precision_recall": None, "note": note}
    hits, false, cuts = steps(positive, scores.astype(np.float64))
    recall, precision = hits / total, hits / (hits + false)
    fpr = np.r_[0.0, false / (len(positive) - total)]
    tpr = np.r_[0.0, recall]
    roc_kept, pr_kept = thin(fpr, tpr), thin(recall, precision)
    # Nothing is called positive at the first point: it has no cut.
    roc_cuts = [None if i == 0 else round(float(cuts[i - 1]), DIGITS) for i in roc_kept]
    return {
        "class": name,
        "roc": {
            "fpr": _rounded(fpr[roc_kept]),
            "tpr": _rounded(tpr[roc_kept]),
            "threshold": roc_cuts,
        },
        "precision_recall": {
            "recall": _rounded(recall[pr_kept]),
            "precision": _rounded(precision[pr_kept]),
            "threshold": _rounded(cuts[pr_kept]),
        },
        "note": None,
    }


def _rounded(values: Floats) -> list[float]:
    return [round(value, DIGITS) for value in values.tolist()]
