"""The parity report: figures that scikit-learn confirms, and a verdict that claims no more."""

import hashlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    mean_absolute_error,
    mean_squared_error,
)

from common.errors import Invalid
from common.steering import Cancelled, Steering
from evaluation.metrics.rows import Floats, Rows
from tests.training import cases
from training.compression import latency
from training.compression.parity import parity, verdict
from training.compression.quality import RESAMPLES, differences
from training.compression.quantise import quantize_dynamic, quantize_static, sample_rows
from training.engine import TrainResult
from training.engine.onnx_session import run, session

Report = dict[str, Any]
QUIET = Steering(lambda _: None, lambda: False)


@pytest.fixture(scope="module")
def digit_child(digits: cases.Case, digit_model: TrainResult) -> bytes:
    return quantize_static(digit_model.onnx_bytes, sample_rows(digits.data.features, 64, 0))


@pytest.fixture(scope="module")
def report(digits: cases.Case, digit_model: TrainResult, digit_child: bytes) -> Report:
    return measured(digits, digit_model.onnx_bytes, digit_child)


def measured(case: cases.Case, parent: bytes, child: bytes, seed: int = 5) -> Report:
    return parity(
        parent,
        child,
        case.held_features,
        case.held_target,
        case.data.task,
        case.data.classes,
        seed,
        steering=QUIET,
    )


def figures(report: Report) -> dict[str, Report]:
    return {figure["metric"]: figure for figure in report["metrics"]}


class TestFigures:
    @pytest.mark.parametrize("who", ["parent", "child"])
    def test_of_a_classifier_equal_scikit_learn(
        self,
        digits: cases.Case,
        digit_model: TrainResult,
        digit_child: bytes,
        report: Report,
        who: str,
    ) -> None:
        model = digit_model.onnx_bytes if who == "parent" else digit_child
        found = run(session(model), digits.held_features)
        predicted, true = found.argmax(axis=1), digits.held_target
        shown = {name: figure[who] for name, figure in figures(report).items()}

        assert shown == pytest.approx(
            {
                "accuracy": accuracy_score(true, predicted),
                "f1_macro": f1_score(true, predicted, average="macro"),
                "log_loss": log_loss(true, found / found.sum(axis=1, keepdims=True)),
            },
            rel=1e-4,
        )

    def test_of_a_regression_equal_scikit_learn(
        self, diabetes: cases.Case, diabetes_model: TrainResult
    ) -> None:
        child = quantize_dynamic(diabetes_model.onnx_bytes)

        report = measured(diabetes, diabetes_model.onnx_bytes, child)

        found = run(session(child), diabetes.held_features)[:, 0]
        shown = figures(report)
        assert shown["mse"]["child"] == pytest.approx(
            mean_squared_error(diabetes.held_target, found)
        )
        assert shown["mae"]["child"] == pytest.approx(
            mean_absolute_error(diabetes.held_target, found)
        )
        assert report["agreement_rate"] is None
        assert report["max_abs_difference"] > 0

    def test_agreement_and_largest_difference_are_those_of_the_answers(
        self,
        digits: cases.Case,
        digit_model: TrainResult,
        digit_child: bytes,
        report: Report,
    ) -> None:
        before, after = (
            run(session(model), digits.held_features)
            for model in (digit_model.onnx_bytes, digit_child)
        )

        assert report["max_abs_difference"] == pytest.approx(np.abs(before - after).max())
        assert report["agreement_rate"] == accuracy_score(
            before.argmax(axis=1), after.argmax(axis=1)
        )

    def test_sizes_and_digests_are_those_of_the_bytes(
        self, digit_model: TrainResult, digit_child: bytes, report: Report
    ) -> None:
        assert report["size_bytes"]["parent"] == len(digit_model.onnx_bytes)
        assert report["size_bytes"]["child"] == len(digit_child)
        expected = f"sha256:{hashlib.sha256(digit_child).hexdigest()}"
        assert report["child"]["digest"] == expected

    def test_a_model_is_at_par_with_itself(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        report = measured(tumours, tumour_model.onnx_bytes, tumour_model.onnx_bytes)

        assert report["agreement_rate"] == 1
        assert report["max_abs_difference"] == 0
        assert all(
            (figure["difference"], figure["low"], figure["high"]) == (0, 0, 0)
            for figure in report["metrics"]
        )
        assert report["verdict"].startswith("Same size")

    def test_all_but_latency_follow_from_the_seed(
        self,
        digits: cases.Case,
        digit_model: TrainResult,
        digit_child: bytes,
        report: Report,
    ) -> None:
        again = measured(digits, digit_model.onnx_bytes, digit_child)
        other = measured(digits, digit_model.onnx_bytes, digit_child, seed=6)

        changing = {"latency", "verdict"}
        assert {k: v for k, v in again.items() if k not in changing} == {
            k: v for k, v in report.items() if k not in changing
        }
        assert figures(other)["log_loss"]["low"] != figures(report)["log_loss"]["low"]


def rows_of(probabilities: Floats, truth: NDArray[np.int64]) -> Rows:
    return Rows.of(
        "multiclass",
        truth,
        probabilities.argmax(axis=1),
        probabilities=probabilities,
        classes=tuple(str(n) for n in range(probabilities.shape[1])),
    )


def accuracy(parent: Rows, child: Rows, seed: int) -> Report:
    shown = differences(parent, child, seed=seed, steering=QUIET)
    return next(figure for figure in shown if figure["metric"] == "accuracy")


class TestIntervals:
    def test_of_accuracy_are_the_quantiles_of_paired_resamples(self) -> None:
        generator = np.random.default_rng(1)
        true = generator.integers(0, 3, 200)
        before, after = (generator.dirichlet([1, 1, 1], 200) for _ in range(2))

        found = accuracy(rows_of(before, true), rows_of(after, true), seed=9)

        generator = np.random.default_rng(9)
        hits = (after.argmax(1) == true).astype(int) - (before.argmax(1) == true)
        drawn = [hits[generator.integers(0, 200, 200)].mean() for _ in range(RESAMPLES)]
        assert (found["low"], found["high"]) == pytest.approx(
            tuple(np.quantile(drawn, [0.025, 0.975]))
        )

    def test_cover_a_true_loss_of_accuracy(self) -> None:
        true = np.zeros(400, dtype=np.int64)
        before = np.tile([0.9, 0.1], (400, 1))
        after = before.copy()
        after[:40] = [0.1, 0.9]

        found = accuracy(rows_of(before, true), rows_of(after, true), seed=0)

        assert found["difference"] == pytest.approx(-0.1)
        assert -0.14 < found["low"] < -0.1 < found["high"] < -0.06

    def test_are_not_drawn_to_the_end_for_a_job_that_is_stopped(self) -> None:
        rows = rows_of(np.tile([0.9, 0.1], (4, 1)), np.zeros(4, dtype=np.int64))

        with pytest.raises(Cancelled):
            differences(rows, rows, seed=0, steering=Steering(lambda _: None, lambda: True))


class TestLatency:
    def test_is_measured_for_single_rows_and_batches(self, report: Report) -> None:
        batches = report["latency"]["batches"]

        assert [entry["batch"] for entry in batches] == [1, 64]
        for entry in batches:
            assert entry["samples"] >= 15
            assert 0 < entry["child_s"] < 1
            assert entry["speedup"] == pytest.approx(entry["parent_s"] / entry["child_s"])
            assert entry["meaning"] == latency.meaning(entry["speedup"])

    def test_tells_a_large_model_from_a_small_one(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        large = cases.trained(tumours.data, hidden=[1024, 1024], epochs=1)

        batches = latency.compared(large.onnx_bytes, tumour_model.onnx_bytes, tumours.held_features)

        assert [entry["meaning"] for entry in batches] == ["faster", "faster"]

    @pytest.mark.parametrize(
        ("speedup", "meaning"),
        [
            (0.79, "slower"),
            (0.8, "no clear change"),
            (1.0, "no clear change"),
            (1.25, "no clear change"),
            (1.26, "faster"),
        ],
    )
    def test_a_change_within_the_noise_is_no_change(self, speedup: float, meaning: str) -> None:
        assert latency.meaning(speedup) == meaning


def times(single: float, batch: float) -> list[Report]:
    return [
        {"batch": size, "speedup": speedup, "meaning": latency.meaning(speedup)}
        for size, speedup in ((1, single), (64, batch))
    ]


def figure(low: float, high: float, metric: str = "accuracy", better: str = "higher") -> Report:
    middle = (low + high) / 2
    return {"metric": metric, "difference": middle, "low": low, "high": high, "better": better}


class TestTheVerdict:
    @pytest.mark.parametrize(
        ("size", "speeds", "words"),
        [
            (0.4, (1.0, 1.0), "Smaller, not faster:"),
            (0.4, (1.2, 0.9), "Smaller, not faster:"),
            (0.4, (1.3, 2.0), "Smaller and faster:"),
            (0.4, (1.0, 2.0), "Smaller and faster at batch 64 only:"),
            (0.4, (0.5, 0.5), "Smaller but slower:"),
            (0.4, (0.5, 1.0), "Smaller but slower at batch 1:"),
            (0.4, (0.5, 3.0), "Smaller, faster at batch 64 but slower at batch 1:"),
            (1.2, (1.0, 1.0), "Larger, not faster:"),
            (1.2, (2.0, 2.0), "Larger but faster:"),
            (1.2, (0.5, 0.5), "Larger and slower:"),
            (1.0, (1.0, 1.0), "Same size, not faster:"),
        ],
    )
    def test_begins_with_size_and_speed_as_measured(
        self, size: float, speeds: tuple[float, float], words: str
    ) -> None:
        assert verdict(size, times(*speeds), [figure(-0.1, 0.1)]).startswith(words)

    @pytest.mark.parametrize(
        ("figures", "words"),
        [
            ([figure(-0.01, 0.01)], "No clear change of quality; accuracy"),
            ([figure(-0.03, -0.01)], "accuracy -0.02 (95 % interval -0.03 to -0.01), worse."),
            ([figure(0.01, 0.03)], "better."),
            ([figure(-1, 1), figure(0.1, 0.3, "log_loss", "lower")], "log loss +0.2"),
            ([figure(0.1, 0.3, "mse", "lower")], "worse."),
            ([figure(-0.3, -0.1, "mse", "lower")], "better."),
        ],
    )
    def test_says_what_happened_to_quality(self, figures: list[Report], words: str) -> None:
        assert words in verdict(0.5, times(1, 1), figures)


class TestBadInput:
    def test_rows_and_targets_are_checked(
        self, digits: cases.Case, digit_model: TrainResult
    ) -> None:
        model = digit_model.onnx_bytes
        rows = digits.held_features.copy()
        rows[0] = np.nan

        with pytest.raises(Invalid) as features:
            parity(
                model,
                model,
                rows,
                digits.held_target,
                "multiclass",
                digits.data.classes,
                0,
                steering=QUIET,
            )
        with pytest.raises(Invalid) as target:
            parity(
                model,
                model,
                digits.held_features,
                digits.held_target + 1,
                "multiclass",
                digits.data.classes,
                0,
                steering=QUIET,
            )

        assert (features.value.field, target.value.field) == ("features", "target")

    def test_a_model_with_other_answers_is_refused(
        self, tumours: cases.Case, tumour_model: TrainResult
    ) -> None:
        other = cases.trained(tumours.data, hidden=[], epochs=1)
        three = ["malignant", "benign", "unknown"]

        with pytest.raises(Invalid, match="3 finite numbers"):
            parity(
                tumour_model.onnx_bytes,
                other.onnx_bytes,
                tumours.held_features,
                tumours.held_target,
                "multiclass",
                three,
                0,
                steering=QUIET,
            )
