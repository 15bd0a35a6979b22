"""Requests to fill in: a real row of the golden rows, or zeros in the shape of the signature."""

import base64
import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from registry.models import ModelVersion
from registry.selectors import latest_evidence

Json = Mapping[str, Any]
# Numbers of an example; a signature may ask for a thousand times as many.
MOST_SHOWN = 16_384


def is_tabular(signature: Json) -> bool:
    """Whether a row is one list of named numbers."""
    inputs = signature["inputs"]
    return len(inputs) == 1 and bool(inputs[0]["features"])


def is_shown(signature: Json) -> bool:
    """Whether a row of all inputs is small enough to be written out."""
    numbers: int = sum(prod(tensor["shape"][1:]) for tensor in signature["inputs"])
    return numbers <= MOST_SHOWN


def zeros(tensor: Json) -> Any:
    """One row of zeros, nested as the input's shape."""
    return np.zeros(tensor["shape"][1:], dtype=tensor["dtype"]).tolist()


def golden_row(version: ModelVersion, number: int = 0) -> dict[str, Any] | None:
    """Row `number` of the newest golden rows by input name, None where there are none to show."""
    if not is_shown(version.signature or {"inputs": []}):
        return None
    evidence = latest_evidence(version, "golden")
    if evidence is None:
        return None
    stored = json.loads(bytes(evidence.body))["inputs"]
    row = {}
    for name, tensor in stored.items():
        data = np.frombuffer(base64.b64decode(tensor["data_b64"]), dtype=tensor["dtype"])
        rows = data.reshape(tensor["shape"])
        row[name] = _shortest(rows[number % len(rows)])
    return row


def _shortest(values: Any) -> Any:
    """Python numbers with as few digits as tell the same value of the array's type."""
    if values.ndim:
        return [_shortest(part) for part in values]
    return float(str(values)) if values.dtype.kind == "f" else values.item()


def body_for(signature: Json, row: Json | None) -> dict[str, Any]:
    """A request of one row in the simplest form that the signature allows.

    In the place of a row that is too large to be written out stands its shape.
    """
    tensors, written = signature["inputs"], zeros if is_shown(signature) else _shape_of
    values = {t["name"]: (row or {}).get(t["name"]) or written(t) for t in tensors}
    if len(tensors) > 1:
        return {"inputs": {name: [value] for name, value in values.items()}}
    only = values[tensors[0]["name"]]
    features = tensors[0]["features"]
    return {"rows": [dict(zip(features, only, strict=True)) if features else only]}


def _shape_of(tensor: Json) -> str:
    return " x ".join(str(size) for size in tensor["shape"][1:])


def request_example(signature: Json) -> str:
    """A request of zeros, as JSON for the page of the signature."""
    return json.dumps(body_for(signature, None), indent=None if not is_tabular(signature) else 2)
