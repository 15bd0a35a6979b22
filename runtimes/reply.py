"""A model's output arrays as the reply's JSON."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from common.errors import Unavailable
from runtimes.blocks import Array
from runtimes.schema import Output, Signature


def reply(
    outputs: Mapping[str, Array], signature: Signature, *, threshold: float | None = None
) -> dict[str, Any]:
    """{"predictions": [..]}, one per row, of plain floats and texts.

    A class: {"label", "probabilities": {class: p}}, without probabilities where the model gives
    labels only. A regression: {"value"}. `threshold` (binary only): the least probability of the
    second class for which it is the label; without it the larger probability wins, at a tie the
    earlier class. Raises Unavailable if the model broke the promise of its signature.
    """
    output = signature.answer()
    array = _promised(outputs, output)
    if output.kind == "value":
        return {"predictions": [{"value": value} for value in array.reshape(-1).tolist()]}
    classes = signature.classes or ()
    if output.kind == "label":
        return {"predictions": [{"label": classes[i]} for i in _indices(array, len(classes))]}
    table = _table(array)
    labels = table.argmax(axis=1)
    if threshold is not None and signature.task == "binary":
        labels = (table[:, 1] >= threshold).astype(np.int64)
    return {
        "predictions": [
            {"label": classes[label], "probabilities": dict(zip(classes, row, strict=True))}
            for label, row in zip(labels.tolist(), table.tolist(), strict=True)
        ]
    }


def _promised(outputs: Mapping[str, Array], output: Output) -> Array:
    array = outputs.get(output.name)
    if array is None or array.dtype != output.dtype or array.shape[1:] != output.shape:
        raise Unavailable("The model's answer has not the dtype and shape of its signature.")
    if not np.isfinite(array).all():
        raise Unavailable("The model answered NaN or infinity for these rows.")
    return array


def _table(array: Array) -> Array:
    """Probabilities (rows, classes); one column is the probability of the second class."""
    if array.ndim == 2 and array.shape[1] > 1:
        return array
    second = array.reshape(-1).astype(np.float64)
    return np.stack([1.0 - second, second], axis=1)


def _indices(array: Array, count: int) -> list[int]:
    labels = [int(value) for value in array.reshape(-1)]
    if any(not 0 <= label < count for label in labels):
        raise Unavailable("The model answered a class that its signature does not know.")
    return labels
