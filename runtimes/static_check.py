"""Is this ONNX file what we can serve? Decided by reading it, without running anything.

Called inside the sandbox's child: the parsers it uses are native code.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod

import onnx
from google.protobuf.message import EncodeError
from onnx.checker import ValidationError
from onnx.shape_inference import InferenceError

from common.errors import Invalid
from runtimes.expansion import expansion_findings, too_many_nodes
from runtimes.fields import one_line, shown
from runtimes.findings import Finding, refuses
from runtimes.graph_io import parse_model
from runtimes.limits import Limits
from runtimes.sniff import sniff
from runtimes.supported import MIN_OPSET, max_ir, max_opset
from runtimes.walk import Scope, function_key, scopes, subgraphs

MAX_FINDINGS = 20
STANDARD = ("", "ai.onnx.ml")
QUANTISER = "com.microsoft"
# What onnxruntime.quantization writes into this domain: QOperator format, 16-bit and 4-bit QDQ,
# dynamic LSTM and attention, weight-only MatMul and Gather.
QUANTISER_OPS = frozenset(
    {
        "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul",
        "MatMulIntegerToFloat", "MatMulNBits", "GatherBlockQuantized", "QAttention",
        "QEmbedLayerNormalization", "EmbedLayerNormalization", "Attention", "QGemm",
        "QLinearAdd", "QLinearMul", "QLinearAveragePool", "QLinearGlobalAveragePool",
        "QLinearConcat", "QLinearLeakyRelu", "QLinearSigmoid", "QLinearSoftmax", "QLinearWhere",
        "QLinearReduceMean",
    }
)  # fmt: skip


@dataclass(frozen=True)
class StaticVerdict:
    """The findings, and the parsed model where it could be parsed."""

    findings: tuple[Finding, ...]
    model: onnx.ModelProto | None

    @property
    def ok(self) -> bool:
        """Whether nothing refuses the file."""
        return not refuses(self.findings)


def static_check(model_bytes: bytes, limits: Limits) -> StaticVerdict:
    """Read the file and say what keeps it from being served. Raises nothing for any bytes."""
    if len(model_bytes) > limits.max_bytes:
        message = f"The file has {len(model_bytes)} bytes, allowed are {limits.max_bytes}."
        return StaticVerdict((Finding("too-large", message),), None)
    kind = sniff(model_bytes)
    if kind.name != "onnx":
        return StaticVerdict((Finding("not-onnx", kind.advice),), None)
    try:
        model = parse_model(model_bytes)
    except Invalid as error:
        return StaticVerdict((Finding("unreadable", error.reason),), None)
    findings = _distinct(_structure(model, limits))
    if not refuses(findings):
        findings += _distinct(_semantics(model, limits))
    return StaticVerdict(tuple(findings), model)


def _structure(model: onnx.ModelProto, limits: Limits) -> Iterator[Finding]:
    yield from _versions(model)
    yield from _names(model)
    if model.training_info:
        yield Finding("training-info", "Take the training information out: export for inference.")
    functions = {function_key(function) for function in model.functions}
    nodes = initialisers = 0
    for scope in scopes(model):
        nodes += len(scope.body.node)
        if nodes > limits.max_nodes:
            yield too_many_nodes(nodes, limits)
            return
        if scope.depth > limits.max_depth:
            message = f"Graphs are nested more than {limits.max_depth} deep: flatten the model."
            yield Finding("too-deep", message)
            return
        yield from _nodes(scope, functions, limits)
        yield from _tensors(scope, limits)
        if isinstance(scope.body, onnx.GraphProto):
            initialisers += len(scope.body.initializer) + len(scope.body.sparse_initializer)
    if initialisers > limits.max_initialisers:
        message = f"{initialisers} weight tensors, allowed are {limits.max_initialisers}."
        yield Finding("too-many-initialisers", f"{message} Merge or simplify the model.")
    yield from expansion_findings(model, limits)


def _versions(model: onnx.ModelProto) -> Iterator[Finding]:
    if model.ir_version > max_ir():
        yield Finding(
            "ir-version",
            f"The file format is IR {model.ir_version}, this server opens up to IR {max_ir()}: "
            "export with an older onnx.",
        )
    for imports in [model.opset_import, *(f.opset_import for f in model.functions)]:
        yield from _opsets(imports)


def _opsets(imports: Iterable[onnx.OperatorSetIdProto]) -> Iterator[Finding]:
    seen: set[str] = set()
    for entry in imports:
        domain = _plain(entry.domain)
        if domain in seen:
            yield Finding("opset-twice", f"Operator set {shown(domain) or 'ai.onnx'} stands twice.")
        seen.add(domain)
        if domain not in STANDARD:
            continue
        least, most = (1 if domain else MIN_OPSET), max_opset(domain)
        if not least <= entry.version <= most:
            yield Finding(
                "opset",
                f"Operator set {domain or 'ai.onnx'} {entry.version} is not supported: "
                f"export with opset {least} to {most}.",
            )


def _names(model: onnx.ModelProto) -> Iterator[Finding]:
    for what, infos in (("input", model.graph.input), ("output", model.graph.output)):
        names = [info.name for info in infos]
        if not names:
            yield Finding(f"no-{what}", f"The graph has no {what}: export the whole model.")
        for name in sorted({name for name in names if names.count(name) > 1}):
            message = f"Two {what}s are called {shown(name)}: give each a name of its own."
            yield Finding(f"same-{what}", message)


def _nodes(scope: Scope, functions: set[tuple[str, str, str]], limits: Limits) -> Iterator[Finding]:
    for node in scope.body.node:
        yield from _operator(node, functions)
        if limits.allow_control_flow:
            continue
        if any(True for attribute in node.attribute for _ in subgraphs(attribute)):
            yield Finding(
                "control-flow",
                f"Operator {shown(node.op_type)} holds a graph (a loop or a branch), which may run "
                "for ever: export the model without loops and branches.",
            )
    if isinstance(scope.body, onnx.FunctionProto) and _plain(scope.body.domain) in (
        *STANDARD,
        QUANTISER,
    ):
        message = f"Function {shown(scope.body.name)} replaces a standard operator: rename it."
        yield Finding("function-domain", message)


def _operator(node: onnx.NodeProto, functions: set[tuple[str, str, str]]) -> Iterator[Finding]:
    domain = _plain(node.domain)
    if domain in STANDARD or function_key(node) in functions:
        return
    if domain == QUANTISER and node.op_type in QUANTISER_OPS:
        return
    yield Finding(
        "custom-operator",
        f"Operator {shown(node.op_type)} of domain {shown(domain)} is no standard operator: "
        "export the model with operators of ai.onnx and ai.onnx.ml only.",
    )


def _tensors(scope: Scope, limits: Limits) -> Iterator[Finding]:
    for tensor in scope.tensors:
        yield from _tensor(tensor, limits)
    for sparse in scope.sparse_tensors:
        yield from _tensor(sparse.values, limits)
        yield from _tensor(sparse.indices, limits)
        yield from _size(sparse.values.name, sparse.dims, limits)
    for info in scope.shapes:
        yield from _claimed_size(info, limits)


def _tensor(tensor: onnx.TensorProto, limits: Limits) -> Iterator[Finding]:
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        yield Finding(
            "external-data",
            f"Tensor {shown(tensor.name)} lies in another file: export the model into one file "
            "(torch: external_data=False).",
        )
    yield from _size(tensor.name, tensor.dims, limits)


def _claimed_size(info: onnx.ValueInfoProto, limits: Limits) -> Iterator[Finding]:
    shape = info.type.tensor_type.shape
    fixed = [dim.dim_value for dim in shape.dim if dim.WhichOneof("value") == "dim_value"]
    yield from _size(info.name, fixed, limits)


def _size(name: str, dims: Iterable[int], limits: Limits) -> Iterator[Finding]:
    sizes = list(dims)
    if any(size < 0 for size in sizes):
        yield Finding("negative-size", f"Tensor {shown(name)} has a size below 0: export again.")
    elif prod(sizes) > limits.max_elements:
        yield Finding(
            "too-many-elements",
            f"Tensor {shown(name)} would have {prod(sizes):.3g} elements, "
            f"allowed are {limits.max_elements}: make the model smaller.",
        )


def _semantics(model: onnx.ModelProto, limits: Limits) -> Iterator[Finding]:
    try:
        onnx.checker.check_model(model, full_check=True)
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except (ValidationError, InferenceError, EncodeError, ValueError, RuntimeError) as error:
        yield Finding("not-valid", f"The ONNX checker refuses the file: {one_line(error)}")
        return
    for info in Scope(inferred.graph, 0, None).shapes:
        yield from _claimed_size(info, limits)


def _plain(domain: str) -> str:
    return "" if domain == "ai.onnx" else domain


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """The first findings, each sentence once; a million bad nodes need no million sentences."""
    kept: dict[Finding, None] = {}
    for finding in findings:
        kept[finding] = None
        if len(kept) == MAX_FINDINGS:
            break
    return list(kept)
