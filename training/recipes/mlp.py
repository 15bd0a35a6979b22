"""Fully connected network; with no hidden layer, logistic or linear regression."""

from math import prod

from training.recipes.params import Param, Settings
from training.recipes.recipe import (
    ACTIVATION,
    Design,
    Layer,
    Recipe,
    batch_norm,
    common_params,
    dense_block,
    dropout,
)


def design(settings: Settings, input_shape: tuple[int, ...], outputs: int) -> Design:
    layers: list[Layer] = [{"kind": "flatten"}] if len(input_shape) > 1 else []
    width = prod(input_shape)
    for hidden in settings["hidden"]:
        layers += dense_block(width, hidden, settings)
        width = hidden
    layers.append({"kind": "linear", "inputs": width, "outputs": outputs})
    return Design(layers, "per_feature" if settings["standardise"] else "none")


RECIPE = Recipe(
    name="mlp",
    title="Dense network",
    description=(
        "Fully connected layers for tables. Without hidden layers it is logistic regression "
        "for classes and linear regression for numbers."
    ),
    params=(
        Param(
            "hidden",
            "list[int]",
            (64, 32),
            "Widths of the hidden layers, first to last; empty for a linear model.",
            1,
            8192,
        ),
        ACTIVATION,
        dropout(0.3),
        batch_norm(False),
        Param(
            "standardise",
            "bool",
            True,
            "Bring each column to mean 0 and deviation 1, as measured on the training rows.",
        ),
        *common_params(epochs=80, l2=3e-3),
    ),
    design=design,
)
