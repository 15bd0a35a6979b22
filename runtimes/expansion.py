"""How large a model grows once its local functions are written out in place of their calls."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import onnx

from runtimes.findings import Finding
from runtimes.limits import Limits
from runtimes.walk import FunctionKey, function_key, scopes

# Past this a count only says "far too many", and need not become a number of a thousand digits.
_ENDLESS = 10**12


def expansion_findings(model: onnx.ModelProto, limits: Limits) -> Iterator[Finding]:
    """Findings on the expanded node count, and on functions that call themselves."""
    own: Counter[FunctionKey | None] = Counter()
    calls: dict[FunctionKey | None, Counter[FunctionKey]] = defaultdict(Counter)
    known = {function_key(function) for function in model.functions}
    if len(known) < len(model.functions):
        yield Finding("same-function", "Two functions have the same name: rename one of them.")
    for scope in scopes(model):
        own[scope.owner] += len(scope.body.node)
        calls[scope.owner].update(
            key for node in scope.body.node if (key := function_key(node)) in known
        )
    sizes, depths = _expand(own, calls, known)
    if len(sizes) < len(known):
        yield Finding("function-cycle", "Functions call themselves: export without functions.")
        return
    nodes = _grown(own, calls, sizes, None)
    if nodes > limits.max_nodes:
        yield too_many_nodes(nodes, limits)
    if depths and max(depths.values()) > limits.max_depth:
        message = f"Functions call functions more than {limits.max_depth} deep"
        yield Finding("functions-too-deep", f"{message}: export without functions.")


def too_many_nodes(nodes: int, limits: Limits) -> Finding:
    """The finding for a model of at least so many operators."""
    message = f"The model has {nodes} or more operators, allowed are {limits.max_nodes}."
    return Finding("too-many-nodes", f"{message} Simplify it.")


def _expand(
    own: Counter[FunctionKey | None],
    calls: dict[FunctionKey | None, Counter[FunctionKey]],
    known: set[FunctionKey],
) -> tuple[dict[FunctionKey, int], dict[FunctionKey, int]]:
    """Expanded size and depth of each function that reaches no cycle, callees first."""
    callers: dict[FunctionKey, list[FunctionKey]] = defaultdict(list)
    for key in known:
        for callee in calls[key]:
            callers[callee].append(key)
    open_calls = {key: len(calls[key]) for key in known}
    ready = [key for key, count in open_calls.items() if count == 0]
    sizes: dict[FunctionKey, int] = {}
    depths: dict[FunctionKey, int] = {}
    while ready:
        key = ready.pop()
        sizes[key] = _grown(own, calls, sizes, key)
        depths[key] = 1 + max((depths[callee] for callee in calls[key]), default=0)
        for caller in callers[key]:
            open_calls[caller] -= 1
            if open_calls[caller] == 0:
                ready.append(caller)
    return sizes, depths


def _grown(
    own: Counter[FunctionKey | None],
    calls: dict[FunctionKey | None, Counter[FunctionKey]],
    sizes: dict[FunctionKey, int],
    key: FunctionKey | None,
) -> int:
    inner = sum(count * sizes[callee] for callee, count in calls[key].items())
    return min(own[key] + inner, _ENDLESS)
