"""Which ONNX versions the installed onnxruntime opens, found by trying."""

from functools import cache

import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

# onnxruntime gives no guarantee for graphs older than this.
MIN_OPSET = 7
_PLAIN_IR = 8
_PLAIN_OPSET = 17


@cache
def max_ir() -> int:
    """The newest file format (IR) version."""
    return next(v for v in range(onnx.IR_VERSION, 0, -1) if _opens(ir=v))


@cache
def max_opset(domain: str) -> int:
    """The newest operator set of the domain "" (ai.onnx) or "ai.onnx.ml"."""
    newest = onnx.defs.onnx_opset_version()
    if domain:
        newest = max(s.since_version for s in onnx.defs.get_all_schemas() if s.domain == domain)
    return next(v for v in range(newest + 1, 0, -1) if _opens(domain=domain, opset=v))


def tiny_model(*, ir: int = _PLAIN_IR, domain: str = "", opset: int = _PLAIN_OPSET) -> bytes:
    """One Identity of x (batch, 1) float32, stamped with these versions."""
    opsets = {"": _PLAIN_OPSET} | {domain: opset}
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 1])],
    )
    imports = [helper.make_opsetid(name, version) for name, version in opsets.items()]
    model = helper.make_model(graph, opset_imports=imports, ir_version=ir)
    return bytes(model.SerializeToString())


def _opens(*, ir: int = _PLAIN_IR, domain: str = "", opset: int = _PLAIN_OPSET) -> bool:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    model = tiny_model(ir=ir, domain=domain, opset=opset)
    try:
        onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Fail:
        return False
    return True
