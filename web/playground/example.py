"""Requests to fill in: a real row of the golden rows, or zeros in the shape of the signature."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from registry.models import ModelVersion
from registry.selectors import latest_evidence

Json = Mapping[str, Any]


def is_tabular(signature: Json) -> bool:
    """Whether a row is one list of named numbers."""
    inputs = signature["inputs"]
    return len(inputs) == 1 and bool(inputs[0]["features"])


def zeros(tensor: Json) -> Any:
    """One row of zeros, nested as the input's shape."""
    return np.zeros(tensor["shape"][1:], dtype=tensor["dtype"]).tolist()


def golden_row(version: ModelVersion, number: int = 0) -> dict[str, Any] | None:
    """Row `number` of the newest golden rows by input name, None where there are none."""
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
    """A request of one row in the simplest form that the signature allows."""
    tensors = signature["inputs"]
    values = {t["name"]: (row or {}).get(t["name"], zeros(t)) for t in tensors}
    if len(tensors) > 1:
        return {"inputs": {name: [value] for name, value in values.items()}}
    only = values[tensors[0]["name"]]
    features = tensors[0]["features"]
    return {"rows": [dict(zip(features, only, strict=True)) if features else only]}


def request_example(signature: Json) -> str:
    """A request of zeros, as JSON for the page of the signature."""
    return json.dumps(body_for(signature, None), indent=None if not is_tabular(signature) else 2)
