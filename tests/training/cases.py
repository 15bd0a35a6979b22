"""Real data that scikit-learn brings along, split into training and held-out rows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.model_selection import train_test_split

from training.engine import TrainingData, TrainResult, train
from training.engine.data import Task


@dataclass(frozen=True)
class Case:
    """Training rows as the engine takes them, and rows that no training sees."""

    data: TrainingData
    held_features: NDArray[np.float32]
    held_target: NDArray[Any]


def breast_cancer(seed: int = 0) -> Case:
    bunch = load_breast_cancer()
    names = [str(name) for name in bunch.feature_names]
    return _case(bunch.data, bunch.target, ["malignant", "benign"], names, "binary", seed)


def digits(seed: int = 0) -> Case:
    bunch = load_digits()
    classes = [str(digit) for digit in range(10)]
    return _case(bunch.images[:, None], bunch.target, classes, None, "multiclass", seed)


def diabetes(seed: int = 0) -> Case:
    bunch = load_diabetes(scaled=False)
    return _case(
        bunch.data, bunch.target.astype(np.float32), None, bunch.feature_names, "regression", seed
    )


def trained(
    data: TrainingData,
    recipe: str = "mlp",
    *,
    checkpoint_path: Path | None = None,
    on_progress: Callable[[dict[str, Any]], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    **params: Any,
) -> TrainResult:
    return train(
        recipe,
        params,
        data,
        checkpoint_path=checkpoint_path,
        on_progress=on_progress,
        should_stop=should_stop,
    )


def few_rows(data: TrainingData, rows: int) -> TrainingData:
    return replace(data, features=data.features[:rows], target=data.target[:rows])


def _case(
    features: NDArray[Any],
    target: NDArray[Any],
    classes: list[str] | None,
    names: list[str] | None,
    task: Task,
    seed: int,
) -> Case:
    train_x, held_x, train_y, held_y = train_test_split(
        features.astype(np.float32),
        target,
        test_size=0.3,
        random_state=seed,
        stratify=None if task == "regression" else target,
    )
    return Case(TrainingData(train_x, train_y, classes, names, task), held_x, held_y)
