"""A candidate against the champion on the same rows."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm, rankdata

from evaluation.metrics.contract import Metric
from evaluation.metrics.rows import Floats, Rows
from evaluation.reporting.intervals import Interval, interval
from evaluation.reporting.measured import MEASURED, NOT_MEASURED

ROUNDING = 1e-6

Verdict = Literal["better", "worse", "no clear change"]


def compare(
    metrics: tuple[Metric, ...],
    samples: Mapping[str, Rows],
    resampled: Mapping[str, Mapping[str, Floats]],
) -> dict[str, Any]:
    """{"metrics": {name: difference}, "mcnemar", "delong"}: candidate minus champion.

    `samples` and `resampled` hold "candidate" and "champion", the latter from one call of
    `intervals.resample`, so that the differences are paired.
    """
    candidate, champion = samples["candidate"], samples["champion"]
    differences = {
        metric.name: _difference(metric, candidate, champion, resampled) for metric in metrics
    }
    return {
        "metrics": differences,
        "mcnemar": mcnemar(candidate, champion) if candidate.task != "regression" else None,
        "delong": delong(candidate, champion) if candidate.task == "binary" else None,
    }


def verdict(found: Interval, *, higher_is_better: bool, scale: float = 1.0) -> Verdict:
    """A change is clear if the whole interval is on one side of 0.

    What is below a millionth of `scale`, the size of the metric, is float32 rounding.
    """
    dust = ROUNDING * max(1.0, abs(scale))
    if found.low <= dust and found.high >= -dust:
        return "no clear change"
    return "better" if (found.low > 0) == higher_is_better else "worse"


def mcnemar(candidate: Rows, champion: Rows) -> dict[str, Any]:
    """The exact McNemar test on the rows where only one of the two is right.

    Source: McNemar, 1947, doi:10.1007/BF02295996; exact by the binomial distribution, two-sided.
    """
    right = candidate.predicted == candidate.truth
    was_right = champion.predicted == champion.truth
    gained, lost = int((right & ~was_right).sum()), int((~right & was_right).sum())
    counts = {"only_candidate_right": gained, "only_champion_right": lost}
    if gained + lost == 0:
        reason = "Both models are right and wrong on the same rows."
        return {"state": NOT_MEASURED, "p_value": None, "note": reason} | counts
    p_value = float(binomtest(gained, gained + lost, 0.5).pvalue)
    return {"state": MEASURED, "p_value": p_value, "note": None} | counts


def delong(candidate: Rows, champion: Rows) -> dict[str, Any]:
    """DeLong's test of two correlated areas under the ROC curve (binary models).

    Gives the difference with a 95 % interval and a two-sided p-value. Sources: DeLong et al.,
    1988, doi:10.2307/2531595; by ranks as Sun and Xu, 2014, doi:10.1109/LSP.2014.2337313.
    """
    positive = candidate.truth == 1
    if candidate.probabilities is None or champion.probabilities is None:
        return _no_delong("A model gives labels without probabilities.")
    if min(positive.sum(), (~positive).sum()) < 2:
        return _no_delong("There are fewer than two rows of one of the classes.")
    scores = np.stack([candidate.probabilities[:, 1], champion.probabilities[:, 1]])
    areas, covariance = delong_covariance(scores, positive)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    if variance <= np.finfo(np.float64).eps:
        return _no_delong("Both models put the rows into the same order.")
    difference, error = float(areas[0] - areas[1]), float(np.sqrt(variance))
    reach = float(norm.ppf(0.975)) * error
    return {
        "state": MEASURED,
        "difference": difference,
        "low": difference - reach,
        "high": difference + reach,
        "p_value": float(2 * norm.sf(abs(difference) / error)),
        "note": None,
    }


def delong_covariance(
    scores: NDArray[np.floating], positive: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """Areas (models,) and their covariance (models, models) from scores (models, n)."""
    m, n = int(positive.sum()), int((~positive).sum())
    ranks = rankdata(scores, axis=1)
    above = (ranks[:, positive] - rankdata(scores[:, positive], axis=1)) / n
    below = 1 - (ranks[:, ~positive] - rankdata(scores[:, ~positive], axis=1)) / m
    return above.mean(axis=1), np.cov(above) / m + np.cov(below) / n


def _difference(
    metric: Metric,
    candidate: Rows,
    champion: Rows,
    resampled: Mapping[str, Mapping[str, Floats]],
) -> dict[str, Any]:
    reason = metric.why_not(candidate) or metric.why_not(champion)
    if reason:
        return _no_difference(reason)
    name = metric.name
    found = interval(resampled["candidate"][name] - resampled["champion"][name])
    if found is None:
        return _no_difference("Too few resamples have a value for both models.")
    before, after = metric.measure(champion)[0], metric.measure(candidate)[0]
    return {
        "state": MEASURED,
        "champion": float(before),
        "difference": float(after - before),
        "low": found.low,
        "high": found.high,
        "verdict": verdict(
            found, higher_is_better=metric.direction == "higher", scale=float(before)
        ),
        "note": None,
    }


def _no_difference(reason: str) -> dict[str, Any]:
    numbers = dict.fromkeys(("champion", "difference", "low", "high", "verdict"))
    return {"state": NOT_MEASURED, **numbers, "note": reason}


def _no_delong(reason: str) -> dict[str, Any]:
    numbers = dict.fromkeys(("difference", "low", "high", "p_value"))
    return {"state": NOT_MEASURED, **numbers, "note": reason}
