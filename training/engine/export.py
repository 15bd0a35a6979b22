"""From torch to one ONNX file, and the proof that both answer alike."""

from typing import Any

import numpy as np
import onnx
import torch
from torch.onnx import ONNXProgram

from common.errors import Conflict
from training.engine.data import Floats, TrainingData
from training.engine.loop import predict
from training.engine.network import Network
from training.engine.onnx_session import run, session
from training.engine.quiet import quiet

OPSET = 20
TOLERANCE = 1e-4
INPUT = "input"


def to_onnx(network: Network, data: TrainingData) -> bytes:
    """The network in evaluation mode as one self-contained ONNX file, batch free.

    Input "input" float32 [batch, ...]; output "probabilities" [batch, classes] or
    "value" [batch, 1]. Same weights give the same bytes on the same versions.
    """
    network.eval()
    example = torch.from_numpy(np.repeat(data.features[:1], 2, axis=0))
    with quiet():
        program = torch.onnx.export(
            network,
            (example,),
            dynamo=True,
            external_data=False,
            verbose=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[output_name(data)],
            dynamic_shapes=({0: "batch"},),
        )
    if not isinstance(program, ONNXProgram):
        raise TypeError("torch.onnx.export gave no program.")
    model = program.model_proto
    _strip_metadata(model)
    onnx.checker.check_model(model, full_check=True)
    stored: bytes = model.SerializeToString(deterministic=True)
    return stored


def signature(data: TrainingData) -> dict[str, Any]:
    """The model signature document: task, classes, input and output."""
    width = len(data.classes) if data.classes is not None else 1
    name = output_name(data)
    return {
        "task": data.task,
        "classes": data.classes,
        "inputs": [
            {
                "name": INPUT,
                "dtype": "float32",
                "shape": ["batch", *data.input_shape],
                "features": data.feature_names,
            }
        ],
        "outputs": [{"name": name, "dtype": "float32", "shape": ["batch", width], "kind": name}],
    }


def output_name(data: TrainingData) -> str:
    return "value" if data.task == "regression" else "probabilities"


def agreement(network: Network, model: bytes, rows: Floats) -> dict[str, float | int]:
    """The largest difference of torch and onnxruntime over raw rows [n, ...].

    {"max_abs_difference", "rows", "tolerance"}; the tolerance is 1e-4, for values times the
    deviation of the target. Raises Conflict beyond it: such a file must not be registered.
    """
    tolerance = TOLERANCE
    if network.loss == "mse":
        tolerance *= max(1.0, network.target_deviation.item())
    expected = predict(network.eval(), rows).numpy()
    difference = float(np.max(np.abs(run(session(model), rows) - expected)))
    if not difference <= tolerance:
        raise Conflict(
            f"The exported file differs from the trained network by {difference:.2g} "
            f"(at most {tolerance:.2g} is allowed), so it was not kept."
        )
    return {"max_abs_difference": difference, "rows": len(rows), "tolerance": tolerance}


def _strip_metadata(model: onnx.ModelProto) -> None:
    """Remove the exporter's notes: they hold file paths of this machine."""
    graph = model.graph
    holders = [model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info]
    for holder in [*holders, *graph.initializer, *model.functions]:
        holder.ClearField("metadata_props")
    for node in graph.node:
        node.ClearField("doc_string")
