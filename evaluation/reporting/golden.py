"""Which rows to keep for the golden replay."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from common.steering import Progress, Steering
from evaluation.answers import Answers, Model, answer
from evaluation.features import Features, as_inputs
from runtimes.schema import Signature


def golden_rows(
    model: Model,
    features: Features,
    *,
    signature: Signature,
    n: int,
    seed: int,
    on_progress: Progress,
    should_stop: Callable[[], bool],
) -> NDArray[np.int64]:
    """Up to `n` row numbers, rising, that together show what the model does.

    In turn from every class that the model answers: first its least certain row (where damage
    shows first), then rows drawn by `seed`. For a regression: the rows at even steps from
    the lowest to the highest answer. Raises Invalid as `as_inputs` and `answer` do, and Cancelled.
    """
    steering = Steering(on_progress, should_stop)
    inputs = as_inputs(features, signature)
    answers = answer(model, inputs, signature, threshold=None, steering=steering)
    if signature.task == "regression":
        order = np.argsort(answers.predicted, kind="stable")
        steps = np.linspace(0, len(order) - 1, min(n, len(order)))
        return np.unique(order[steps.round().astype(np.int64)])
    queues = _queues(answers, np.random.default_rng(seed))
    dealt = [row for turn in range(max(map(len, queues))) for row in _turn(queues, turn)]
    return np.sort(np.array(dealt[:n], dtype=np.int64))


def _queues(answers: Answers, random: np.random.Generator) -> list[list[int]]:
    """For each answered class its rows: the least certain, then the others as drawn."""
    queues = []
    for index in np.unique(answers.predicted):
        rows = np.flatnonzero(answers.predicted == index)
        mixed = random.permutation(rows).tolist()
        if answers.probabilities is not None:
            unsure = int(rows[answers.probabilities[rows].max(axis=1).argmin()])
            mixed.remove(unsure)
            mixed.insert(0, unsure)
        queues.append(mixed)
    return queues


def _turn(queues: list[list[int]], turn: int) -> list[int]:
    return [queue[turn] for queue in queues if turn < len(queue)]
