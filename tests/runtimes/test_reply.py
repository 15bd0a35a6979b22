"""The reply says label and probabilities, or the value, in plain JSON."""

import copy
import json
from typing import Any

import numpy as np
import pytest

from common.errors import Unavailable
from runtimes.reply import reply
from runtimes.schema import Signature
from tests.runtimes.signatures import BINARY, REGRESSION

TWO = Signature.parse(BINARY)
P = np.array([[0.75, 0.25], [0.25, 0.75]], dtype=np.float32)


def with_output(**changes: Any) -> Signature:
    obj = copy.deepcopy(BINARY)
    obj["outputs"] = [obj["outputs"][0] | changes]
    return Signature.parse(obj)


def test_each_row_gets_its_label_and_probabilities() -> None:
    answer = reply({"p": P}, TWO)
    assert json.loads(json.dumps(answer)) == {
        "predictions": [
            {"label": "malignant", "probabilities": {"malignant": 0.75, "benign": 0.25}},
            {"label": "benign", "probabilities": {"malignant": 0.25, "benign": 0.75}},
        ]
    }


@pytest.mark.parametrize(
    ("threshold", "labels"), [(0.25, ["benign", "benign"]), (0.8, ["malignant", "malignant"])]
)
def test_a_threshold_on_the_second_class_decides(threshold: float, labels: list[str]) -> None:
    rows = reply({"p": P}, TWO, threshold=threshold)["predictions"]
    assert [row["label"] for row in rows] == labels


@pytest.mark.parametrize("shape", [["batch"], ["batch", 1]])
def test_one_probability_a_row_is_that_of_the_second_class(shape: list[Any]) -> None:
    signature = with_output(shape=shape)
    array = np.array([0.25, 0.75], dtype=np.float32).reshape(2, *shape[1:])
    rows = reply({"p": array}, signature)["predictions"]
    assert rows[0] == {"label": "malignant", "probabilities": {"malignant": 0.75, "benign": 0.25}}
    assert rows[1]["label"] == "benign"


def test_a_model_of_labels_answers_labels() -> None:
    signature = with_output(dtype="int64", shape=["batch"], kind="label")
    assert reply({"p": np.array([1, 0])}, signature) == {
        "predictions": [{"label": "benign"}, {"label": "malignant"}]
    }


def test_a_regression_answers_values() -> None:
    signature = Signature.parse(REGRESSION)
    assert reply({"y": np.array([[1.5], [2.0]])}, signature) == {
        "predictions": [{"value": 1.5}, {"value": 2.0}]
    }


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"p": P[:, :1]},
        {"p": P.astype(np.float64)},
        {"p": np.array([[np.nan, 0.5]], dtype=np.float32)},
        {"p": np.array([[np.inf, 0.5]], dtype=np.float32)},
    ],
)
def test_a_broken_promise_is_no_reply(outputs: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        reply(outputs, TWO)


def test_an_unknown_class_is_no_reply() -> None:
    signature = with_output(dtype="int64", shape=["batch"], kind="label")
    for label in (2, -1):
        with pytest.raises(Unavailable):
            reply({"p": np.array([label])}, signature)
