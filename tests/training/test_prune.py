"""Structured pruning: whole units leave, the file shrinks, and what is left is tuned."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load
from sklearn.metrics import accuracy_score

from common.errors import Invalid
from common.steering import Cancelled
from tests.training import cases
from training import recipes
from training.compression.prune import prune_structured
from training.compression.surgery import cut, hidden_widths, kept_width
from training.engine import TrainingData, TrainResult
from training.engine.network import Network, Spec, build
from training.engine.onnx_session import run, session

SHAPES: dict[str, tuple[int, ...]] = {"mlp": (30,), "cnn": (1, 8, 8)}


def pruned(parent: TrainResult, data: TrainingData, **params: Any) -> TrainResult:
    steering: dict[str, Any] = {
        "checkpoint_path": params.pop("checkpoint_path", None),
        "on_progress": params.pop("on_progress", lambda _: None),
        "should_stop": params.pop("should_stop", lambda: False),
    }
    return prune_structured(parent.spec, parent.state_bytes, data, params, **steering)


def accuracy(result: TrainResult, case: cases.Case) -> float:
    found = run(session(result.onnx_bytes), case.held_features).argmax(axis=1)
    return float(accuracy_score(case.held_target, found))


def spec_of(recipe: str, **params: Any) -> Spec:
    settings = recipes.find(recipe).validate_params(params)
    drawn = recipes.find(recipe).design(settings, SHAPES[recipe], 10)
    return {
        "recipe": recipe,
        "input_shape": list(SHAPES[recipe]),
        "loss": "cross_entropy",
        "preprocessing": "none",
        "layers": drawn.layers,
    }


def dying_half(spec: Spec) -> Network:
    """A random network in which every other unit of each hidden layer is ignored after it."""
    torch.manual_seed(0)
    network = build(spec).eval()
    state = network.state_dict()
    for name, tensor in state.items():
        if name.endswith(("running_mean", "running_var")):
            tensor.uniform_(0.5, 1.5)
    for taker in takers(spec):
        weight = state[f"layers.{taker[0]}.weight"]
        weight.flatten(1).view(len(weight), taker[1], -1)[:, ::2] = 0
    return network


def takers(spec: Spec) -> list[tuple[int, int]]:
    """(index of the layer that takes a hidden layer in, units of that hidden layer)."""
    indexes = [i for i, layer in enumerate(spec["layers"]) if layer["kind"] in {"linear", "conv"}]
    return list(zip(indexes[1:], hidden_widths(spec), strict=True))


class TestSurgery:
    @pytest.mark.parametrize("batch_norm", [False, True])
    @pytest.mark.parametrize(
        ("recipe", "params"),
        [
            ("mlp", {"hidden": [16]}),
            ("mlp", {"hidden": [32, 48, 16]}),
            ("cnn", {}),
            ("cnn", {"channels": [16], "dense": []}),
            ("cnn", {"channels": [16, 16, 32], "dense": [32, 16], "kernel_size": 5}),
        ],
    )
    def test_units_that_nothing_listens_to_leave_without_a_trace(
        self, recipe: str, params: dict[str, Any], batch_norm: bool
    ) -> None:
        spec = spec_of(recipe, batch_norm=batch_norm, **params)
        network = dying_half(spec)
        rows = torch.randn(20, *SHAPES[recipe])

        smaller, state = cut(spec, network.state_dict(), 0.5)
        child = build(smaller).eval()
        child.load_state_dict(state)

        assert hidden_widths(smaller) == [width // 2 for width in hidden_widths(spec)]
        with torch.no_grad():
            assert torch.allclose(child(rows), network(rows), atol=1e-6)

    def test_the_parent_stays_as_it_was(self, tumour_model: TrainResult) -> None:
        state = load(tumour_model.state_bytes)
        spec = deepcopy(tumour_model.spec)

        cut(spec, state, 0.5)

        assert spec == tumour_model.spec
        assert all(torch.equal(state[k], v) for k, v in load(tumour_model.state_bytes).items())

    @pytest.mark.parametrize(
        ("width", "ratio", "kept"),
        [(64, 0.5, 32), (16, 0.3, 8), (32, 0.3, 24), (16, 0.1, 14), (4, 0.5, 2), (2, 0.95, 1)],
    )
    def test_widths_are_multiples_of_eight_where_they_can_be(
        self, width: int, ratio: float, kept: int
    ) -> None:
        assert kept_width(width, ratio) == kept

    def test_a_linear_model_has_nothing_to_remove(self) -> None:
        spec = spec_of("mlp", hidden=[])

        with pytest.raises(Invalid, match="no hidden units"):
            cut(spec, build(spec).state_dict(), 0.5)

    def test_units_are_not_followed_through_unknown_layers(self) -> None:
        spec = spec_of("mlp")
        spec["layers"].insert(1, {"kind": "square"})

        with pytest.raises(Invalid, match="square"):
            cut(spec, {}, 0.5)


class TestPrunedChildren:
    def test_a_dense_network_gets_smaller_and_hardly_worse(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        child = pruned(tumour_model, tumours.data)

        assert len(child.onnx_bytes) < 0.5 * len(tumour_model.onnx_bytes)
        assert accuracy(child, tumours) >= accuracy(tumour_model, tumours) - 0.02
        assert child.signature == tumour_model.signature

    def test_a_convolutional_network_gets_smaller_and_hardly_worse(
        self, digits: cases.Case, digit_model: TrainResult
    ) -> None:
        child = pruned(digit_model, digits.data)

        assert len(child.onnx_bytes) < 0.4 * len(digit_model.onnx_bytes)
        assert accuracy(child, digits) >= accuracy(digit_model, digits) - 0.03
        assert child.facts["pruning"]["widths_after"] == [8, 16, 32]
        assert child.onnx_agreement["max_abs_difference"] <= 1e-4

    def test_fine_tuning_brings_back_what_removal_cost(
        self, digits: cases.Case, digit_model: TrainResult
    ) -> None:
        raw, tuned = (
            pruned(digit_model, digits.data, ratio=0.6, finetune_epochs=epochs) for epochs in (0, 5)
        )

        assert raw.history == []
        assert accuracy(tuned, digits) > accuracy(raw, digits) + 0.1

    def test_a_regression_keeps_its_unit(
        self, diabetes: cases.Case, diabetes_model: TrainResult
    ) -> None:
        child = pruned(diabetes_model, diabetes.data, finetune_epochs=5)

        found = run(session(child.onnx_bytes), diabetes.held_features)[:, 0]
        assert abs(found.mean() - diabetes.held_target.mean()) < 20

    def test_preprocessing_stays_that_of_the_parent(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        rows = cases.few_rows(tumours.data, 100)

        child = pruned(tumour_model, rows, finetune_epochs=1)

        before, after = load(tumour_model.state_bytes), load(child.state_bytes)
        assert torch.equal(before["mean"], after["mean"])
        assert torch.equal(before["deviation"], after["deviation"])

    def test_a_child_can_be_pruned_again(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        child = pruned(tumour_model, tumours.data, finetune_epochs=1)

        grandchild = pruned(child, tumours.data, finetune_epochs=1)

        assert grandchild.facts["pruning"]["widths_before"] == [32, 16]
        assert grandchild.facts["pruning"]["widths_after"] == [16, 8]


class TestTheRun:
    def test_is_reproducible_and_goes_on_after_a_stop(
        self, tumours: cases.Case, tumour_model: TrainResult, tmp_path: Path
    ) -> None:
        epochs: list[int] = []
        params: dict[str, Any] = {"finetune_epochs": 4, "seed": 3}

        with pytest.raises(Cancelled):
            pruned(
                tumour_model,
                tumours.data,
                checkpoint_path=tmp_path / "c",
                on_progress=lambda event: epochs.append(event.get("epoch", 0)),
                should_stop=lambda: bool(epochs) and epochs[-1] >= 2,
                **params,
            )
        resumed = pruned(tumour_model, tumours.data, checkpoint_path=tmp_path / "c", **params)

        assert resumed.facts["resumed_from_epoch"] == 2
        assert resumed.weights_digest == pruned(tumour_model, tumours.data, **params).weights_digest

    @pytest.mark.parametrize(
        ("params", "field"), [({"ratio": 1.0}, "ratio"), ({"speed": 2}, "speed")]
    )
    def test_bad_parameters_are_named(
        self,
        tumours: cases.Case,
        tumour_model: TrainResult,
        params: dict[str, Any],
        field: str,
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            pruned(tumour_model, tumours.data, **params)

        assert refusal.value.field == f"params.{field}"

    def test_data_of_another_model_is_refused(
        self, digits: cases.Case, diabetes: cases.Case, tumour_model: TrainResult
    ) -> None:
        with pytest.raises(Invalid) as shape:
            pruned(tumour_model, digits.data)
        wide = np.zeros((50, 30), np.float32)
        with pytest.raises(Invalid) as task:
            pruned(
                tumour_model,
                TrainingData(wide, wide[:, 0], None, None, diabetes.data.task),
            )

        assert (shape.value.field, task.value.field) == ("features", "target")

    def test_weights_of_another_architecture_are_refused(
        self, tumours: cases.Case, tumour_model: TrainResult, digit_model: TrainResult
    ) -> None:
        for state in (digit_model.state_bytes, b"nonsense"):
            with pytest.raises(Invalid) as refusal:
                prune_structured(
                    tumour_model.spec,
                    state,
                    tumours.data,
                    {},
                    checkpoint_path=None,
                    on_progress=lambda _: None,
                    should_stop=lambda: False,
                )
            assert refusal.value.field == "state"
