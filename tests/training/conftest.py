"""Networks trained once with the defaults, for the tests that only look at them."""

from collections.abc import Iterator
from functools import cache

import pytest
from torch.onnx._internal.exporter._registration import ONNXRegistry

from tests.training import cases
from training.engine import TrainResult


@pytest.fixture(scope="session", autouse=True)
def one_operator_table() -> Iterator[None]:
    """The exporter derives its table of operators from their sources anew for each file; 1.6 s."""
    with pytest.MonkeyPatch.context() as patch:
        derive = staticmethod(cache(ONNXRegistry.from_torchlib))
        patch.setattr(ONNXRegistry, "from_torchlib", derive)
        yield


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
