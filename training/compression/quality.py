"""How the quality of a child differs from its parent's, as `evaluation.metrics` measures it."""

from typing import Any

from common.steering import Steering
from evaluation.metrics.catalogue import BY_NAME
from evaluation.metrics.rows import Rows
from evaluation.reporting.intervals import interval, resample

RESAMPLES = 2000
# In the order of the report; all of them have a value on any rows.
SHOWN = ("accuracy", "log_loss", "f1_macro", "mse", "mae")


def differences(
    parent: Rows, child: Rows, *, seed: int, steering: Steering
) -> list[dict[str, Any]]:
    """Per metric: parent, child, difference (child - parent) and its 95 % interval.

    Paired: each resample takes the same rows for both, so what is hard for both cancels out.
    Raises Cancelled.
    """
    metrics = [BY_NAME[name] for name in SHOWN if parent.task in BY_NAME[name].tasks]
    samples = {"parent": parent, "child": child}
    measures = {who: {metric.name: metric.measure for metric in metrics} for who in samples}
    drawn = resample(samples, measures, resamples=RESAMPLES, seed=seed, steering=steering)
    shown = []
    for metric in metrics:
        before, after = float(metric.measure(parent)[0]), float(metric.measure(child)[0])
        found = interval(drawn["child"][metric.name] - drawn["parent"][metric.name])
        assert found is not None
        shown.append(
            {
                "metric": metric.name,
                "parent": before,
                "child": after,
                "difference": after - before,
                "low": found.low,
                "high": found.high,
                "better": metric.direction,
            }
        )
    return shown
