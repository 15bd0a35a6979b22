"""The golden rows show every answer that a model gives, beginning with its least certain."""

from typing import Any

import numpy as np

from evaluation.reporting import golden_rows
from runtimes.schema import Signature
from tests.evaluation import onnx_models as real


def pick(model: real.OrtModel, features: Any, signature: Signature, n: int, seed: int = 1) -> Any:
    return golden_rows(
        model,
        features,
        signature=signature,
        n=n,
        seed=seed,
        on_progress=lambda _: None,
        should_stop=lambda: False,
    )


def test_every_predicted_class_is_there_with_its_least_certain_row() -> None:
    images, _ = real.digits()
    given = real.digits_model().run({"x": images.astype(np.float32)})["y"]
    chosen = pick(real.digits_model(), images, real.DIGITS, 16)
    assert len(chosen) == 16
    assert (np.diff(chosen) > 0).all()
    said, confidence = given.argmax(axis=1), given.max(axis=1)
    for digit in np.unique(said):
        least = confidence[said == digit].min()
        assert confidence[chosen[said[chosen] == digit]].min() == least


def test_a_regression_is_sampled_from_its_lowest_to_its_highest_answer() -> None:
    features, _ = real.diabetes()
    said = real.diabetes_model().run({"x": features.astype(np.float32)})["y"][:, 0]
    chosen = pick(real.diabetes_model(), features, real.DIABETES, 8)
    assert {int(said.argmin()), int(said.argmax())} <= set(chosen.tolist())
    assert len(chosen) == 8


def test_the_seed_decides_and_few_rows_are_all_taken() -> None:
    features, _ = real.cancer()
    first = pick(real.cancer_model(), features, real.CANCER, 12)
    assert first.tolist() == pick(real.cancer_model(), features, real.CANCER, 12).tolist()
    assert first.tolist() != pick(real.cancer_model(), features, real.CANCER, 12, 2).tolist()
    assert pick(real.cancer_model(), features[:5], real.CANCER, 12).tolist() == [0, 1, 2, 3, 4]
