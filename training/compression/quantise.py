"""8-bit integers in place of 32-bit floats, by onnxruntime's quantiser.

Two ways: *dynamic* measures the range of activations at each call, *static* once, on
calibration rows. Which models gain speed must be measured (see `parity`); files get smaller.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime import quantization as ort
from onnxruntime.quantization.shape_inference import quant_pre_process

from common.errors import Invalid
from training.engine.quiet import quiet

# Restricted on purpose: quantising every operator ruins masks, softmax and normalisation.
DYNAMIC_OPS = ("MatMul", "Gemm", "Gather", "LSTM", "Attention")
STATIC_OPS = ("MatMul", "Gemm", "Conv", "Gather")
CONVOLUTIONS = frozenset({"Conv", "ConvTranspose", "ConvInteger"})
ALREADY = frozenset({"QuantizeLinear", "DequantizeLinear", "MatMulInteger", "ConvInteger"})
ROWS_PER_CALL = 32


def quantize_dynamic(model: bytes) -> bytes:
    """An int8 child whose activation ranges are measured at each call.

    Raises Invalid for models with convolutions (the integer convolution of onnxruntime is
    about ten times slower than floats), with nothing to quantise, or quantised already.
    """
    operators = _operators(model)
    if operators & CONVOLUTIONS:
        raise Invalid(
            "Dynamic quantisation makes convolutions many times slower; "
            "use static quantisation for this model.",
            field="method",
        )
    _refuse_without_work(operators, DYNAMIC_OPS)

    def work(source: Path, result: Path) -> None:
        ort.quantize_dynamic(
            source,
            result,
            op_types_to_quantize=list(DYNAMIC_OPS),
            per_channel=True,
            weight_type=ort.QuantType.QInt8,
        )

    return _quantised(model, work)


def quantize_static(model: bytes, calibration: NDArray[Any]) -> bytes:
    """An int8 child (QDQ, unsigned activations, signed weights per channel).

    calibration: raw rows [n, ...] of the training part, float32. Raises Invalid when the rows
    do not fit the input, or as `quantize_dynamic` for what cannot be quantised.
    """
    operators = _operators(model)
    _refuse_without_work(operators, STATIC_OPS)
    reader = _Rows(_input_name(model), _calibration_rows(model, calibration))

    def work(source: Path, result: Path) -> None:
        ort.quantize_static(
            source,
            result,
            reader,
            quant_format=ort.QuantFormat.QDQ,
            op_types_to_quantize=list(STATIC_OPS),
            per_channel=True,
            activation_type=ort.QuantType.QUInt8,
            weight_type=ort.QuantType.QInt8,
            calibrate_method=ort.CalibrationMethod.MinMax,
        )

    return _quantised(model, work)


def sample_rows(features: NDArray[Any], rows: int, seed: int) -> NDArray[Any]:
    """At most `rows` of the training rows for calibration, drawn by `seed`, in their order."""
    chosen = np.random.default_rng(seed).permutation(len(features))[:rows]
    return features[np.sort(chosen)]


class _Rows(ort.CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    """Feeds calibration rows in pieces, once."""

    def __init__(self, name: str, rows: NDArray[Any]) -> None:
        starts = range(0, len(rows), ROWS_PER_CALL)
        self._feeds = iter([{name: rows[start : start + ROWS_PER_CALL]} for start in starts])

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        return next(self._feeds, None)


def _quantised(model: bytes, work: Callable[[Path, Path], None]) -> bytes:
    with TemporaryDirectory() as folder, quiet():
        source, prepared, result = (Path(folder) / name for name in ("in", "prepared", "out"))
        source.write_bytes(model)
        # Without this step the quantiser fails on exported Gemm models: shapes contradict.
        quant_pre_process(source, prepared)
        work(prepared, result)
        child = onnx.load(result)
    onnx.checker.check_model(child)
    stored: bytes = child.SerializeToString(deterministic=True)
    return stored


def _operators(model: bytes) -> set[str]:
    return {node.op_type for node in _opened(model).graph.node}


def _opened(model: bytes) -> onnx.ModelProto:
    try:
        return onnx.load_model_from_string(model)
    except Exception as error:  # protobuf's error class differs between its back ends
        raise Invalid("This is not an ONNX file.", field="model") from error


def _refuse_without_work(operators: set[str], eligible: tuple[str, ...]) -> None:
    if operators & ALREADY:
        raise Invalid("This model is quantised already.", field="model")
    if not operators & set(eligible):
        raise Invalid(
            f"Nothing in this model can be quantised: it has none of {', '.join(eligible)}.",
            field="model",
        )


def _inputs(model: bytes) -> list[onnx.ValueInfoProto]:
    graph = _opened(model).graph
    constants = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in constants]


def _input_name(model: bytes) -> str:
    inputs = _inputs(model)
    if len(inputs) != 1:
        raise Invalid(
            f"Static quantisation takes models with one input; this has {len(inputs)}.",
            field="model",
        )
    name: str = inputs[0].name
    return name


def _calibration_rows(model: bytes, rows: NDArray[Any]) -> NDArray[np.float32]:
    floats = np.ascontiguousarray(rows, dtype=np.float32)
    dimensions = _inputs(model)[0].type.tensor_type.shape.dim
    expected = [dimension.dim_value for dimension in dimensions][1:]
    fits = floats.ndim == len(expected) + 1 and all(
        wanted in (0, given) for wanted, given in zip(expected, floats.shape[1:], strict=True)
    )
    if not fits or len(floats) == 0 or not np.isfinite(floats).all():
        raise Invalid(
            f"Calibration needs finite rows of shape {expected}; "
            f"these are {list(floats.shape[1:])} x {len(floats)}.",
            field="calibration",
        )
    return floats
