"""Do two seeds tell the same story? SHAP values by sampling always add up; this is the test."""

from typing import Any

import numpy as np

from evaluation.metrics.rows import Floats


def agreement(first: Floats, second: Floats, seeds: tuple[int, int]) -> dict[str, Any]:
    """Compare values (rows, players) of the same rows from two seeds.

    `correlation` is Pearson's over all values, None where one side has no spread;
    `relative_difference` is the mean absolute difference over the mean absolute value, None
    where all values are 0.
    """
    size = float(np.abs(first).mean())
    spread = min(float(np.ptp(first)), float(np.ptp(second)))
    return {
        "rows": len(first),
        "seeds": list(seeds),
        "correlation": float(np.corrcoef(first.ravel(), second.ravel())[0, 1]) if spread else None,
        "relative_difference": float(np.abs(first - second).mean()) / size if size else None,
    }
