"""Whole hidden units leave a network: new widths in the spec, smaller tensors in the state.

Works on the spec's chain of layers: a dense or convolution layer makes units, normalisation
and activation carry them one to one, flattening spreads each over its positions, and the next
dense or convolution layer takes them in. Inputs and the last layer keep their widths.
"""

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor

from common.errors import Invalid
from training.engine.network import Spec

State = dict[str, Tensor]
MAKERS = frozenset({"linear", "conv"})
NORMS = frozenset({"batch_norm", "batch_norm_2d"})
CARRIERS = NORMS | {"relu", "tanh", "gelu", "dropout", "max_pool", "flatten"}
# onnxruntime lays channels out in blocks of vector registers: a convolution of 11 and 22
# channels took almost twice as long as one of 16 and 32.
LANES = 8
NORM_TENSORS = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True, slots=True)
class Link:
    """A hidden layer (`maker`), what normalises it, and the layer that takes it in (`taker`)."""

    maker: int
    norms: tuple[int, ...]
    taker: int


def cut(spec: Spec, state: State, ratio: float) -> tuple[Spec, State]:
    """A copy of spec and state without about `ratio` of each hidden layer's units.

    The weakest go: importance is what comes in times what goes out of a unit, both as
    Euclidean norms of the weights (the scale of normalisation where there is one), which a
    rescaling through the activation does not change. Raises Invalid when there are no hidden
    units, or a layer through which units cannot be followed.
    """
    spec, state = deepcopy(spec), dict(state)
    links = _links(spec)
    if not links:
        raise Invalid("This model has no hidden units to remove.", field="model")
    for link in links:
        width: int = spec["layers"][link.maker]["outputs"]
        kept = kept_width(width, ratio)
        order = _importance(link, state).argsort(descending=True, stable=True)
        _keep(link, order[:kept].sort().values, spec, state)
    return spec, state


def kept_width(width: int, ratio: float) -> int:
    """How many of `width` units stay: near width * (1 - ratio), at least one, a multiple of
    LANES where there is one below `width`.
    """
    exact = width * (1 - ratio)
    aligned = LANES * round(exact / LANES)
    return aligned if 0 < aligned < width else max(1, round(exact))


def hidden_widths(spec: Spec) -> list[int]:
    """Units of each hidden layer, first to last."""
    return [spec["layers"][link.maker]["outputs"] for link in _links(spec)]


def _links(spec: Spec) -> list[Link]:
    links: list[Link] = []
    maker: int | None = None
    norms: list[int] = []
    for index, layer in enumerate(spec["layers"]):
        kind = layer["kind"]
        if kind in MAKERS:
            if maker is not None:
                links.append(Link(maker, tuple(norms), index))
            maker, norms = index, []
        elif kind in NORMS and maker is not None:
            norms.append(index)
        elif kind not in CARRIERS:
            raise Invalid(f"Units cannot be followed through a layer {kind!r}.", field="model")
    return links


def _importance(link: Link, state: State) -> Tensor:
    incoming: Tensor = state[f"layers.{link.maker}.weight"].flatten(1).norm(dim=1)
    for norm in link.norms:
        incoming = state[f"layers.{norm}.weight"].abs()
    outgoing = _by_unit(state[f"layers.{link.taker}.weight"], len(incoming))
    going_out: Tensor = outgoing.norm(dim=(0, 2))
    return incoming * going_out


def _by_unit(taking: Tensor, units: int) -> Tensor:
    """Weights of the taker as [outputs, units, positions of each unit]."""
    return taking.flatten(1).reshape(len(taking), units, -1)


def _keep(link: Link, kept: Tensor, spec: Spec, state: State) -> None:
    layers = spec["layers"]
    units = layers[link.maker]["outputs"]
    for name in ("weight", "bias"):
        _select(state, f"layers.{link.maker}.{name}", kept)
    for norm in link.norms:
        for name in NORM_TENSORS:
            _select(state, f"layers.{norm}.{name}", kept)
        layers[norm]["width"] = len(kept)
    name = f"layers.{link.taker}.weight"
    taking = state[name]
    remaining = _by_unit(taking, units)[:, kept]
    if layers[link.taker]["kind"] == "conv":
        remaining = remaining.reshape(len(taking), len(kept), *taking.shape[2:])
    state[name] = remaining.reshape(len(taking), -1) if taking.ndim == 2 else remaining
    layers[link.maker]["outputs"] = len(kept)
    layers[link.taker]["inputs"] = layers[link.taker]["inputs"] // units * len(kept)


def _select(state: State, name: str, kept: Tensor) -> None:
    state[name] = torch.index_select(state[name], 0, kept)
