"""Recipes: what may be asked of training is one table, readable by every process."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import Invalid, NotFound
from tests.training import cases, toy_recipe
from training import recipes
from training.compression.params import COMPRESSIONS
from training.recipes.params import validated

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
TABLES = [recipe.params for recipe in recipes.RECIPES.values()] + list(COMPRESSIONS.values())
BAD = [
    ("mlp", {"epochs": 0}, "epochs"),
    ("mlp", {"epochs": 1.5}, "epochs"),
    ("mlp", {"epochs": "20"}, "epochs"),
    ("mlp", {"epochs": None}, "epochs"),
    ("mlp", {"epochs": True}, "epochs"),
    ("mlp", {"batch_size": 1}, "batch_size"),
    ("mlp", {"learning_rate": 0}, "learning_rate"),
    ("mlp", {"learning_rate": float("nan")}, "learning_rate"),
    ("mlp", {"learning_rate": float("inf")}, "learning_rate"),
    ("mlp", {"learning_rate": 10**400}, "learning_rate"),
    ("mlp", {"optimizer": "adamw"}, "optimizer"),
    ("mlp", {"optimizer": ["adam"]}, "optimizer"),
    ("mlp", {"standardise": 1}, "standardise"),
    ("mlp", {"hidden": 64}, "hidden"),
    ("mlp", {"hidden": [0]}, "hidden"),
    ("mlp", {"hidden": ["64"]}, "hidden"),
    ("mlp", {"hidden": [8] * 9}, "hidden"),
    ("mlp", {"dropout": 1}, "dropout"),
    ("mlp", {"seed": -1}, "seed"),
    ("mlp", {"seed": 2**32}, "seed"),
    ("mlp", {"channels": [8]}, "channels"),
    ("cnn", {"hidden": [8]}, "hidden"),
    ("cnn", {"a\x00b": 1}, "a\x00b"),
]


def outcome(
    table: tuple[recipes.Param, ...], raw: dict[str, Any]
) -> tuple[str | None, dict[str, Any] | None]:
    """The refused parameter, or the settings."""
    try:
        return None, validated(table, raw)
    except Invalid as refusal:
        return str(refusal.field).removeprefix("params."), None


@pytest.fixture
def toy() -> Iterator[None]:
    recipes.register(toy_recipe.RECIPE)
    yield
    del recipes.RECIPES["toy"]


class TestValidateParams:
    @pytest.mark.parametrize("name", ["mlp", "cnn"])
    def test_fills_in_defaults_that_pass_themselves(self, name: str) -> None:
        recipe = recipes.find(name)

        settings = recipe.validate_params({})

        assert set(settings) == {param.name for param in recipe.params}
        assert recipe.validate_params(settings) == settings

    @pytest.mark.parametrize(("name", "raw", "field"), BAD)
    def test_names_the_field_that_is_wrong(
        self, name: str, raw: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            recipes.find(name).validate_params(raw)

        assert refusal.value.field == f"params.{field}"

    @pytest.mark.parametrize("raw", [None, [], "epochs", 3])
    def test_takes_only_an_object(self, raw: object) -> None:
        with pytest.raises(Invalid) as refusal:
            recipes.find("mlp").validate_params(raw)

        assert refusal.value.field == "params"

    def test_keeps_what_was_asked(self) -> None:
        asked = {"hidden": [], "learning_rate": 1, "activation": "gelu", "batch_norm": True}

        settings = recipes.find("mlp").validate_params(asked)

        assert {name: settings[name] for name in asked} == asked
        assert isinstance(settings["learning_rate"], float)

    @given(st.sampled_from(TABLES), st.data())
    @settings(deadline=None)
    def test_any_json_is_either_accepted_or_refused_by_name(
        self, table: tuple[recipes.Param, ...], data: st.DataObject
    ) -> None:
        names = st.sampled_from([param.name for param in table] + ["other"])
        raw = data.draw(st.dictionaries(names, JSON, max_size=4))

        refused_field, settings = outcome(table, raw)

        assert refused_field is None or refused_field in raw
        assert settings is None or validated(table, settings) == settings


class TestTheRegistry:
    def test_knows_no_other_recipe(self) -> None:
        with pytest.raises(NotFound, match="cnn, mlp"):
            recipes.find("forest")

    def test_refuses_a_second_recipe_of_a_name(self) -> None:
        with pytest.raises(ValueError, match="mlp"):
            recipes.register(recipes.find("mlp"))

    @pytest.mark.usefixtures("toy")
    def test_a_third_recipe_is_one_file_and_one_registration(self, tumours: cases.Case) -> None:
        result = cases.trained(tumours.data, "toy", units=4)

        assert result.spec["recipe"] == "toy"
        assert result.onnx_agreement["max_abs_difference"] <= 1e-4

    def test_web_reads_all_parameters_without_loading_torch_or_django(self) -> None:
        code = (
            "import sys; from training import recipes; from training.compression import params; "
            "recipes.find('cnn').design(recipes.find('cnn').validate_params({}), (1, 8, 8), 10); "
            "print(sorted({'torch', 'onnx', 'onnxruntime', 'django'} & set(sys.modules)))"
        )

        shown = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )

        assert shown.stdout.strip() == "[]"


class TestCnnShapes:
    @pytest.mark.parametrize(
        ("params", "shape", "field"),
        [
            ({}, (30,), "features"),
            ({}, (8, 8), "features"),
            ({"channels": []}, (1, 8, 8), "channels"),
            ({"kernel_size": 4}, (1, 8, 8), "kernel_size"),
            ({"channels": [4, 4, 4, 4]}, (1, 8, 8), "channels"),
        ],
    )
    def test_a_network_that_does_not_fit_the_image_is_refused(
        self, params: dict[str, Any], shape: tuple[int, ...], field: str
    ) -> None:
        recipe = recipes.find("cnn")

        with pytest.raises(Invalid) as refusal:
            recipe.design(recipe.validate_params(params), shape, 10)

        assert refusal.value.field == field
