"""Networks trained once with the defaults, for the tests that only look at them."""

import fcntl
import os
import pickle
from collections.abc import Iterator
from functools import cache
from pathlib import Path

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


def _trained_once(case: cases.Case, recipe: str, name: str) -> TrainResult:
    """By the first process of a run that asks, for all of them."""
    shared = Path(os.environ["ASSAY_TEST_BASE"])
    kept = shared / f"trained-{name}.pickle"
    with (shared / f"trained-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(cases.trained(case.data, recipe)))
    result: TrainResult = pickle.loads(kept.read_bytes())
    return result


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
    return _trained_once(tumours, "mlp", "tumours")


@pytest.fixture(scope="session")
def digit_model(digits: cases.Case) -> TrainResult:
    return _trained_once(digits, "cnn", "digits")


@pytest.fixture(scope="session")
def diabetes_model(diabetes: cases.Case) -> TrainResult:
    return _trained_once(diabetes, "mlp", "diabetes")
