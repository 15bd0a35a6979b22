"""What an ONNX graph says of its own inputs and outputs, and whether a signature fits it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
from google.protobuf.message import DecodeError

from common.errors import Invalid
from runtimes.fields import shown
from runtimes.schema import BATCH, FLOATS, INTEGERS, Input, Output, Signature

_DTYPES: dict[int, str] = {
    onnx.TensorProto.FLOAT16: "float16",
    onnx.TensorProto.FLOAT: "float32",
    onnx.TensorProto.DOUBLE: "float64",
    onnx.TensorProto.INT8: "int8",
    onnx.TensorProto.INT16: "int16",
    onnx.TensorProto.INT32: "int32",
    onnx.TensorProto.INT64: "int64",
    onnx.TensorProto.UINT8: "uint8",
    onnx.TensorProto.UINT16: "uint16",
    onnx.TensorProto.UINT32: "uint32",
    onnx.TensorProto.UINT64: "uint64",
    onnx.TensorProto.BOOL: "bool",
}
# Operators that only hand a sigmoid's answer on.
_PASSING = {
    "Identity",
    "Cast",
    "Reshape",
    "Squeeze",
    "Flatten",
    "DequantizeLinear",
    "QuantizeLinear",
    "Unsqueeze",
}


@dataclass(frozen=True)
class GraphTensor:
    """A graph's input or output; `dims` is None without a shape, a free dimension is None."""

    name: str
    dtype: str | None
    dims: tuple[int | None, ...] | None


def parse_model(model_bytes: bytes) -> onnx.ModelProto:
    """Raises Invalid where the bytes are no ONNX model."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(model_bytes)
    except DecodeError as error:
        raise Invalid(
            "This is no ONNX file, or it is cut off or nested too deeply. Export the model again."
        ) from error
    if not model.HasField("graph"):
        raise Invalid("This file holds no ONNX graph. Export the model to ONNX.")
    return model


def graph_inputs(model: onnx.ModelProto) -> list[GraphTensor]:
    """The inputs a caller must fill: those that no initialiser fills."""
    filled = {tensor.name for tensor in model.graph.initializer}
    filled |= {sparse.values.name for sparse in model.graph.sparse_initializer}
    return [_read(info) for info in model.graph.input if info.name not in filled]


def graph_outputs(model: onnx.ModelProto) -> list[GraphTensor]:
    """The outputs in the graph's order."""
    return [_read(info) for info in model.graph.output]


def from_onnx(
    model: onnx.ModelProto,
    *,
    classes: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    observed: Mapping[str, tuple[int, ...]] | None = None,
) -> Signature:
    """The signature that the graph suggests, for a person to correct.

    A graph does not say what its numbers mean. The guess: n >= 2 floats a row are probabilities,
    one float is the probability of the second class if it comes from a sigmoid, else a value.
    `observed` gives row shapes seen in a run, for outputs whose shape the graph leaves open.
    Raises Invalid where no signature can describe the graph.
    """
    inputs = [tensor.as_dict() for tensor in declared_inputs(model)]
    if features is not None and len(inputs) == 1:
        inputs[0]["features"] = list(features)
    outputs = [
        (tensor, shape)
        for tensor in graph_outputs(model)
        if (shape := _row_shape(tensor, (observed or {}).get(tensor.name))) is not None
    ]
    task, labels, answers = _guess(model, outputs, classes)
    return Signature.parse({"task": task, "classes": labels, "inputs": inputs, "outputs": answers})


def declared_inputs(model: onnx.ModelProto) -> tuple[Input, ...]:
    """The inputs that a caller must fill. Raises Invalid where one is no plain batch of rows."""
    return tuple(_as_input(tensor, f"inputs[{i}]") for i, tensor in enumerate(graph_inputs(model)))


def misfits(signature: Signature, model: onnx.ModelProto) -> list[str]:
    """Where the signature and the graph contradict each other, a sentence each."""
    found = _name_misfits(signature, model)
    inputs = {tensor.name: tensor for tensor in graph_inputs(model)}
    outputs = {tensor.name: tensor for tensor in graph_outputs(model)}
    for one in signature.inputs:
        found += _tensor_misfits("Input", one, inputs.get(one.name))
    for two in signature.outputs:
        found += _tensor_misfits("Output", two, outputs.get(two.name))
    return found


def _name_misfits(signature: Signature, model: onnx.ModelProto) -> list[str]:
    declared = {tensor.name for tensor in signature.inputs}
    needed = {tensor.name for tensor in graph_inputs(model)}
    given = {tensor.name for tensor in graph_outputs(model)}
    found = [
        f"The graph has no input {shown(name)}: take it out of the signature or rename it."
        for name in sorted(declared - needed)
    ]
    found += [
        f"The graph needs input {shown(name)}: add it to the signature."
        for name in sorted(needed - declared)
    ]
    found += [
        f"The graph has no output {shown(output.name)}: take it out of the signature or rename it."
        for output in signature.outputs
        if output.name not in given
    ]
    return found


def _tensor_misfits(what: str, promised: Input | Output, tensor: GraphTensor | None) -> list[str]:
    if tensor is None:
        return []
    found = []
    name = f"{what} {shown(promised.name)}"
    if tensor.dtype != promised.dtype:
        found.append(
            f"{name} is {tensor.dtype or 'no tensor'} in the graph, "
            f"but {promised.dtype} in the signature: correct the signature."
        )
    if tensor.dims is None:
        return found
    free, *row = tensor.dims or (1,)
    if free is not None:
        found.append(
            f"{name} has a fixed first dimension: export the model with a free batch dimension."
        )
    fits = len(row) == len(promised.shape) and all(
        dim is None or dim == size for dim, size in zip(row, promised.shape, strict=True)
    )
    if not fits:
        graph = ["free" if dim is None else dim for dim in row]
        found.append(
            f"A row of {name[0].lower()}{name[1:]} has shape {graph} in the graph, "
            f"but {list(promised.shape)} in the signature: correct the signature."
        )
    return found


def _read(info: onnx.ValueInfoProto) -> GraphTensor:
    kind = info.type.WhichOneof("value")
    if kind != "tensor_type":
        return GraphTensor(info.name, None, None)
    tensor = info.type.tensor_type
    dims = None
    if tensor.HasField("shape"):
        dims = tuple(
            dim.dim_value if dim.WhichOneof("value") == "dim_value" else None
            for dim in tensor.shape.dim
        )
    return GraphTensor(info.name, _DTYPES.get(tensor.elem_type), dims)


def _as_input(tensor: GraphTensor, field: str) -> Input:
    if tensor.dtype is None:
        raise Invalid(
            f"Input {shown(tensor.name)} is no tensor of numbers: "
            "put the encoding of texts before the model.",
            field=f"{field}.dtype",
        )
    if not tensor.dims or tensor.dims[0] is not None:
        raise Invalid(
            f"Input {shown(tensor.name)} has no free first dimension: "
            "export the model with a free batch dimension.",
            field=f"{field}.shape",
        )
    row = tuple(dim for dim in tensor.dims[1:] if dim is not None)
    if len(row) < len(tensor.dims) - 1:
        raise Invalid(
            f"Input {shown(tensor.name)} has more free dimensions than the batch: "
            "export the model with fixed row shapes.",
            field=f"{field}.shape",
        )
    return Input(tensor.name, tensor.dtype, row, None)


def _row_shape(tensor: GraphTensor, observed: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if tensor.dtype is None:
        return None
    if observed is not None:
        return observed
    if not tensor.dims or tensor.dims[0] is not None:
        return None
    row = tuple(dim for dim in tensor.dims[1:] if dim is not None)
    return row if len(row) == len(tensor.dims) - 1 else None


def _guess(
    model: onnx.ModelProto,
    outputs: Iterable[tuple[GraphTensor, tuple[int, ...]]],
    classes: Sequence[str] | None,
) -> tuple[str, list[str] | None, list[dict[str, Any]]]:
    """(task, classes, outputs) in their JSON form."""
    listed = list(outputs)
    labels = [item for item in listed if item[0].dtype in INTEGERS and item[1] in ((), (1,))]
    numbers = [item for item in listed if item[0].dtype in FLOATS]
    for item in numbers:
        if len(item[1]) == 1 and item[1][0] >= 2:
            names = list(classes) if classes else [str(i) for i in range(item[1][0])]
            answers = [_output(item, "probabilities")]
            answers += [_output(label, "label") for label in labels[:1]]
            return "binary" if item[1][0] == 2 else "multiclass", names, answers
    for item in numbers:
        if item[1] in ((), (1,)) and _comes_from_sigmoid(model, item[0].name):
            return "binary", list(classes or ("0", "1")), [_output(item, "probabilities")]
    if labels and classes:
        task = "binary" if len(classes) == 2 else "multiclass"
        return task, list(classes), [_output(labels[0], "label")]
    for item in numbers:
        if item[1] in ((), (1,)):
            return "regression", None, [_output(item, "value")]
    raise Invalid(
        "No output is a tensor of class probabilities or of one value a row, with the batch "
        "first. Export the model with such an output (scikit-learn: with zipmap off).",
        field="outputs",
    )


def _output(item: tuple[GraphTensor, tuple[int, ...]], kind: str) -> dict[str, Any]:
    tensor, shape = item
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": [BATCH, *shape],
        "kind": kind,
    }


def _comes_from_sigmoid(model: onnx.ModelProto, name: str) -> bool:
    makers = {output: node for node in model.graph.node for output in node.output}
    node = makers.get(name)
    for _ in range(len(_PASSING)):
        if node is None or node.op_type not in _PASSING or not node.input:
            break
        node = makers.get(node.input[0])
    return node is not None and node.op_type in ("Sigmoid", "QLinearSigmoid")
