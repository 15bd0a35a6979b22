"""int8 children: smaller files that answer nearly alike; what would be worse is refused."""

import logging
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from sklearn.metrics import accuracy_score

from common.errors import Invalid
from tests.training import cases
from training.compression.quantise import quantize_dynamic, quantize_static, sample_rows
from training.engine import TrainResult
from training.engine.data import Floats
from training.engine.onnx_session import run, session


def accuracy(model: bytes, case: cases.Case) -> float:
    found = run(session(model), case.held_features).argmax(axis=1)
    return float(accuracy_score(case.held_target, found))


def static(model: bytes, case: cases.Case) -> bytes:
    return quantize_static(model, sample_rows(case.data.features, 256, seed=0))


def adding_one() -> bytes:
    """A model without any weight."""
    node = helper.make_node("Add", ["x", "one"], ["y"])
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node],
        "g",
        [value("x", TensorProto.FLOAT, ["n", 3])],
        [value("y", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])],
    )
    stored: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10
    ).SerializeToString()
    return stored


def operators(model: bytes) -> set[str]:
    return {node.op_type for node in onnx.load_model_from_string(model).graph.node}


class TestDynamic:
    def test_a_dense_network_gets_smaller_and_hardly_worse(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        child = quantize_dynamic(tumour_model.onnx_bytes)

        assert len(child) < 0.6 * len(tumour_model.onnx_bytes)
        assert "MatMulInteger" in operators(child)
        assert accuracy(child, tumours) >= accuracy(tumour_model.onnx_bytes, tumours) - 0.02

    def test_is_refused_for_convolutions(self, digit_model: TrainResult) -> None:
        with pytest.raises(Invalid, match="use static quantisation") as refusal:
            quantize_dynamic(digit_model.onnx_bytes)

        assert refusal.value.field == "method"


class TestStatic:
    def test_a_convolutional_network_gets_smaller_and_hardly_worse(
        self, digits: cases.Case, digit_model: TrainResult
    ) -> None:
        child = static(digit_model.onnx_bytes, digits)

        assert len(child) < 0.5 * len(digit_model.onnx_bytes)
        assert "ConvInteger" not in operators(child)
        assert accuracy(child, digits) >= accuracy(digit_model.onnx_bytes, digits) - 0.01

    def test_a_dense_network_gets_smaller_and_hardly_worse(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        child = static(tumour_model.onnx_bytes, tumours)

        assert len(child) < 0.7 * len(tumour_model.onnx_bytes)
        assert accuracy(child, tumours) >= accuracy(tumour_model.onnx_bytes, tumours) - 0.02

    def test_weights_are_signed_per_channel_and_activations_unsigned(
        self, digits: cases.Case, digit_model: TrainResult
    ) -> None:
        graph = onnx.load_model_from_string(static(digit_model.onnx_bytes, digits)).graph

        weights = [t for t in graph.initializer if t.data_type == TensorProto.INT8]
        points = {t.name: t for t in graph.initializer if t.name.endswith("zero_point")}
        activations = [n.input[2] for n in graph.node if n.op_type == "QuantizeLinear"]
        assert max(len(tensor.dims) for tensor in weights) == 4
        assert activations
        assert {points[name].data_type for name in activations} == {TensorProto.UINT8}
        scales = {tuple(t.dims) for t in graph.initializer if t.name.endswith("weight_scale")}
        assert (16,) in scales

    def test_the_same_rows_give_the_same_bytes(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        children = {static(tumour_model.onnx_bytes, tumours) for _ in range(2)}

        assert len(children) == 1

    @pytest.mark.parametrize(
        "rows",
        [
            np.zeros((0, 30), np.float32),
            np.zeros((9, 29), np.float32),
            np.zeros((9, 1, 30), np.float32),
            np.full((9, 30), np.nan, np.float32),
        ],
    )
    def test_calibration_rows_must_fit_the_input(
        self, tumour_model: TrainResult, rows: Floats
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            quantize_static(tumour_model.onnx_bytes, rows)

        assert refusal.value.field == "calibration"


class TestBoth:
    @pytest.mark.parametrize(
        "way", [quantize_dynamic, lambda model: quantize_static(model, np.ones((4, 3)))]
    )
    def test_refuse_what_holds_nothing_to_quantise_or_is_no_model(
        self, way: Callable[[bytes], bytes]
    ) -> None:
        with pytest.raises(Invalid, match="Nothing in this model"):
            way(adding_one())
        with pytest.raises(Invalid, match="not an ONNX file"):
            way(b"not a model")

    def test_refuse_to_quantise_twice(self, tumours: cases.Case, tumour_model: TrainResult) -> None:
        child = quantize_dynamic(tumour_model.onnx_bytes)

        with pytest.raises(Invalid, match="already"):
            quantize_dynamic(child)
        with pytest.raises(Invalid, match="already"):
            static(child, tumours)

    def test_print_and_log_nothing(
        self,
        tumours: cases.Case,
        tumour_model: TrainResult,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        quantize_dynamic(tumour_model.onnx_bytes)
        static(tumour_model.onnx_bytes, tumours)

        assert capfd.readouterr() == ("", "")
        assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []
