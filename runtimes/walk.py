"""Every place of an ONNX model where nodes, tensors or shapes can stand, without recursion."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import onnx

FunctionKey = tuple[str, str, str]


@dataclass(frozen=True)
class Scope:
    """A graph, a subgraph or a function's body. `owner` is the function it belongs to, if any."""

    body: onnx.GraphProto | onnx.FunctionProto
    depth: int
    owner: FunctionKey | None

    @property
    def tensors(self) -> Iterable[onnx.TensorProto]:
        """Dense tensors of this scope itself, those in its nodes' attributes included."""
        own = self.body.initializer if isinstance(self.body, onnx.GraphProto) else ()
        held = (chain([a.t] if a.HasField("t") else (), a.tensors) for a in self.attributes)
        return chain(own, chain.from_iterable(held))

    @property
    def sparse_tensors(self) -> Iterable[onnx.SparseTensorProto]:
        """Sparse tensors of this scope itself, those in its nodes' attributes included."""
        own = self.body.sparse_initializer if isinstance(self.body, onnx.GraphProto) else ()
        held = (
            chain([a.sparse_tensor] if a.HasField("sparse_tensor") else (), a.sparse_tensors)
            for a in self.attributes
        )
        return chain(own, chain.from_iterable(held))

    @property
    def attributes(self) -> Iterable[onnx.AttributeProto]:
        """Attributes of the nodes, and a function's own defaults."""
        defaults = self.body.attribute_proto if isinstance(self.body, onnx.FunctionProto) else ()
        return chain(defaults, chain.from_iterable(node.attribute for node in self.body.node))

    @property
    def shapes(self) -> Iterable[onnx.ValueInfoProto]:
        """Inputs, outputs and intermediate values with the shapes the file claims for them."""
        if isinstance(self.body, onnx.FunctionProto):
            return chain(self.body.value_info)
        return chain(self.body.input, self.body.output, self.body.value_info)


def scopes(model: onnx.ModelProto) -> Iterator[Scope]:
    """The main graph, every function, and every subgraph of theirs."""
    waiting = [Scope(model.graph, 0, None)]
    waiting += [Scope(function, 0, function_key(function)) for function in model.functions]
    while waiting:
        scope = waiting.pop()
        yield scope
        for attribute in scope.attributes:
            waiting += [Scope(g, scope.depth + 1, scope.owner) for g in subgraphs(attribute)]


def subgraphs(attribute: onnx.AttributeProto) -> Iterable[onnx.GraphProto]:
    """Graphs in an attribute, whatever type it claims to have."""
    return chain([attribute.g] if attribute.HasField("g") else (), attribute.graphs)


def function_key(item: onnx.FunctionProto | onnx.NodeProto) -> FunctionKey:
    """What a call and the function it means have in common."""
    name = item.name if isinstance(item, onnx.FunctionProto) else item.op_type
    return (item.domain, name, item.overload)
