"""One run: what it leaves is complete, honest, reproducible, and answers raw rows."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load

from common.errors import Conflict, Invalid
from common.steering import Cancelled
from tests.training import cases
from training.engine import TrainingData, TrainResult
from training.engine.data import split
from training.engine.export import agreement
from training.engine.network import from_bytes
from training.engine.onnx_session import run, session

QUICK: dict[str, Any] = {"epochs": 4, "hidden": [8]}


def weight_norm(result: TrainResult, power: int) -> float:
    return sum(
        float(tensor.abs().pow(power).sum())
        for name, tensor in load(result.state_bytes).items()
        if name.endswith("weight")
    )


class TestPreprocessing:
    def test_is_fitted_on_the_training_rows_only(self, tumours: cases.Case) -> None:
        held = replace(cases.few_rows(tumours.data, 60))
        shifted = replace(held, features=held.features * 3 + 1000)

        plain, moved = (
            cases.trained(replace(tumours.data, validation=rows), patience=0, **QUICK)
            for rows in (held, shifted)
        )

        expected = tumours.data.features.astype(np.float64)
        state = load(moved.state_bytes)
        assert np.allclose(state["mean"], expected.mean(axis=0), rtol=1e-6)
        assert np.allclose(state["deviation"], expected.std(axis=0), rtol=1e-6)
        assert moved.weights_digest == plain.weights_digest
        assert moved.history[-1]["validation_loss"] != plain.history[-1]["validation_loss"]

    def test_lies_inside_the_file_so_that_raw_rows_are_answered(
        self, digits: cases.Case, digit_model: TrainResult
    ) -> None:
        network = from_bytes(digit_model.spec, digit_model.state_bytes).eval()
        with torch.no_grad():
            expected = network(torch.from_numpy(digits.held_features)).numpy()

        found = run(session(digit_model.onnx_bytes), digits.held_features)

        assert np.abs(found - expected).max() <= 1e-5

    def test_a_constant_column_does_no_harm(self, tumours: cases.Case) -> None:
        features = tumours.data.features.copy()
        features[:, 3] = 1e6

        result = cases.trained(replace(tumours.data, features=features), **QUICK)

        assert np.isfinite(run(session(result.onnx_bytes), features)).all()

    def test_can_be_left_out(self, tumours: cases.Case) -> None:
        result = cases.trained(tumours.data, standardise=False, batch_norm=True, **QUICK)

        assert float(load(result.state_bytes)["mean"].abs().sum()) == 0


class TestTheFile:
    def test_has_the_promised_inputs_outputs_and_opset(self, digit_model: TrainResult) -> None:
        model = onnx.load_model_from_string(digit_model.onnx_bytes)
        opened = session(digit_model.onnx_bytes)

        assert [(i.name, i.shape) for i in opened.get_inputs()] == [("input", ["batch", 1, 8, 8])]
        assert [(o.name, o.shape) for o in opened.get_outputs()] == [
            ("probabilities", ["batch", 10])
        ]
        assert model.opset_import[0].version == 20

    @pytest.mark.parametrize("rows", [1, 2, 65])
    def test_takes_any_number_of_rows(
        self, digits: cases.Case, digit_model: TrainResult, rows: int
    ) -> None:
        found = run(session(digit_model.onnx_bytes), digits.held_features[:rows])

        assert found.shape == (rows, 10)
        assert np.allclose(found.sum(axis=1), 1, atol=1e-6)

    def test_holds_no_path_of_this_machine(self, digit_model: TrainResult) -> None:
        model: bytes = digit_model.onnx_bytes

        assert model.find(b".py") == -1
        assert model.find(str(Path.cwd()).encode()) == -1

    def test_is_refused_when_it_answers_otherwise_than_the_network(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        network = from_bytes(tumour_model.spec, tumour_model.state_bytes)
        with torch.no_grad():
            network.get_parameter("layers.0.bias")[0] += 1.0

        with pytest.raises(Conflict, match="differs"):
            agreement(network, tumour_model.onnx_bytes, tumours.data.features)

    def test_nothing_is_printed_or_logged_while_it_is_made(
        self,
        tumours: cases.Case,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        cases.trained(tumours.data, **QUICK)

        assert capfd.readouterr() == ("", "")
        assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []


class TestWhatIsTold:
    def test_signature_names_classes_and_features(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        signature = tumour_model.signature

        assert signature["task"] == "binary"
        assert signature["classes"] == ["malignant", "benign"]
        assert signature["inputs"] == [
            {
                "name": "input",
                "dtype": "float32",
                "shape": ["batch", 30],
                "features": tumours.data.feature_names,
            }
        ]
        assert signature["outputs"] == [
            {
                "name": "probabilities",
                "dtype": "float32",
                "shape": ["batch", 2],
                "kind": "probabilities",
            }
        ]

    def test_a_regression_answers_one_value(self, diabetes_model: TrainResult) -> None:
        assert diabetes_model.signature["classes"] is None
        assert diabetes_model.signature["outputs"] == [
            {"name": "value", "dtype": "float32", "shape": ["batch", 1], "kind": "value"}
        ]
        assert "validation_mae" in diabetes_model.history[0]

    def test_history_has_one_entry_per_epoch_and_is_what_progress_showed(
        self, tumours: cases.Case
    ) -> None:
        shown: list[dict[str, Any]] = []

        result = cases.trained(tumours.data, on_progress=shown.append, **QUICK)

        epochs = [event for event in shown if event["stage"] == "train"]
        assert [entry["epoch"] for entry in result.history] == [1, 2, 3, 4]
        assert epochs == [{"stage": "train", "epochs": 4, **entry} for entry in result.history]
        assert [event["stage"] for event in (shown[0], shown[-1])] == ["prepare", "export"]

    def test_validation_figures_are_those_of_the_validation_rows(self, tumours: cases.Case) -> None:
        parts = split(tumours.data, fraction=0.15, seed=0)

        result = cases.trained(tumours.data, patience=0, **QUICK)

        found = run(session(result.onnx_bytes), parts.validation.features)
        true = found[np.arange(len(found)), parts.validation.target]
        last = result.history[-1]
        assert last["validation_loss"] == pytest.approx(-np.log(true).mean(), rel=1e-4)
        assert last["validation_accuracy"] == pytest.approx(
            (found.argmax(axis=1) == parts.validation.target).mean()
        )

    def test_regression_losses_are_in_the_unit_of_the_target(self, diabetes: cases.Case) -> None:
        parts = split(diabetes.data, fraction=0.15, seed=0)

        result = cases.trained(diabetes.data, patience=0, **QUICK)

        error = run(session(result.onnx_bytes), parts.validation.features)[:, 0]
        error -= parts.validation.target
        last = result.history[-1]
        assert last["validation_loss"] == pytest.approx((error**2).mean(), rel=1e-3)
        assert last["validation_mae"] == pytest.approx(np.abs(error).mean(), rel=1e-3)

    def test_facts_say_how_it_came_about(self, tumour_model: TrainResult) -> None:
        facts = tumour_model.facts

        assert facts["torch"] == torch.__version__
        assert facts["threads"] == 1
        assert facts["rows_train"] + facts["rows_validation"] == 398
        assert facts["rows_validation"] == 60
        assert 0 < facts["best_epoch"] <= facts["epochs_run"] == len(tumour_model.history)
        assert tumour_model.onnx_agreement["rows"] == 60
        assert tumour_model.onnx_agreement["max_abs_difference"] <= 1e-4


class TestReproducibility:
    def test_the_same_seed_gives_the_same_bytes(self, digits: cases.Case) -> None:
        data = cases.few_rows(digits.data, 300)

        first, second = (cases.trained(data, "cnn", seed=7, epochs=2) for _ in range(2))

        assert first.weights_digest == second.weights_digest
        assert first.onnx_bytes == second.onnx_bytes
        assert first.state_bytes == second.state_bytes

    def test_another_seed_gives_other_weights(self, tumours: cases.Case) -> None:
        digests = {cases.trained(tumours.data, seed=s, **QUICK).weights_digest for s in (1, 2)}

        assert len(digests) == 2

    def test_runs_on_one_thread_whatever_is_set_outside_and_sets_it_back(
        self, tumours: cases.Case
    ) -> None:
        before, seen = torch.get_num_threads(), set()
        torch.set_num_threads(2)

        cases.trained(
            tumours.data, on_progress=lambda _: seen.add(torch.get_num_threads()), **QUICK
        )

        after = torch.get_num_threads()
        torch.set_num_threads(before)
        assert (seen - {2}, after) == ({1}, 2)


class TestRegularisation:
    def test_l2_makes_weights_smaller(self, tumours: cases.Case) -> None:
        free, bound = (
            cases.trained(tumours.data, l2=l2, epochs=15, patience=0) for l2 in (0.0, 0.05)
        )

        assert weight_norm(bound, 2) < 0.7 * weight_norm(free, 2)

    def test_l1_brings_weights_to_nothing(self, tumours: cases.Case) -> None:
        free, bound = (
            cases.trained(tumours.data, l1=l1, l2=0.0, epochs=25, patience=0) for l1 in (0.0, 0.01)
        )

        small = [
            float((load(result.state_bytes)["layers.0.weight"].abs() < 1e-2).float().mean())
            for result in (free, bound)
        ]
        assert small[1] > 0.5 > small[0]


class TestEarlyStopping:
    def test_stops_after_patience_and_takes_the_best_weights(self, tumours: cases.Case) -> None:
        result = cases.trained(tumours.data, epochs=300, patience=3, learning_rate=0.02)

        losses = [entry["validation_loss"] for entry in result.history]
        assert len(losses) < 300
        assert result.facts["best_epoch"] == len(losses) - 3
        assert result.facts["best_epoch"] == 1 + int(np.argmin(losses))
        parts = split(tumours.data, fraction=0.15, seed=0)
        found = run(session(result.onnx_bytes), parts.validation.features)
        true = found[np.arange(len(found)), parts.validation.target]
        assert -np.log(true).mean() == pytest.approx(min(losses), rel=1e-4)

    def test_patience_zero_runs_all_epochs_and_takes_the_last(self, tumours: cases.Case) -> None:
        result = cases.trained(tumours.data, epochs=20, patience=0, learning_rate=0.05)

        assert result.facts["epochs_run"] == result.facts["best_epoch"] == 20


class TestBatches:
    def test_a_last_batch_of_one_row_does_not_break_normalisation(
        self, tumours: cases.Case
    ) -> None:
        rows = replace(cases.few_rows(tumours.data, 65), validation=tumours.data)

        result = cases.trained(rows, batch_norm=True, batch_size=32, **QUICK)

        assert result.facts["rows_train"] == 65
        assert np.isfinite(result.history[-1]["train_loss"])


class TestCancel:
    def test_stops_in_the_middle_of_an_epoch(self, tumours: cases.Case) -> None:
        batches = iter(range(100))
        shown: list[dict[str, Any]] = []

        with pytest.raises(Cancelled):
            cases.trained(
                tumours.data,
                on_progress=shown.append,
                should_stop=lambda: next(batches) > 5,
            )

        assert [event["stage"] for event in shown] == ["prepare"]


class TestDivergence:
    def test_is_said_and_names_the_learning_rate(self, diabetes: cases.Case) -> None:
        with pytest.raises(Invalid, match="diverged") as refusal:
            cases.trained(diabetes.data, optimizer="sgd", learning_rate=10.0)

        assert refusal.value.field == "learning_rate"


def test_rows_given_for_validation_are_used_as_they_are(tumours: cases.Case) -> None:
    held: TrainingData = cases.few_rows(tumours.data, 33)

    result = cases.trained(replace(tumours.data, validation=held), **QUICK)

    assert result.facts["rows_validation"] == 33
    assert result.facts["rows_train"] == len(tumours.data.target)
