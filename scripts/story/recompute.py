"""The figures of a report, computed again from the downloaded bytes with other code."""

from typing import Any

import numpy as np
import onnxruntime
from sklearn import metrics

TOLERANCE = 1e-6


def answers(model: bytes, features: Any) -> Any:
    """Probabilities (n, classes) of an ONNX file by onnxruntime alone."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return session.run(None, {name: np.asarray(features, dtype=np.float32)})[0]


def figures(model: bytes, features: Any, target: Any) -> dict[str, float]:
    """Accuracy, macro F1 and log-loss by scikit-learn."""
    probabilities = answers(model, features).astype(np.float64)
    predicted = probabilities.argmax(axis=1)
    normal = probabilities / probabilities.sum(axis=1, keepdims=True)
    labels = list(range(probabilities.shape[1]))
    return {
        "accuracy": float(metrics.accuracy_score(target, predicted)),
        "f1_macro": float(metrics.f1_score(target, predicted, average="macro")),
        "log_loss": float(metrics.log_loss(target, normal, labels=labels)),
    }


def largest_difference(report: dict[str, Any], own: dict[str, float]) -> float:
    """The largest absolute difference between a report and the own figures."""
    apart = [abs(report["metrics"][name]["value"] - value) for name, value in own.items()]
    return float(max(apart))
