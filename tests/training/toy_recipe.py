"""A third recipe as CONTRIBUTING describes it: one file, with a layer kind of its own."""

from collections.abc import Mapping
from math import prod

from training.recipes import Design, Param, Recipe
from training.recipes.params import Settings
from training.recipes.recipe import LayerBuilder, common_params


def design(settings: Settings, input_shape: tuple[int, ...], outputs: int) -> Design:
    width = prod(input_shape)
    layers = [
        {"kind": "linear", "inputs": width, "outputs": settings["units"]},
        {"kind": "square"},
        {"kind": "linear", "inputs": settings["units"], "outputs": outputs},
    ]
    return Design(layers, "per_feature")


def layers() -> Mapping[str, LayerBuilder]:
    # Here and not above, so that reading the parameters loads no torch.
    from torch import Tensor, nn  # noqa: PLC0415

    class Square(nn.Module):
        def forward(self, rows: Tensor) -> Tensor:
            return rows.square()

    return {"square": lambda _: Square()}


RECIPE = Recipe(
    name="toy",
    title="Squares",
    description="A dense layer whose units are squared.",
    params=(
        Param("units", "int", 8, "Units.", 1, 64),
        *common_params(epochs=5),
    ),
    design=design,
    layers=layers,
)
