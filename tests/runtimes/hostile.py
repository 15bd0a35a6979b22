"""ONNX files made by hand: a sound one, and what an attacker or a broken exporter would send."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Node = onnx.NodeProto


def info(name: str, shape: Sequence[int | str | None], kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


def weight(name: str, *shape: int) -> onnx.TensorProto:
    values = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    return numpy_helper.from_array(values, name)


def model(
    nodes: Sequence[Node],
    *,
    weights: Sequence[onnx.TensorProto] = (),
    inputs: Sequence[Any] = (info("x", ["batch", 3]),),
    outputs: Sequence[Any] = (info("y", ["batch", 2]),),
    opsets: dict[str, int] | None = None,
    **more: Any,
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "g", list(inputs), list(outputs), list(weights))
    imports = [helper.make_opsetid(d, v) for d, v in (opsets or {"": 20}).items()]
    return helper.make_model(graph, opset_imports=imports, ir_version=10, **more)


def linear_nodes() -> list[Node]:
    return [
        helper.make_node("MatMul", ["x", "w"], ["z"]),
        helper.make_node("Softmax", ["z"], ["y"], axis=1),
    ]


def linear() -> onnx.ModelProto:
    """A sound classifier: softmax(x w), x (batch, 3), y (batch, 2)."""
    return model(linear_nodes(), weights=[weight("w", 3, 2)])


def after_linear(*nodes: Node, **more: Any) -> onnx.ModelProto:
    """The sound classifier with further nodes beside it."""
    weights = [weight("w", 3, 2), *more.pop("weights", ())]
    return model([*linear_nodes(), *nodes], weights=weights, **more)


def external(tensor: onnx.TensorProto, location: str) -> onnx.TensorProto:
    """The tensor with its data said to be in the file `location`."""
    moved = onnx.TensorProto()
    moved.CopyFrom(tensor)
    moved.ClearField("raw_data")
    moved.data_location = TensorProto.EXTERNAL
    entry = moved.external_data.add()
    entry.key, entry.value = "location", location
    return moved


def sparse(values: onnx.TensorProto, dims: Sequence[int]) -> onnx.SparseTensorProto:
    indices = numpy_helper.from_array(np.arange(values.dims[0], dtype=np.int64), "i")
    return helper.make_sparse_tensor(values, indices, list(dims))


def external_initialiser(location: str) -> onnx.ModelProto:
    return model(linear_nodes(), weights=[external(weight("w", 3, 2), location)])


def external_sparse_initialiser(location: str) -> onnx.ModelProto:
    made = after_linear()
    made.graph.sparse_initializer.append(sparse(external(weight("s", 2), location), [4]))
    return made


def external_constant(location: str) -> onnx.ModelProto:
    return after_linear(
        helper.make_node("Constant", [], ["c"], value=external(weight("c", 2), location))
    )


def external_sparse_constant(location: str) -> onnx.ModelProto:
    value = sparse(external(weight("s", 2), location), [4])
    return after_linear(helper.make_node("Constant", [], ["c"], sparse_value=value))


def external_in_subgraph(location: str) -> onnx.ModelProto:
    return after_linear(branch(external_constant(location).graph))


def external_in_function(location: str) -> onnx.ModelProto:
    constant = helper.make_node("Constant", [], ["c"], value=external(weight("c", 2), location))
    return with_functions(
        [function("f", [constant, helper.make_node("Identity", ["a"], ["b"])])], calls="f"
    )


def branch(graph: onnx.GraphProto) -> Node:
    """An If whose both branches are `graph`."""
    inner = onnx.GraphProto()
    inner.CopyFrom(graph)
    return helper.make_node("If", ["cond"], ["i"], then_branch=inner, else_branch=inner)


def function(name: str, nodes: Sequence[Node], domain: str = "local") -> onnx.FunctionProto:
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("local", 1)]
    return helper.make_function(domain, name, ["a"], ["b"], list(nodes), opsets)


def call(name: str, source: str = "a", target: str = "b", domain: str = "local") -> Node:
    return helper.make_node(name, [source], [target], domain=domain)


def with_functions(
    functions: Sequence[onnx.FunctionProto], calls: str, domain: str = "local"
) -> onnx.ModelProto:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["z"]),
        call(calls, "z", "f", domain),
        helper.make_node("Softmax", ["f"], ["y"], axis=1),
    ]
    return model(
        nodes, weights=[weight("w", 3, 2)], functions=list(functions), opsets={"": 20, "local": 1}
    )


def doubling_functions(levels: int) -> onnx.ModelProto:
    """f0 calls f1 twice, f1 calls f2 twice ...: 2 to the power of `levels` operators."""
    functions = [
        function(f"f{i}", [call(f"f{i + 1}", "a", "m"), call(f"f{i + 1}", "m", "b")])
        for i in range(levels)
    ]
    last = function(f"f{levels}", [helper.make_node("Identity", ["a"], ["b"])])
    return with_functions([*functions, last], calls="f0")


def calling_itself() -> onnx.ModelProto:
    return with_functions([function("f", [call("f")])], calls="f")


def constant_bomb(elements: int = 10**12) -> onnx.ModelProto:
    """Asks ConstantOfShape for far more than a machine has."""
    shape = numpy_helper.from_array(np.array([elements], dtype=np.int64), "shape")
    return after_linear(
        helper.make_node("ConstantOfShape", ["shape"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0),
        helper.make_node("Add", ["y", "sum"], ["out"]),
        weights=[shape],
        outputs=[info("out", ["batch", 2])],
    )


def hidden_bomb() -> onnx.ModelProto:
    """Grows with its input's values, which no static check can know: 2^31 floats, 8 GiB."""
    one = numpy_helper.from_array(np.array([2**31], dtype=np.int64), "one")
    return after_linear(
        helper.make_node("ReduceMax", ["x"], ["m"], keepdims=0),
        helper.make_node("Cast", ["m"], ["k"], to=TensorProto.INT64),
        helper.make_node("Mul", ["k", "zero"], ["k0"]),
        helper.make_node("Add", ["k0", "one"], ["n"]),
        helper.make_node("ConstantOfShape", ["n"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0),
        helper.make_node("Add", ["y", "sum"], ["out"]),
        weights=[one, numpy_helper.from_array(np.array([0], dtype=np.int64), "zero")],
        outputs=[info("out", ["batch", 2])],
    )


def endless_loop() -> onnx.ModelProto:
    """A Loop of 2^62 turns."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["c"], ["c_out"]),
            helper.make_node("Identity", ["v"], ["v_out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            info("v", ["batch", 2]),
        ],
        [helper.make_tensor_value_info("c_out", TensorProto.BOOL, []), info("v_out", ["batch", 2])],
    )
    return after_linear(
        helper.make_node("Loop", ["turns", "go", "y"], ["out"], body=body),
        weights=[
            numpy_helper.from_array(np.array(2**62, dtype=np.int64), "turns"),
            numpy_helper.from_array(np.array(True), "go"),
        ],
        outputs=[info("out", ["batch", 2])],
    )


def nested(levels: int) -> onnx.ModelProto:
    """If in If in If."""
    graph = linear().graph
    for _ in range(levels):
        outer = onnx.GraphProto()
        outer.CopyFrom(linear().graph)
        outer.node.append(helper.make_node("If", ["cond"], ["i"], then_branch=graph))
        graph = outer
    made = linear()
    made.graph.CopyFrom(graph)
    return made


def nested_bytes(levels: int) -> bytes:
    """Graphs in graphs, deeper than protobuf itself can write: put together by hand."""
    graph = b""
    for _ in range(levels):
        for field in (6, 5, 1):  # the graph of an attribute of a node of a graph
            graph = _field(field, graph)
    return b"\x08\x0a" + _field(7, graph)


def _field(number: int, payload: bytes) -> bytes:
    head, size = [number << 3 | 2], len(payload)
    while size >= 0x80:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([*head, size]) + payload


def many_nodes(count: int) -> onnx.ModelProto:
    chain = [helper.make_node("Identity", ["y" if i == 0 else f"n{i - 1}"], [f"n{i}"])
             for i in range(count)]  # fmt: skip
    return after_linear(*chain)


def not_a_number() -> onnx.ModelProto:
    """The sound classifier with NaN in its weights."""
    values = np.full((3, 2), np.nan, dtype=np.float32)
    return model(linear_nodes(), weights=[numpy_helper.from_array(values, "w")])


def raw(made: onnx.ModelProto) -> bytes:
    return bytes(made.SerializeToString())
