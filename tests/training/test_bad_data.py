"""Data that cannot be learnt from is refused before any epoch, with the field named."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from common.errors import Invalid
from tests.training import cases
from training.engine import TrainingData
from training.engine.data import split

ROWS = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
LABELS = np.arange(40) % 2
GOOD = TrainingData(ROWS, LABELS, ["no", "yes"], ["a", "b", "c"], "binary")


def with_value(value: float) -> Any:
    rows = ROWS.copy()
    rows[7, 1] = value
    return rows


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("no rows", {"features": ROWS[:0], "target": LABELS[:0]}, "features"),
    ("no columns", {"features": ROWS[:, :0], "feature_names": []}, "features"),
    ("a flat list", {"features": ROWS[:, 0]}, "features"),
    ("a missing value", {"features": with_value(np.nan)}, "features"),
    ("an infinite value", {"features": with_value(-np.inf)}, "features"),
    ("too large for float32", {"features": ROWS.astype(np.float64) * 1e300}, "features"),
    ("words", {"features": ROWS.astype(str)}, "features"),
    ("objects", {"features": ROWS.astype(object)}, "features"),
    ("one class only", {"target": LABELS * 0}, "target"),
    ("too few targets", {"target": LABELS[:-1]}, "target"),
    ("a class that is not there", {"target": LABELS + 1}, "target"),
    ("a negative class", {"target": LABELS - 1}, "target"),
    ("classes as fractions", {"target": LABELS.astype(np.float32)}, "target"),
    ("no class names", {"classes": None}, "classes"),
    ("one class name", {"classes": ["no"]}, "classes"),
    ("the same name twice", {"classes": ["no", "no"]}, "classes"),
    ("three classes in a binary task", {"classes": ["no", "yes", "maybe"]}, "classes"),
    ("too few names", {"feature_names": ["a"]}, "feature_names"),
    ("one row", {"features": ROWS[:1], "target": LABELS[:1]}, "features"),
    ("no number", {"task": "regression", "target": with_value(np.nan)[:, 1]}, "target"),
    (
        "validation rows of another width",
        {"validation": replace(GOOD, features=ROWS[:, :2], feature_names=None)},
        "validation.features",
    ),
    (
        "validation rows with other classes",
        {"validation": replace(GOOD, classes=["yes", "no"])},
        "validation.classes",
    ),
    (
        "a missing value in validation",
        {"validation": replace(GOOD, features=with_value(np.nan))},
        "validation.features",
    ),
]


@pytest.mark.parametrize(("changes", "field"), [x[1:] for x in BAD], ids=[x[0] for x in BAD])
def test_is_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        cases.trained(replace(GOOD, **changes), epochs=1)

    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"loss": "mse"}, "loss"),
        ({"hidden": [8192] * 8}, "params"),
    ],
)
def test_parameters_that_do_not_fit_the_data_are_refused(
    params: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        cases.trained(GOOD, **params)

    assert refusal.value.field == field


def test_bce_is_for_two_classes_only() -> None:
    three = replace(GOOD, target=np.arange(40) % 3, classes=["a", "b", "c"], task="multiclass")

    with pytest.raises(Invalid) as refusal:
        cases.trained(three, loss="bce")

    assert refusal.value.field == "loss"


class TestTheSplit:
    def test_keeps_the_share_of_each_class(self) -> None:
        target = (np.arange(200) % 10 == 0).astype(np.int64)
        data = replace(GOOD, features=np.resize(ROWS, (200, 3)), target=target)

        parts = split(data, fraction=0.2, seed=3)

        assert len(parts.validation.target) == 40
        assert parts.validation.target.sum() == 4
        assert parts.train.target.sum() == 16

    def test_never_takes_the_only_row_of_a_class(self) -> None:
        target = LABELS * 0
        target[11] = 1

        parts = split(replace(GOOD, target=target), fraction=0.5, seed=0)

        assert parts.train.target.sum() == 1

    def test_gives_each_row_to_one_part(self) -> None:
        parts = split(GOOD, fraction=0.3, seed=1)

        both = np.concatenate([parts.train.features, parts.validation.features])
        assert np.array_equal(np.sort(both[:, 0]), np.sort(ROWS[:, 0]))
