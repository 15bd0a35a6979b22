"""How a measured number is written in a report, and how one that could not be measured is."""

from typing import Any

import numpy as np

from evaluation.metrics.rows import Floats
from evaluation.reporting.intervals import DEFINED_SHARE, interval

MEASURED = "measured"
NOT_MEASURED = "not measured"


def measured(value: float, resampled: Floats) -> dict[str, Any]:
    """{"state", "value", "low", "high", "note"}: `resampled` (R,) gives the 95 % interval.

    `low` and `high` are None, and `note` says why, where too many resamples have no value.
    """
    found = interval(resampled)
    note = None
    if found is None:
        note = f"Fewer than {DEFINED_SHARE:.0%} of the resamples have a value: no interval."
    elif np.ptp(resampled[np.isfinite(resampled)]) == 0:
        note = "Every resample has this value: too few rows differ for an interval."
    return {
        "state": MEASURED,
        "value": float(value),
        "low": None if found is None else found.low,
        "high": None if found is None else found.high,
        "note": note,
    }


def not_measured(reason: str) -> dict[str, Any]:
    """The same keys without numbers; `note` is the reason."""
    return {"state": NOT_MEASURED, "value": None, "low": None, "high": None, "note": reason}
