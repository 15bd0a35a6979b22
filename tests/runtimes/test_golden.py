"""Golden rows give the same answers, or say what is different."""

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from common.errors import Invalid
from runtimes.golden import make, replay
from runtimes.session import Model, open_model, runtime_facts
from tests.runtimes import hostile

ROWS = {"x": np.array([[1, 2, 3], [0, 0, 1]], dtype=np.float32)}


def opened(*, shift: float = 0.0) -> Model:
    made = hostile.linear()
    weight = hostile.weight("w", 3, 2)
    values = numpy_helper.to_array(weight) + np.array([shift, 0], dtype=np.float32)
    made.graph.initializer[0].CopyFrom(numpy_helper.from_array(values, "w"))
    return open_model(hostile.raw(made))


def document() -> dict[str, Any]:
    return make(ROWS, opened())


def test_the_same_model_gives_the_same_answers_from_the_written_document() -> None:
    written: dict[str, Any] = json.loads(json.dumps(document()))
    assert replay(opened(), written) == []
    assert written["type"] == "assay/golden/1"
    assert written["runtime"] == runtime_facts()
    assert written["inputs"]["x"]["shape"] == [2, 3]


def test_another_model_is_noticed() -> None:
    [difference] = replay(opened(shift=0.01), document())
    assert difference.startswith("Output y differs in ")


def test_the_tolerance_decides_what_is_another_answer() -> None:
    loose = make(ROWS, opened(), atol=0.5)
    assert replay(opened(shift=0.01), loose) == []


def test_a_model_that_cannot_take_the_rows_is_a_difference() -> None:
    wide = hostile.model(
        [helper.make_node("Softmax", ["x"], ["y"])], inputs=[hostile.info("x", ["batch", 4])],
        outputs=[hostile.info("y", ["batch", 4])],
    )  # fmt: skip
    [difference] = replay(open_model(hostile.raw(wide)), document())
    assert "failed on these rows" in difference


def test_a_missing_output_is_a_difference() -> None:
    other = hostile.model(
        [helper.make_node("Softmax", ["x"], ["z"])], outputs=[hostile.info("z", ["batch", 3])]
    )
    assert replay(open_model(hostile.raw(other)), document()) == ["The model has no output y."]


def test_another_shape_and_another_label_are_differences() -> None:
    nodes = [helper.make_node("ArgMax", ["x"], ["y"], axis=1, keepdims=0)]
    labels = open_model(
        hostile.raw(hostile.model(nodes, outputs=[hostile.info("y", ["batch"], TensorProto.INT64)]))
    )
    golden = make(ROWS, labels)
    assert replay(labels, golden) == []
    assert "it was int64 [2]" in replay(opened(), golden)[0]
    reversed_rows = make({"x": ROWS["x"][:, ::-1]}, labels)
    golden["inputs"] = reversed_rows["inputs"]
    assert replay(labels, golden) == ["Output y differs in 2 of 2 values."]


def test_nan_is_never_the_same() -> None:
    broken = open_model(hostile.raw(hostile.not_a_number()))
    assert replay(broken, make(ROWS, broken)) != []


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda d: d.update(type="assay/golden/2"), "type"),
        (lambda d: d.pop("atol"), "atol"),
        (lambda d: d.update(atol=-1), "atol"),
        (lambda d: d.update(rtol=True), "rtol"),
        (lambda d: d.update(rtol=float("nan")), "rtol"),
        (lambda d: d.update(inputs={}), "inputs"),
        (lambda d: d.update(inputs=[]), "inputs"),
        (lambda d: d["inputs"]["x"].update(dtype="object"), "inputs.x.dtype"),
        (lambda d: d["inputs"]["x"].update(shape=[-1, 3]), "inputs.x.shape"),
        (lambda d: d["inputs"]["x"].update(shape=[2, 4]), "inputs.x"),
        (lambda d: d["inputs"]["x"].update(data_b64="?"), "inputs.x"),
        (lambda d: d["inputs"]["x"].update(data_b64=1), "inputs.x"),
        (lambda d: d["outputs"]["y"].pop("shape"), "outputs.y.shape"),
    ],
)
def test_a_damaged_document_is_refused(change: Change, field: str) -> None:
    damaged = copy.deepcopy(document())
    change(damaged)
    with pytest.raises(Invalid) as refusal:
        replay(opened(), damaged)
    assert refusal.value.field == field


def test_texts_cannot_be_golden() -> None:
    with pytest.raises(Invalid):
        make({"x": np.array(["a"], dtype=object)}, _echo())


def _echo() -> Model:
    text = TensorProto.STRING
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    inputs = [hostile.info("x", ["batch"], text)]
    outputs = [hostile.info("y", ["batch"], text)]
    return open_model(hostile.raw(hostile.model(nodes, inputs=inputs, outputs=outputs)))
