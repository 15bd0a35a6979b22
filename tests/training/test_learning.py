"""The defaults learn: figures on rows that training never saw, computed by scikit-learn."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, f1_score, r2_score

from tests.training import cases
from training.engine import TrainResult
from training.engine.data import Floats
from training.engine.onnx_session import run, session


def answers(result: TrainResult, rows: Floats) -> Floats:
    return run(session(result.onnx_bytes), rows)


class TestTheDefaults:
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_tell_tumours_apart_with_f1_of_95_percent(self, seed: int) -> None:
        case = cases.breast_cancer(seed)

        found = answers(cases.trained(case.data, "mlp", seed=seed), case.held_features)

        predicted = found.argmax(axis=1)
        assert f1_score(case.held_target, predicted) >= 0.95
        assert f1_score(case.held_target, predicted, average="macro") >= 0.95

    def test_read_digits_with_accuracy_of_97_percent(
        self, digits: cases.Case, digit_model: TrainResult
    ) -> None:
        predicted = answers(digit_model, digits.held_features).argmax(axis=1)

        assert accuracy_score(digits.held_target, predicted) >= 0.97

    def test_explain_a_third_of_the_variance_of_diabetes(
        self, diabetes: cases.Case, diabetes_model: TrainResult
    ) -> None:
        found = answers(diabetes_model, diabetes.held_features)

        assert r2_score(diabetes.held_target, found[:, 0]) >= 0.33


class TestWithoutHiddenLayers:
    def test_regression_comes_to_the_least_squares_solution(self, diabetes: cases.Case) -> None:
        params: dict[str, Any] = {"l2": 0.0, "epochs": 300, "learning_rate": 0.01, "patience": 0}
        oracle = LinearRegression().fit(diabetes.data.features, diabetes.data.target)

        result = cases.trained(diabetes.data, hidden=[], validation_fraction=0.01, **params)

        expected = oracle.predict(diabetes.held_features)
        found = answers(result, diabetes.held_features)[:, 0]
        assert np.corrcoef(found, expected)[0, 1] > 0.995
        assert len(result.spec["layers"]) == 1

    @pytest.mark.parametrize("loss", ["cross_entropy", "bce"])
    def test_logistic_regression_works_with_either_loss(
        self, tumours: cases.Case, loss: str
    ) -> None:
        result = cases.trained(tumours.data, hidden=[], loss=loss, epochs=40)

        found = answers(result, tumours.held_features)

        assert found.shape == (len(tumours.held_target), 2)
        assert np.allclose(found.sum(axis=1), 1, atol=1e-6)
        assert accuracy_score(tumours.held_target, found.argmax(axis=1)) >= 0.94
        assert result.spec["outputs"] == (1 if loss == "bce" else 2)


class TestTheOtherChoices:
    @pytest.mark.parametrize(
        ("activation", "init"), [("relu", "xavier"), ("tanh", "xavier"), ("gelu", "he")]
    )
    def test_each_activation_and_first_weights_learn(
        self, tumours: cases.Case, activation: str, init: str
    ) -> None:
        result = cases.trained(tumours.data, activation=activation, init=init, epochs=10)

        found = answers(result, tumours.held_features).argmax(axis=1)
        assert accuracy_score(tumours.held_target, found) >= 0.92

    def test_sgd_with_momentum_and_batch_normalisation_learns(self, tumours: cases.Case) -> None:
        result = cases.trained(
            tumours.data, optimizer="sgd", learning_rate=0.01, batch_norm=True, epochs=15
        )

        found = answers(result, tumours.held_features).argmax(axis=1)
        assert accuracy_score(tumours.held_target, found) >= 0.92

    def test_a_dense_network_reads_images_too(self, digits: cases.Case) -> None:
        result = cases.trained(digits.data, "mlp", epochs=15)

        found = answers(result, digits.held_features).argmax(axis=1)
        assert accuracy_score(digits.held_target, found) >= 0.9
