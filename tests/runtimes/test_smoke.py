"""A few plain rows show whether a model keeps what its signature promises."""

import copy
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from runtimes.schema import Signature
from runtimes.smoke import SmokeVerdict, smoke_test
from tests.runtimes import hostile

INT64 = TensorProto.INT64


def smoke(made: onnx.ModelProto, signature: Signature | None = None) -> SmokeVerdict:
    return smoke_test(hostile.raw(made), made, signature)


def codes(verdict: SmokeVerdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


def single(op: str, shape: list[Any], kind: int = TensorProto.FLOAT, **more: Any) -> Any:
    return hostile.model(
        [helper.make_node(op, ["x"], ["y"], **more)], outputs=[hostile.info("y", shape, kind)]
    )


def promised(**output: Any) -> Signature:
    one = {"name": "y", "dtype": "float32", "shape": ["batch", 2], "kind": "probabilities"}
    return Signature.parse(
        {
            "task": "binary",
            "classes": ["no", "yes"],
            "inputs": [
                {"name": "x", "dtype": "float32", "shape": ["batch", 3], "features": None}
            ],
            "outputs": [one | output],
        }
    )  # fmt: skip


def test_a_sound_model_keeps_its_promise() -> None:
    verdict = smoke(hostile.linear(), promised())
    assert verdict == SmokeVerdict((), promised())


def sum_of_features() -> onnx.ModelProto:
    axes = numpy_helper.from_array(np.array([1], dtype=np.int64), "axes")
    nodes = [helper.make_node("ReduceSum", ["x", "axes"], ["y"], keepdims=1)]
    return hostile.model(nodes, weights=[axes], outputs=[hostile.info("y", ["batch", 1])])


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (single("Softmax", ["batch", 3], axis=1), ("multiclass", "probabilities")),
        (hostile.linear(), ("binary", "probabilities")),
        (sum_of_features(), ("regression", "value")),
    ],
)
def test_a_signature_is_guessed_from_the_graph(made: Any, says: tuple[str, str]) -> None:
    signature = smoke(made).signature
    assert signature is not None
    assert (signature.task, signature.outputs[0].kind) == says


def test_independent_sigmoids_are_no_probabilities_of_classes() -> None:
    assert codes(smoke(single("Sigmoid", ["batch", 3]))) == ["not-probabilities"]


def one_sigmoid(*, open_shape: bool) -> onnx.ModelProto:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["z"]),
        helper.make_node("Sigmoid", ["z"], ["s"]),
        helper.make_node("Identity", ["s"], ["y"]),
    ]
    shape: list[Any] = ["batch", "what" if open_shape else 1]
    outputs = [hostile.info("y", shape)]
    return hostile.model(nodes, weights=[hostile.weight("w", 3, 1)], outputs=outputs)


@pytest.mark.parametrize("open_shape", [True, False])
def test_one_sigmoid_is_a_binary_model_even_with_an_open_shape(open_shape: bool) -> None:
    signature = smoke(one_sigmoid(open_shape=open_shape)).signature
    assert signature is not None
    assert (signature.task, signature.classes) == ("binary", ("0", "1"))
    assert signature.outputs[0].shape == (1,)


def labels_too() -> onnx.ModelProto:
    return hostile.after_linear(
        helper.make_node("ArgMax", ["y"], ["label"], axis=1, keepdims=0),
        outputs=[hostile.info("label", ["batch"], INT64), hostile.info("y", ["batch", 2])],
    )


def test_a_label_beside_the_probabilities_is_recognised() -> None:
    signature = smoke(labels_too()).signature
    assert signature is not None
    assert {output.kind for output in signature.outputs} == {"label", "probabilities"}
    assert signature.answer().name == "y"


def test_labels_outside_the_classes_are_refused() -> None:
    made = single("ArgMax", ["batch"], INT64, axis=1, keepdims=0)
    label = {"dtype": "int64", "shape": ["batch"], "kind": "label"}
    assert codes(smoke(made, promised(**label))) == ["labels"]


def broken(*nodes: Any, weights: Any = (), shape: Any = ("batch", 2)) -> onnx.ModelProto:
    """The sound model's answer y sent through further nodes, ending in `out`."""
    return hostile.after_linear(*nodes, weights=weights, outputs=[hostile.info("out", shape)])


def fixed_rows() -> onnx.ModelProto:
    """Claims a free batch, but always answers one row."""
    shape = numpy_helper.from_array(np.array([1, -1], dtype=np.int64), "shape")
    return broken(helper.make_node("Reshape", ["y", "shape"], ["out"]), weights=[shape])


def random_answers() -> onnx.ModelProto:
    return broken(
        helper.make_node("RandomUniformLike", ["y"], ["r"]),
        helper.make_node("Softmax", ["r"], ["out"]),
    )


def across_rows() -> onnx.ModelProto:
    """Subtracts the mean of all rows of the request."""
    axes = numpy_helper.from_array(np.array([0], dtype=np.int64), "axes")
    return broken(
        helper.make_node("ReduceMean", ["x", "axes"], ["mean"]),
        helper.make_node("Sub", ["x", "mean"], ["centred"]),
        helper.make_node("MatMul", ["centred", "w"], ["z2"]),
        helper.make_node("Softmax", ["z2"], ["out"]),
        weights=[axes],
    )


def scores() -> onnx.ModelProto:
    three = numpy_helper.from_array(np.array(3, dtype=np.float32), "three")
    return broken(helper.make_node("Mul", ["y", "three"], ["out"]), weights=[three])


def logarithm() -> onnx.ModelProto:
    """Answers NaN to a row of zeros only."""
    return broken(
        helper.make_node("ReduceMax", ["x", "axes"], ["m"], keepdims=1),
        helper.make_node("Div", ["m", "m"], ["one"]),
        helper.make_node("Mul", ["y", "one"], ["out"]),
        weights=[numpy_helper.from_array(np.array([1], dtype=np.int64), "axes")],
    )


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (fixed_rows(), "batch"),
        (random_answers(), "not-deterministic"),
        (scores(), "not-probabilities"),
        (hostile.not_a_number(), "not-finite"),
    ],
)
@pytest.mark.parametrize("declared", [True, False])
def test_a_broken_promise_is_a_refusal(made: Any, code: str, declared: bool) -> None:
    signature = promised(name=made.graph.output[0].name) if declared else None
    verdict = smoke(made, signature)
    assert codes(verdict) == [code]
    assert verdict.findings[0].severity == "refusal"


@pytest.mark.parametrize(
    ("made", "code"), [(across_rows(), "rows-depend"), (logarithm(), "not-finite-sometimes")]
)
def test_what_a_reviewer_should_know_is_a_note(made: Any, code: str) -> None:
    verdict = smoke(made)
    assert codes(verdict) == [code]
    assert verdict.findings[0].severity == "note"


def with_input(**changes: Any) -> Signature:
    obj = copy.deepcopy(promised().as_dict())
    obj["inputs"][0].update(changes)
    return Signature.parse(obj)


@pytest.mark.parametrize(
    ("signature", "says"),
    [
        (with_input(name="other"), "needs input x"),
        (with_input(dtype="float64"), "float32 in the graph, but float64"),
        (with_input(shape=["batch", 4]), "shape [3] in the graph, but [4]"),
        (with_input(shape=["batch", 3, 1]), "shape [3] in the graph, but [3, 1]"),
        (promised(name="other"), "no output other"),
        (promised(dtype="float64"), "Output y is float32"),
        (promised(shape=["batch"]), "A row of output y has shape [2]"),
    ],
)
def test_a_signature_that_contradicts_the_graph_is_refused(signature: Signature, says: str) -> None:
    verdict = smoke(hostile.linear(), signature)
    assert set(codes(verdict)) == {"signature"}
    assert says in " ".join(finding.message for finding in verdict.findings)


def test_an_output_shape_that_only_a_run_shows_is_checked_in_the_run() -> None:
    verdict = smoke(one_sigmoid(open_shape=True), promised())
    assert codes(verdict) == ["output"]


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ([hostile.info("x", [1, 3])], "free batch dimension"),
        ([hostile.info("x", [])], "free batch dimension"),
        ([hostile.info("x", ["batch", "n"])], "fixed row shapes"),
        ([hostile.info("x", ["batch", 3], TensorProto.STRING)], "no tensor of numbers"),
    ],
)
def test_inputs_that_are_no_batch_of_rows_are_refused(inputs: Any, says: str) -> None:
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    [finding] = smoke(hostile.model(nodes, inputs=inputs)).findings
    assert says in finding.message


def test_a_fixed_batch_contradicts_every_signature() -> None:
    nodes = hostile.linear_nodes()
    made = hostile.model(
        nodes, weights=[hostile.weight("w", 3, 2)], inputs=[hostile.info("x", [1, 3])]
    )
    [finding] = smoke(made, promised()).findings
    assert "fixed first dimension" in finding.message


def test_outputs_without_numbers_or_meaning_are_refused() -> None:
    text = single("Cast", ["batch", 3], TensorProto.STRING, to=TensorProto.STRING)
    assert codes(smoke(text)) == ["does-not-run"]
    square = hostile.model(
        [helper.make_node("Softmax", ["x"], ["y"])],
        inputs=[hostile.info("x", ["batch", 2, 2])],
        outputs=[hostile.info("y", ["batch", 2, 2])],
    )
    [finding] = smoke(square).findings
    assert "No output is a tensor of class probabilities" in finding.message


def test_a_model_that_cannot_be_opened_is_refused() -> None:
    made = single("Softmax", ["batch", 3])
    made.graph.node[0].op_type = "NoSuchOperator"
    assert codes(smoke(made)) == ["does-not-run"]
