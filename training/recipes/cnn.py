"""Convolution and pooling blocks, then dense layers, for images as [channels, height, width]."""

from common.errors import Invalid
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

IMAGE_DIMENSIONS = 3


def _conv_block(width_in: int, width_out: int, settings: Settings) -> list[Layer]:
    kernel = settings["kernel_size"]
    layers: list[Layer] = [
        {"kind": "conv", "inputs": width_in, "outputs": width_out, "kernel": kernel}
    ]
    if settings["batch_norm"]:
        layers.append({"kind": "batch_norm_2d", "width": width_out})
    layers.append({"kind": settings["activation"]})
    layers.append({"kind": "max_pool", "size": settings["pool"]})
    return layers


def design(settings: Settings, input_shape: tuple[int, ...], outputs: int) -> Design:
    if len(input_shape) != IMAGE_DIMENSIONS:
        raise Invalid(
            f"This recipe needs rows of shape [channels, height, width], not {list(input_shape)}.",
            field="features",
        )
    if not settings["channels"]:
        raise Invalid("channels must have at least one item.", field="channels")
    if settings["kernel_size"] % 2 == 0:
        raise Invalid("kernel_size must be odd.", field="kernel_size")
    width, height, breadth = input_shape
    layers: list[Layer] = []
    for channels in settings["channels"]:
        layers += _conv_block(width, channels, settings)
        width, height, breadth = channels, height // settings["pool"], breadth // settings["pool"]
    if min(height, breadth) < 1:
        raise Invalid(
            f"{len(settings['channels'])} blocks with pooling by {settings['pool']} leave nothing "
            f"of an image of {input_shape[1]} x {input_shape[2]}; use fewer blocks.",
            field="channels",
        )
    layers.append({"kind": "flatten"})
    width *= height * breadth
    for hidden in settings["dense"]:
        layers += dense_block(width, hidden, settings)
        width = hidden
    layers.append({"kind": "linear", "inputs": width, "outputs": outputs})
    return Design(layers, "per_channel" if settings["scale"] else "none")


RECIPE = Recipe(
    name="cnn",
    title="Convolutional network",
    description="Convolution and pooling blocks, then dense layers, for small images.",
    params=(
        Param("channels", "list[int]", (16, 32), "Channels of each block.", 1, 2048),
        Param("kernel_size", "int", 3, "Side of the convolution window; odd.", 1, 15),
        Param("pool", "int", 2, "Side of the pooling window after each block.", 1, 8),
        Param("dense", "list[int]", (64,), "Widths of the dense layers after them.", 1, 8192),
        ACTIVATION,
        dropout(0.2),
        batch_norm(True),
        Param(
            "scale",
            "bool",
            True,
            "Bring each channel to mean 0 and deviation 1, as measured on the training rows.",
        ),
        *common_params(epochs=40),
    ),
    design=design,
)
