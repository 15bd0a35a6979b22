"""SHAP values as the lists that pages draw from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.explanation.explained import Explained
from evaluation.metrics.rows import Floats

BEESWARM_FEATURES = 20
BEESWARM_ROWS = 200
# One local explanation holds its values and its data: this many numbers of each in a report.
LOCAL_NUMBERS = 20_000
LEAST_LOCAL_ROWS = 10
MAX_SHOWN_ELEMENTS = 4096
SIGNIFICANT = 7


def global_list(names: tuple[str, ...], values: Floats) -> list[dict[str, Any]]:
    """[{"feature", "mean_abs", "mean"}] over the rows of `values`, the strongest first."""
    strength, mean = np.abs(values).mean(axis=0), values.mean(axis=0)
    return [
        {
            "feature": names[index],
            "mean_abs": rounded(strength[index]),
            "mean": rounded(mean[index]),
        }
        for index in by_strength(values)
    ]


def beeswarm(
    names: tuple[str, ...], values: Floats, rows: NDArray[np.generic]
) -> list[dict[str, Any]]:
    """[{"feature", "value": [...], "shap": [...]}] of the 20 strongest features.

    The two lists run in parallel over up to 200 rows, evenly taken.
    """
    kept = np.unique(np.linspace(0, len(rows) - 1, min(BEESWARM_ROWS, len(rows))).astype(int))
    return [
        {
            "feature": names[index],
            "value": numbers(rows[kept, index]),
            "shap": numbers(values[kept, index]),
        }
        for index in by_strength(values)[:BEESWARM_FEATURES]
    ]


def local_rows(found: Explained, classes: tuple[str, ...] | None) -> list[dict[str, Any]]:
    """[{"row", "class", "output", "base", "shap", "data"}], as many as a report should hold.

    "shap" runs over the features (or the fields of the grid, row by row); "data" is the row as
    the model got it, nested as its shape, None for images of more than 4096 numbers.
    """
    players = found.values.shape[1]
    most = max(LEAST_LOCAL_ROWS, LOCAL_NUMBERS // players)
    is_shown = found.rows[0].size <= MAX_SHOWN_ELEMENTS
    return [
        {
            "row": int(found.chosen[index]),
            "class": classes[found.columns[index]] if classes else None,
            "output": rounded(found.outputs[index]),
            "base": rounded(found.bases[index]),
            "shap": numbers(found.values[index]),
            "data": nested(found.rows[index]) if is_shown else None,
        }
        for index in range(min(most, len(found.values)))
    ]


def by_strength(values: Floats) -> list[int]:
    """Players by mean |SHAP|, the strongest first, equal ones in their own order."""
    order: list[int] = np.argsort(-np.abs(values).mean(axis=0), kind="stable").tolist()
    return order


def rounded(value: float) -> float:
    """Seven significant digits, what a float32 holds."""
    return float(f"{float(value):.{SIGNIFICANT}g}")


def numbers(values: NDArray[np.generic]) -> list[float]:
    """A flat list of rounded numbers."""
    return [rounded(value) for value in values.ravel().tolist()]


def nested(values: NDArray[np.generic]) -> list[Any]:
    """Rounded numbers in lists nested as the array's shape."""
    if values.ndim == 1:
        return numbers(values)
    return [nested(part) for part in values]
