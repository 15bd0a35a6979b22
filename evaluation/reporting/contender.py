"""A model with what is known of it, and what it says about the rows of a data set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from common.errors import Invalid
from common.steering import Steering
from evaluation.answers import Answers, Model, answer
from evaluation.features import Features, as_inputs, as_target, check_rows
from evaluation.metrics.rows import Rows
from runtimes.schema import Signature


@dataclass(frozen=True)
class Contender:
    """`digest` is the version digest, `size_bytes` that of its artifacts together.

    `threshold` is the least probability of the second class for which a binary model says it.
    """

    model: Model
    signature: Signature
    digest: str
    size_bytes: int
    threshold: float | None = None

    def facts(self) -> dict[str, Any]:
        """What a report says about which model it measured."""
        return {
            "digest": self.digest,
            "size_bytes": self.size_bytes,
            "threshold": None if self.threshold is None else float(self.threshold),
        }


@dataclass(frozen=True, eq=False)
class Measured:
    """The checked inputs, the answers for them, and both beside the labels."""

    inputs: Mapping[str, np.ndarray[Any, Any]]
    answers: Answers
    rows: Rows


def run_on(
    contender: Contender,
    features: Features,
    target: np.ndarray[Any, Any],
    *,
    steering: Steering,
    stage: str,
) -> Measured:
    """What `contender` says. Raises Invalid as `as_inputs`, `as_target` and `answer` do."""
    signature = contender.signature
    inputs = as_inputs(features, signature)
    truth = as_target(target, signature)
    check_rows(inputs, truth)
    answers = answer(
        contender.model,
        inputs,
        signature,
        threshold=contender.threshold,
        steering=steering,
        stage=stage,
    )
    rows = Rows.of(
        signature.task,
        truth,
        answers.predicted,
        probabilities=answers.probabilities,
        classes=signature.classes or (),
    )
    return Measured(inputs, answers, rows)


def in_order_of(rows: Rows, classes: tuple[str, ...]) -> Rows:
    """The same rows with the classes in another order. Raises Invalid if they are others."""
    if rows.classes == classes:
        return rows
    if sorted(rows.classes) != sorted(classes):
        raise Invalid("The two models have different classes.", field="champion")
    place = np.array([classes.index(name) for name in rows.classes])
    kept = np.argsort(place)
    return Rows.of(
        rows.task,
        place[rows.truth.astype(np.int64)],
        place[rows.predicted.astype(np.int64)],
        probabilities=None if rows.probabilities is None else rows.probabilities[:, kept],
        classes=classes,
    )
