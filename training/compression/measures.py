"""Quality of two models on the same rows, with paired bootstrap intervals of the difference.

Paired: each resample takes the same rows for parent and child, so what is hard for both
cancels out (Efron & Tibshirani 1993, percentile intervals).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Indexes = NDArray[np.int64]
RESAMPLES = 2000
CONFIDENCE = 0.95
HIGHER_IS_BETTER: Mapping[str, bool] = {
    "accuracy": True,
    "f1_macro": True,
    "log_loss": False,
    "mse": False,
    "mae": False,
}


@dataclass(frozen=True, slots=True)
class Answers:
    """One model's answers, row by row.

    means: figures per row whose mean is a metric, float64 [n] each.
    cells: for classes, true class * classes + predicted class, int64 [n]; else None.
    """

    means: dict[str, Doubles]
    cells: Indexes | None
    classes: int

    def metrics(self, weights: Doubles) -> dict[str, float]:
        """The metrics with each row counted `weights` [n] times."""
        total = weights.sum()
        found = {name: float(weights @ values / total) for name, values in self.means.items()}
        if self.cells is not None:
            counts: Doubles = np.zeros(self.classes**2)
            counts += np.bincount(self.cells, weights=weights, minlength=self.classes**2)
            found["f1_macro"] = _f1_macro(counts.reshape(self.classes, self.classes))
        return found


def of_classes(probabilities: NDArray[Any], target: Indexes) -> Answers:
    """Answers of a classifier; probabilities [n, classes], target [n].

    Log-loss clips at the resolution of float32, as scikit-learn does for float32 arrays.
    """
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    least = float(np.finfo(np.float32).eps)
    true = probabilities[np.arange(len(target)), target].astype(np.float64)
    means = {
        "accuracy": (predicted == target).astype(np.float64),
        "log_loss": -np.log(np.clip(true, least, 1 - least)),
    }
    return Answers(means, target * classes + predicted, classes)


def of_values(values: NDArray[Any], target: NDArray[Any]) -> Answers:
    """Answers of a regression; values [n, 1], target [n]."""
    error = values[:, 0].astype(np.float64) - target.astype(np.float64)
    return Answers({"mse": error**2, "mae": np.abs(error)}, None, 0)


def differences(parent: Answers, child: Answers, rows: int, seed: int) -> list[dict[str, Any]]:
    """Per metric: parent, child, difference (child - parent) and its 95 % interval."""
    ones = np.ones(rows)
    measured, measured_child = parent.metrics(ones), child.metrics(ones)
    drawn: dict[str, list[float]] = {name: [] for name in measured}
    generator = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        chosen = generator.integers(0, rows, rows)
        weights = np.bincount(chosen, minlength=rows).astype(np.float64)
        of_parent, of_child = parent.metrics(weights), child.metrics(weights)
        for name, values in drawn.items():
            values.append(of_child[name] - of_parent[name])
    return [
        {
            "metric": name,
            "parent": measured[name],
            "child": measured_child[name],
            "difference": measured_child[name] - measured[name],
            **_interval(drawn[name]),
            "better": "higher" if HIGHER_IS_BETTER[name] else "lower",
        }
        for name in measured
    ]


def _interval(values: list[float]) -> dict[str, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return {"low": float(low), "high": float(high)}


def _f1_macro(confusion: Doubles) -> float:
    """Mean F1 over all classes; a class neither present nor predicted counts 0."""
    hits = np.diag(confusion)
    sizes = confusion.sum(axis=0) + confusion.sum(axis=1)
    return float(np.divide(2 * hits, sizes, out=np.zeros_like(hits), where=sizes > 0).mean())
