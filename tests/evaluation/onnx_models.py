"""Small ONNX models with the weights of scikit-learn models fitted on real data."""

from functools import cache
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from runtimes.schema import Signature
from runtimes.session import open_model

Array = NDArray[Any]
CANCER_CLASSES = ["malignant", "benign"]
DIGIT_CLASSES = [str(digit) for digit in range(10)]


class OrtModel:
    """An ONNX file in memory, opened as jobs open it; counts its calls."""

    def __init__(self, content: bytes) -> None:
        self.opened = open_model(content)
        self.calls = 0

    def run(self, inputs: dict[str, Array]) -> dict[str, Array]:
        self.calls += 1
        return self.opened.run(inputs)


def signature(
    task: str, shape: list[int], kind: str, classes: list[str] | None, width: int | None
) -> Signature:
    dtype = "int64" if kind == "label" else "float32"
    row = [] if width is None else [width]
    return Signature.parse(
        {
            "task": task,
            "classes": classes,
            "inputs": [
                {"name": "x", "dtype": "float32", "shape": ["batch", *shape], "features": None}
            ],
            "outputs": [{"name": "y", "dtype": dtype, "shape": ["batch", *row], "kind": kind}],
        }
    )


def layers(
    weights: list[tuple[Array, Array]], shape: list[int], last: tuple[str, dict[str, Any]] | None
) -> bytes:
    """Flatten, then Gemm layers with ReLU between, then the last operator."""
    constants, nodes, value = [], [], "flat"
    nodes.append(helper.make_node("Flatten", ["x"], ["flat"]))
    for i, (w, b) in enumerate(weights):
        constants.append(numpy_helper.from_array(np.asarray(w, np.float32), f"w{i}"))
        constants.append(numpy_helper.from_array(np.asarray(b, np.float32), f"b{i}"))
        nodes.append(helper.make_node("Gemm", [value, f"w{i}", f"b{i}"], [f"g{i}"]))
        value = f"g{i}"
        if i < len(weights) - 1:
            nodes.append(helper.make_node("Relu", [value], [f"r{i}"]))
            value = f"r{i}"
    operator, attributes = last or ("Identity", {})
    nodes.append(helper.make_node(operator, [value], ["y"], **attributes))
    is_label = operator == "ArgMax"
    kind = TensorProto.INT64 if is_label else TensorProto.FLOAT
    out = ["batch"] if is_label else ["batch", weights[-1][0].shape[1]]
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])],
        [helper.make_tensor_value_info("y", kind, out)],
        constants,
    )
    opset = [helper.make_opsetid("", 20)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


SOFTMAX: tuple[str, dict[str, Any]] = ("Softmax", {"axis": -1})
ARGMAX: tuple[str, dict[str, Any]] = ("ArgMax", {"axis": -1, "keepdims": 0})


@cache
def cancer() -> tuple[Array, Array]:
    """569 rows of 30 features, float64, and labels 0 (malignant) or 1, in a fixed mixed order."""
    features, target = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(target))
    return features[order], target[order]


@cache
def cancer_weights(strength: float = 1.0) -> tuple[Array, Array]:
    """The scaler and a logistic regression fitted on the first 300 rows, as one layer."""
    features, target = cancer()
    scaler = StandardScaler().fit(features[:300])
    fitted = LogisticRegression(C=strength).fit(scaler.transform(features[:300]), target[:300])
    one = fitted.coef_[0] / scaler.scale_
    bias = fitted.intercept_[0] - one @ scaler.mean_
    weights = np.stack([np.zeros_like(one), one], axis=1)
    return weights, np.array([0.0, bias])


def cancer_model(strength: float = 1.0) -> OrtModel:
    return OrtModel(layers([cancer_weights(strength)], [30], SOFTMAX))


def cancer_label_model() -> OrtModel:
    return OrtModel(layers([cancer_weights()], [30], ARGMAX))


CANCER = signature("binary", [30], "probabilities", CANCER_CLASSES, 2)
CANCER_LABELS = signature("binary", [30], "label", CANCER_CLASSES, None)
DIGITS = signature("multiclass", [1, 8, 8], "probabilities", DIGIT_CLASSES, 10)
DIABETES = signature("regression", [10], "value", None, 1)


@cache
def digits() -> tuple[Array, Array]:
    """1797 images (1, 8, 8) from 0 to 1, and the digit as a whole number."""
    images, target = load_digits(return_X_y=True)
    return images.reshape(-1, 1, 8, 8) / 16, target


@cache
def digits_bytes() -> bytes:
    images, target = digits()
    network = MLPClassifier((24,), max_iter=300, tol=5e-3, n_iter_no_change=3, random_state=0)
    network.fit(images[:1200].reshape(1200, 64), target[:1200])
    weights = list(zip(network.coefs_, network.intercepts_, strict=True))
    return layers(weights, [1, 8, 8], SOFTMAX)


def digits_model() -> OrtModel:
    return OrtModel(digits_bytes())


@cache
def diabetes() -> tuple[Array, Array]:
    features, target = load_diabetes(return_X_y=True, scaled=False)
    return features, target


@cache
def diabetes_weights() -> tuple[Array, Array]:
    features, target = diabetes()
    fitted = LinearRegression().fit(features[:300], target[:300])
    return fitted.coef_[:, None], np.array([fitted.intercept_])


def diabetes_model() -> OrtModel:
    return OrtModel(layers([diabetes_weights()], [10], None))
