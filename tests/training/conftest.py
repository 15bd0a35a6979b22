"""Networks trained once with the defaults, for the tests that only look at them."""

import pytest

from tests.training import cases
from training.engine import TrainResult


@pytest.fixture(scope="session")
def tumours() -> cases.Case:
    return cases.breast_cancer()


@pytest.fixture(scope="session")
def digits() -> cases.Case:
    return cases.digits()


@pytest.fixture(scope="session")
def diabetes() -> cases.Case:
    return cases.diabetes()


@pytest.fixture(scope="session")
def tumour_model(tumours: cases.Case) -> TrainResult:
    return cases.trained(tumours.data, "mlp")


@pytest.fixture(scope="session")
def digit_model(digits: cases.Case) -> TrainResult:
    return cases.trained(digits.data, "cnn")


@pytest.fixture(scope="session")
def diabetes_model(diabetes: cases.Case) -> TrainResult:
    return cases.trained(diabetes.data, "mlp")
