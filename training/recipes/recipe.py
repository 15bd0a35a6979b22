"""What a recipe is: a table of parameters and a pure function that lays out the network.

A recipe draws the network as data (kinds and widths) and the engine builds it, so a recipe
file needs no torch: web reads it for the form, a worker's child trains from it, and pruning
rewrites the same data with smaller widths.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from training.recipes.params import Param, Settings, validated

if TYPE_CHECKING:
    from torch import nn

Layer = dict[str, Any]
Preprocessing = Literal["none", "per_feature", "per_channel"]
LayerBuilder = Callable[[Layer], "nn.Module"]


@dataclass(frozen=True, slots=True)
class Design:
    """The network as data: layers in order, and how raw input is standardised before them."""

    layers: list[Layer]
    preprocessing: Preprocessing


def _no_layers() -> Mapping[str, LayerBuilder]:
    return {}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to train.

    `design(settings, input_shape, outputs)` returns the layers for one row of `input_shape`
    (without the batch dimension) and `outputs` numbers per row; it raises Invalid where the
    parameters do not fit the shape. `layers` returns builders of layer kinds that the engine
    does not have; it is a function so that it may import torch when the engine calls it,
    and never when web reads the parameters.
    """

    name: str
    title: str
    description: str
    params: tuple[Param, ...]
    design: Callable[[Settings, tuple[int, ...], int], Design]
    layers: Callable[[], Mapping[str, LayerBuilder]] = _no_layers

    def validate_params(self, raw: object) -> Settings:
        """Checked settings with every parameter present; Invalid names the wrong field."""
        return validated(self.params, raw)


def common_params(*, epochs: int, l2: float = 1e-4) -> tuple[Param, ...]:
    """The parameters of the training loop, which every recipe has."""
    return (
        Param("epochs", "int", epochs, "Most passes over the training rows.", 1, 10_000),
        Param("batch_size", "int", 32, "Rows per step.", 2, 65_536),
        Param("optimizer", "choice", "adam", "Step rule.", choices=("adam", "sgd")),
        Param("learning_rate", "float", 0.003, "Size of a step.", 1e-7, 10.0),
        Param("momentum", "float", 0.9, "Momentum; used by sgd only.", 0.0, 0.999),
        Param("init", "choice", "he", "Distribution of first weights.", choices=("he", "xavier")),
        Param("l1", "float", 0.0, "Weight of the sum of absolute weights in the loss.", 0.0, 10.0),
        Param("l2", "float", l2, "Weight of the sum of squared weights in the loss.", 0.0, 10.0),
        Param(
            "loss",
            "choice",
            "auto",
            "auto is cross-entropy for classes and squared error for numbers; "
            "bce trains two classes with a single logit.",
            choices=("auto", "cross_entropy", "bce", "mse"),
        ),
        Param(
            "patience",
            "int",
            15,
            "Epochs without a lower validation loss before training stops and the best "
            "weights are taken; 0 trains all epochs and takes the last.",
            0,
            10_000,
        ),
        Param(
            "validation_fraction",
            "float",
            0.15,
            "Part of the training rows kept for validation when the dataset has none.",
            0.01,
            0.9,
        ),
        Param("seed", "int", 0, "Decides first weights, order of rows and dropout.", 0, 2**32 - 1),
    )


ACTIVATION = Param(
    "activation", "choice", "relu", "Non-linearity.", choices=("relu", "tanh", "gelu")
)


def batch_norm(default: bool) -> Param:
    return Param("batch_norm", "bool", default, "Normalise each hidden layer over the batch.")


def dropout(default: float) -> Param:
    return Param("dropout", "float", default, "Part of hidden units left out.", 0.0, 0.95)


def dense_block(width_in: int, width_out: int, settings: Settings) -> list[Layer]:
    """A hidden dense layer with what follows it."""
    layers: list[Layer] = [{"kind": "linear", "inputs": width_in, "outputs": width_out}]
    if settings["batch_norm"]:
        layers.append({"kind": "batch_norm", "width": width_out})
    layers.append({"kind": settings["activation"]})
    if settings["dropout"] > 0:
        layers.append({"kind": "dropout", "p": settings["dropout"]})
    return layers
