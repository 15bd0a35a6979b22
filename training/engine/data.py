"""Training data as arrays: checks, the split, and the digest that a checkpoint is bound to."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from common.errors import Invalid

Task = Literal["binary", "multiclass", "regression"]
Floats = NDArray[np.float32]
BINARY_CLASSES = 2
LEAST_ROWS = 2


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Rows to learn from.

    features: float32 [n, ...], finite, as raw as consumers will send them.
    target: class indexes int64 [n] into `classes`, or float32 [n] for regression.
    validation: rows of the same shape and classes; without them the engine splits some off.
    """

    features: NDArray[Any]
    target: NDArray[Any]
    classes: list[str] | None
    feature_names: list[str] | None
    task: Task
    validation: "TrainingData | None" = None

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.features.shape[1:]


@dataclass(frozen=True, slots=True)
class Parts:
    """Checked training and validation rows: float32 features, int64 or float32 targets."""

    train: TrainingData
    validation: TrainingData


def checked(data: TrainingData, *, where: str = "") -> TrainingData:
    """The data with exact dtypes; raises Invalid naming `features`, `target` or `classes`."""
    features = _numeric(data.features, f"{where}features")
    if features.ndim < 2 or 0 in features.shape:
        raise Invalid("There must be at least one row and one column.", field=f"{where}features")
    if data.target.shape != (len(features),):
        raise Invalid(
            f"There are {len(features)} rows but a target of shape {list(data.target.shape)}.",
            field=f"{where}target",
        )
    if data.feature_names is not None and len(data.feature_names) != features.shape[1]:
        raise Invalid("There must be one name for each column.", field=f"{where}feature_names")
    target = (
        _numeric(data.target, f"{where}target")
        if data.task == "regression"
        else _class_indexes(data, f"{where}target")
    )
    return replace(data, features=features, target=target, validation=None)


def split(data: TrainingData, *, fraction: float, seed: int) -> Parts:
    """Training and validation rows, both checked.

    Uses `data.validation` where given; else draws `fraction` of the rows (at least one per
    class of two or more rows), in proportion to the classes, by `seed` alone.
    """
    whole = checked(data)
    if data.validation is not None:
        held = checked(data.validation, where="validation.")
        _same_kind(whole, held)
        parts = Parts(whole, held)
    else:
        chosen = _drawn(whole, fraction, np.random.default_rng(seed))
        parts = Parts(_rows(whole, ~chosen), _rows(whole, chosen))
    _learnable(parts)
    return parts


def digest(parts: Parts) -> str:
    """Hex sha256 over task, names, dtypes, shapes and bytes of all rows of both parts."""
    train = parts.train
    hasher = hashlib.sha256(repr((train.task, train.classes, train.feature_names)).encode())
    for part in (train, parts.validation):
        for array in (part.features, part.target):
            hasher.update(f"{array.dtype.str}{array.shape}".encode())
            hasher.update(np.ascontiguousarray(array).data)
    return hasher.hexdigest()


def _numeric(array: NDArray[Any], field: str) -> Floats:
    if array.dtype.kind not in "fiub":
        raise Invalid(f"Values must be numbers, not {array.dtype}.", field=field)
    with np.errstate(over="ignore"):
        floats = np.ascontiguousarray(array, dtype=np.float32)
    wrong = np.argwhere(~np.isfinite(floats))
    if len(wrong):
        raise Invalid(
            f"{len(wrong)} values are missing, infinite or too large for float32; "
            f"the first is in row {int(wrong[0][0])}.",
            field=field,
        )
    return floats


def _class_indexes(data: TrainingData, field: str) -> NDArray[np.int64]:
    if not data.classes or len(data.classes) < BINARY_CLASSES:
        raise Invalid("A classifier needs at least two classes.", field="classes")
    if len(set(data.classes)) != len(data.classes):
        raise Invalid("Two classes have the same name.", field="classes")
    if data.task == "binary" and len(data.classes) != BINARY_CLASSES:
        raise Invalid("A binary task has exactly two classes.", field="classes")
    if data.target.dtype.kind not in "iu":
        raise Invalid("Class indexes must be whole numbers.", field=field)
    if len(data.target) and not 0 <= int(data.target.min()) <= int(data.target.max()) < len(
        data.classes
    ):
        raise Invalid(f"Class indexes must be 0 to {len(data.classes) - 1}.", field=field)
    return np.ascontiguousarray(data.target, dtype=np.int64)


def _same_kind(train: TrainingData, held: TrainingData) -> None:
    if held.input_shape != train.input_shape:
        raise Invalid(
            f"Validation rows have the shape {list(held.input_shape)}, "
            f"training rows {list(train.input_shape)}.",
            field="validation.features",
        )
    if (held.task, held.classes) != (train.task, train.classes):
        raise Invalid("Validation rows have other classes.", field="validation.classes")


def _learnable(parts: Parts) -> None:
    if len(parts.train.target) < LEAST_ROWS or len(parts.validation.target) < 1:
        raise Invalid(
            f"{len(parts.train.target)} training and {len(parts.validation.target)} validation "
            "rows are too few.",
            field="features",
        )
    if parts.train.task != "regression" and len(np.unique(parts.train.target)) < BINARY_CLASSES:
        raise Invalid(
            "All training rows have the same class, so there is nothing to learn.", field="target"
        )


def _rows(data: TrainingData, chosen: NDArray[np.bool_]) -> TrainingData:
    return replace(data, features=data.features[chosen], target=data.target[chosen])


def _drawn(
    data: TrainingData, fraction: float, generator: np.random.Generator
) -> NDArray[np.bool_]:
    chosen = np.zeros(len(data.target), dtype=bool)
    strata = np.zeros(len(data.target), dtype=np.int64)
    if data.task != "regression":
        strata = data.target
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        # A class of a single row stays in training: it could not be learnt otherwise.
        count = min(max(1, round(len(members) * fraction)), len(members) - 1)
        chosen[generator.permutation(members)[:count]] = True
    return chosen
