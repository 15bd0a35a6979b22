"""What a model answers for rows: run in chunks, checked against its own signature."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from common.errors import Invalid
from common.steering import Steering
from evaluation.features import Array
from runtimes.schema import Signature

ELEMENTS_AT_ONCE = 1 << 20
ROWS_AT_ONCE = 1024
SUM_TOLERANCE = 1e-3


class Model(Protocol):
    """An opened model: arrays by input name to arrays by output name."""

    def run(self, inputs: dict[str, Array]) -> dict[str, Array]: ...


@dataclass(frozen=True, eq=False)
class Answers:
    """`predicted` int64 class indices or float64 values (rows,); `probabilities` (rows, classes).

    `probabilities` keep the model's own float type, are within [0, 1], and are None for models
    that give labels or values.
    """

    predicted: NDArray[np.int64] | NDArray[np.float64]
    probabilities: NDArray[np.floating] | None

    def digest(self) -> str:
        """SHA-256 of the probabilities (float32), values (float32) or labels (int64).

        Little-endian bytes in row order. The same model, rows and runtime give the same digest.
        """
        said = self.predicted if self.probabilities is None else self.probabilities
        kind = "<i8" if said.dtype.kind == "i" else "<f4"
        data = np.ascontiguousarray(said, dtype=kind).tobytes()
        return "sha256:" + hashlib.sha256(data).hexdigest()


def answer(
    model: Model,
    inputs: Mapping[str, Array],
    signature: Signature,
    *,
    threshold: float | None,
    steering: Steering,
    stage: str = "predict",
) -> Answers:
    """Run the model on every row, as many at once as fit about a million input elements.

    `threshold` (binary with probabilities only) is the least probability of the second class
    for which that is the answer; else the larger probability wins, at a tie the earlier class.
    Raises Invalid (model) if an answer breaks the signature or is not finite, and Cancelled.
    """
    rows = len(next(iter(inputs.values())))
    at_once = rows_at_once(inputs)
    promised = signature.answer()
    parts = []
    for start in range(0, rows, at_once):
        steering.step(stage, start, rows)
        chunk = {name: array[start : start + at_once] for name, array in inputs.items()}
        parts.append(checked(model.run(chunk).get(promised.name), len(_first(chunk)), signature))
    steering.step(stage, rows, rows)
    return _read(np.concatenate(parts), signature, threshold)


def rows_at_once(inputs: Mapping[str, Array]) -> int:
    """How many rows to give to the model at a time."""
    elements = sum(int(np.prod(array.shape[1:])) for array in inputs.values())
    return max(1, min(ROWS_AT_ONCE, ELEMENTS_AT_ONCE // max(1, elements)))


def probabilities_of(array: Array) -> NDArray[np.floating]:
    """Probabilities (rows, classes); a single column is that of the second class."""
    table: NDArray[np.floating] = array.astype(array.dtype, copy=False)
    if table.ndim == 2 and table.shape[1] > 1:
        return table
    second = table.reshape(-1)
    return np.stack([1 - second, second], axis=1)


def checked(array: Array | None, rows: int, signature: Signature) -> Array:
    """The deciding output as it came. Raises Invalid (model) if it is not what was promised."""
    promised = signature.answer()
    if array is None or array.shape != (rows, *promised.shape) or array.dtype != promised.dtype:
        raise Invalid("The model's answer has not the dtype and shape promised.", field="model")
    if not np.isfinite(array).all():
        raise Invalid("The model answered NaN or infinity for some rows.", field="model")
    return array


def _first(inputs: Mapping[str, Array]) -> Array:
    return next(iter(inputs.values()))


def _read(array: Array, signature: Signature, threshold: float | None) -> Answers:
    kind = signature.answer().kind
    if kind == "value":
        return Answers(array.reshape(-1).astype(np.float64), None)
    if kind == "label":
        return Answers(_labels(array, len(signature.classes or ())), None)
    table = probabilities_of(array)
    _require_probabilities(table)
    predicted = table.argmax(axis=1)
    if threshold is not None and signature.task == "binary":
        predicted = (table[:, 1] >= threshold).astype(np.int64)
    return Answers(predicted, np.clip(table, 0, 1))


def _labels(array: Array, classes: int) -> NDArray[np.int64]:
    labels = array.reshape(-1).astype(np.int64)
    if ((labels < 0) | (labels >= classes)).any():
        raise Invalid("The model answered a class that its signature has not.", field="model")
    return labels


def _require_probabilities(table: NDArray[np.floating]) -> None:
    inside = (table >= -SUM_TOLERANCE).all() and (table <= 1 + SUM_TOLERANCE).all()
    sums = table.astype(np.float64).sum(axis=1)
    if not inside or np.abs(sums - 1).max() > SUM_TOLERANCE:
        raise Invalid(
            "The output is declared as probabilities, but rows do not add up to 1.", field="model"
        )
