"""A tiny real model: a logistic regression on four columns of the breast-cancer data, as ONNX.

Its evidence is real too: measured, explained and frozen by the code that jobs run, on real rows.
"""

import json
from functools import cache
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from evaluation.explanation import explain
from evaluation.features import as_inputs
from evaluation.reporting import Contender, evaluate, golden_rows
from registry.models import ModelVersion
from runtimes.golden import make
from runtimes.schema import Signature
from runtimes.session import open_model
from tests.evaluation.onnx_models import CANCER_CLASSES, SOFTMAX, Array, cancer, layers

COLUMNS = {"worst radius": 20, "worst texture": 21, "worst smoothness": 24, "worst symmetry": 28}
CARD = {
    "intended_use": "Prove the promises of this registry.",
    "out_of_scope": "Any decision about a person.",
    "training_data": "300 rows of the Wisconsin diagnostic data.",
    "limitations": "Four of thirty measurements.",
    "contact": "The team credit.",
}
SIGNATURE: dict[str, Any] = {
    "task": "binary",
    "classes": list(CANCER_CLASSES),
    "inputs": [
        {"name": "x", "dtype": "float32", "shape": ["batch", 4], "features": list(COLUMNS)},
    ],
    "outputs": [{"name": "y", "dtype": "float32", "shape": ["batch", 2], "kind": "probabilities"}],
}


@cache
def rows(part: str) -> tuple[Array, Array]:
    """Features (n, 4) and labels (n,) of `train` (300 rows) or `test` (200 others)."""
    features, target = cancer()
    chosen = slice(0, 300) if part == "train" else slice(300, 500)
    return features[chosen][:, list(COLUMNS.values())], target[chosen]


@cache
def model_bytes(strength: float = 1.0) -> bytes:
    """The ONNX file; another `strength` of regularisation gives another model."""
    features, target = rows("train")
    scaler = StandardScaler().fit(features)
    fitted = LogisticRegression(C=strength).fit(scaler.transform(features), target)
    one = fitted.coef_[0] / scaler.scale_
    weights = np.stack([np.zeros_like(one), one], axis=1)
    return layers(
        [(weights, np.array([0.0, fitted.intercept_[0] - one @ scaler.mean_]))], [4], SOFTMAX
    )


@cache
def table(part: str = "test") -> bytes:
    """The rows as CSV."""
    features, target = rows(part)
    lines = [",".join([*COLUMNS, "diagnosis"])]
    for row, label in zip(features.tolist(), target.tolist(), strict=True):
        lines.append(",".join([*map(repr, row), CANCER_CLASSES[label]]))
    return ("\n".join(lines) + "\n").encode()


def request(count: int = 2) -> dict[str, Any]:
    """A prediction request of held-out rows."""
    return {"rows": rows("test")[0][:count].tolist()}


def answers(count: int = 2, strength: float = 1.0) -> list[list[float]]:
    """What the model says about the rows of `request`, as probabilities (count, 2)."""
    inputs = {"x": rows("test")[0][:count].astype(np.float32)}
    found: list[list[float]] = open_model(model_bytes(strength)).run(inputs)["y"].tolist()
    return found


def _quiet(news: dict[str, Any]) -> None:
    """Progress that nobody follows."""


def _never() -> bool:
    return False


@cache
def reports(strength: float = 1.0) -> dict[str, dict[str, Any]]:
    """Evaluation, golden rows and explanation, measured once for each process."""
    signature = Signature.parse(SIGNATURE)
    body = model_bytes(strength)
    model = open_model(body)
    features, target = rows("test")
    contender = Contender(model, signature, "sha256:" + "0" * 64, len(body))
    dataset = {"id": "", "name": "tumours", "split": "test", "digest": "", "rows": len(target)}
    evaluation = evaluate(
        contender,
        features,
        target,
        dataset=dataset,
        seed=1,
        resamples=100,
        champion=None,
        on_progress=_quiet,
        should_stop=_never,
    )
    chosen = golden_rows(
        model, features, signature=signature, n=8, seed=1, on_progress=_quiet, should_stop=_never
    )
    explanation = explain(
        contender,
        features,
        background=features,
        dataset=dataset,
        rows=4,
        seed=1,
        on_progress=_quiet,
        should_stop=_never,
    )
    golden = make({"x": as_inputs(features[chosen], signature)["x"]}, model)
    return {"evaluation": evaluation, "golden": golden, "explanation": explanation}


def reports_on(version: ModelVersion, strength: float = 1.0) -> dict[str, dict[str, Any]]:
    """The reports as they read for a version."""
    made = reports(strength)
    about = made["evaluation"]["subject"] | {"digest": f"sha256:{version.digest}"}
    return made | {"evaluation": made["evaluation"] | {"subject": about}}


def parsed(body: bytes) -> dict[str, Any]:
    """A report of the registry, parsed."""
    found: dict[str, Any] = json.loads(body)
    return found
