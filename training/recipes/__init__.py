"""The recipes by name. A new one is one file here and one line in the table below."""

from common.errors import NotFound
from training.recipes import cnn, mlp
from training.recipes.params import Param
from training.recipes.recipe import Design, Layer, Recipe

RECIPES: dict[str, Recipe] = {}


def register(recipe: Recipe) -> None:
    """Make a recipe known by its name; raises ValueError when the name is taken."""
    if recipe.name in RECIPES:
        raise ValueError(f"There are two recipes named {recipe.name!r}.")
    RECIPES[recipe.name] = recipe


def find(name: str) -> Recipe:
    """The recipe of that name; raises NotFound with the names that exist."""
    if name not in RECIPES:
        raise NotFound(
            f"There is no recipe {name!r}; there are {', '.join(sorted(RECIPES))}.", field="recipe"
        )
    return RECIPES[name]


register(mlp.RECIPE)
register(cnn.RECIPE)

__all__ = ["RECIPES", "Design", "Layer", "Param", "Recipe", "find", "register"]
