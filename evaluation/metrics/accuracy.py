"""Accuracy."""

from evaluation.metrics.contract import CLASSIFICATION, Metric
from evaluation.metrics.counts import Counts
from evaluation.metrics.rows import Floats


def accuracy(counts: Counts) -> Floats:
    """The share of rows whose predicted class is the label: shape (R,), from 0 to 1."""
    share: Floats = counts.hits.sum(axis=1) / counts.actual.sum(axis=1)
    return share


ACCURACY = Metric(
    name="accuracy",
    title="Accuracy",
    direction="higher",
    tasks=CLASSIFICATION,
    definition="The share of rows whose predicted class is the label.",
    measure=lambda rows: accuracy(rows.counts),
)
