"""Precision, recall and F1: by class, and averaged over classes.

A ratio of 0 by 0 (a class never predicted has no precision) is "not measured" for the class
itself and for the positive class of a binary task. Inside an average it counts as 0, the
cautious reading: a model gains nothing by never predicting a hard class. A class that
occurs neither in the labels nor in the predictions is left out of the average. This is
scikit-learn's `zero_division=0` with its own choice of labels.

Source: C. J. van Rijsbergen, Information Retrieval, 1979, chapter 7; the averages as in
Sokolova and Lapalme, 2009, doi:10.1016/j.ipm.2009.03.002.
"""

from collections.abc import Callable, Iterator

import numpy as np

from evaluation.metrics.contract import BINARY, CLASSIFICATION, Metric
from evaluation.metrics.counts import Counts, ratio
from evaluation.metrics.rows import Floats, Rows

POSITIVE = 1

ByClass = Callable[[Counts], Floats]


def precision(counts: Counts) -> Floats:
    """hits / predicted by class, shape (R, classes); NaN where a class was never predicted."""
    return ratio(counts.hits, counts.predicted)


def recall(counts: Counts) -> Floats:
    """hits / actual by class, shape (R, classes); NaN where a class has no row."""
    return ratio(counts.hits, counts.actual)


def f1(counts: Counts) -> Floats:
    """2 hits / (actual + predicted) by class, shape (R, classes); NaN where both are 0."""
    return ratio(2 * counts.hits, counts.actual + counts.predicted)


def macro(values: Floats, counts: Counts) -> Floats:
    """The plain mean over the classes that occur, shape (R,) from (R, classes)."""
    occurs = (counts.actual + counts.predicted) > 0
    mean: Floats = (np.nan_to_num(values) * occurs).sum(axis=1) / occurs.sum(axis=1)
    return mean


def weighted(values: Floats, counts: Counts) -> Floats:
    """The mean weighted by the number of labels, shape (R,) from (R, classes)."""
    mean: Floats = (np.nan_to_num(values) * counts.actual).sum(axis=1) / counts.actual.sum(axis=1)
    return mean


def pooled(counts: Counts) -> Counts:
    """All classes taken together as one, for micro averages: shape (R, 1)."""
    return Counts(
        *(
            part.sum(axis=1, keepdims=True)
            for part in (counts.hits, counts.actual, counts.predicted)
        )
    )


BY_CLASS: dict[str, ByClass] = {"precision": precision, "recall": recall, "f1": f1}
TITLES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
MEANINGS = {
    "precision": "the share of the rows called so that are so",
    "recall": "the share of the rows that are so that were called so",
    "f1": "the harmonic mean of precision and recall",
}


def why_undefined(name: str, rows: Rows, index: int) -> str | None:
    """Why `name` has no value for the class at `index`, or None."""
    shown = rows.classes[index]
    labelled = bool((rows.truth == index).any())
    called = bool((rows.predicted == index).any())
    if name == "precision" and not called:
        return f"No row was predicted as {shown}."
    if name == "recall" and not labelled:
        return f"No label is {shown}."
    if name == "f1" and not (labelled or called):
        return f"{shown} occurs neither in the labels nor in the predictions."
    return None


def _positive(name: str) -> Metric:
    return Metric(
        name=name,
        title=TITLES[name],
        direction="higher",
        tasks=BINARY,
        definition=f"For the positive (second) class: {MEANINGS[name]}.",
        measure=lambda rows: BY_CLASS[name](rows.counts)[:, POSITIVE],
        undefined=lambda rows: why_undefined(name, rows, POSITIVE),
    )


def _averaged(name: str) -> Iterator[Metric]:
    by_class = BY_CLASS[name]
    averages: dict[str, tuple[str, Callable[[Rows], Floats]]] = {
        "macro": (
            "averaged over the classes that occur, each counting the same",
            lambda rows: macro(by_class(rows.counts), rows.counts),
        ),
        "micro": (
            "over all classes taken together (equal to accuracy where a row has one label)",
            lambda rows: by_class(pooled(rows.counts))[:, 0],
        ),
        "weighted": (
            "averaged over the classes, each counting as often as it is a label",
            lambda rows: weighted(by_class(rows.counts), rows.counts),
        ),
    }
    for average, (how, measure) in averages.items():
        yield Metric(
            name=f"{name}_{average}",
            title=f"{TITLES[name]}, {average}",
            direction="higher",
            tasks=CLASSIFICATION,
            definition=f"{MEANINGS[name].capitalize()}, {how}.",
            measure=measure,
        )


BY_CLASS_METRICS: tuple[Metric, ...] = tuple(
    metric for name in BY_CLASS for metric in (_positive(name), *_averaged(name))
)
