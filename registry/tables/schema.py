"""What is known of a dataset, and its rows as arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from common.errors import TooLarge

FORMATS = ("csv", "parquet", "npz")
SPLITS = ("train", "validation", "test", "calibration")
REGRESSION = "regression"
# float32 values of the features that a job can be asked to hold: 2 GiB.
MAX_VALUES = 2**29


# Hears how many rows were read, of about how many.
Progress = Callable[[int, int], None]


def untold(done: int, total: int) -> None:
    """Nobody listens."""


class Column(TypedDict):
    """A column (or array) of the file and the type of its values."""

    name: str
    dtype: str


class Schema(TypedDict):
    """What a dataset holds; JSON.

    `shape` is [rows, ...] of the features; `classes` is None for regression; `feature_names` is
    None where a row is not a list of named numbers (images); `task_hint` is binary, multiclass
    or regression.
    """

    columns: list[Column]
    feature_names: list[str] | None
    target: str
    task_hint: str
    classes: list[str] | None
    shape: list[int]
    rows: int


@dataclass(frozen=True)
class Table:
    """All rows: features float32 [n, ...]; target int64 [n] (indexes into `classes`), or
    float32 [n] for regression, where `classes` is None."""

    features: npt.NDArray[np.float32]
    target: npt.NDArray[Any]
    classes: list[str] | None
    feature_names: list[str] | None


def check_size(rows: int, width: int, max_rows: int) -> None:
    """Raise TooLarge where a job could not hold the features as float32."""
    if rows > max_rows:
        raise TooLarge(f"A dataset has at most {max_rows} rows.")
    if rows * width > MAX_VALUES:
        raise TooLarge(f"A dataset has at most {MAX_VALUES} values (rows times features).")


def task_hint(classes: list[str] | None) -> str:
    """The task that a target with these classes makes."""
    if classes is None:
        return REGRESSION
    return "binary" if len(classes) == 2 else "multiclass"
