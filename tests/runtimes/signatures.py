"""Signatures that the tests share, in their JSON form."""

from typing import Any

BINARY: dict[str, Any] = {
    "task": "binary",
    "classes": ["malignant", "benign"],
    "inputs": [
        {"name": "x", "dtype": "float32", "shape": ["batch", 3], "features": ["a", "mean b", "c"]}
    ],
    "outputs": [
        {"name": "p", "dtype": "float32", "shape": ["batch", 2], "kind": "probabilities"},
        {"name": "label", "dtype": "int64", "shape": ["batch"], "kind": "label"},
    ],
}
IMAGES: dict[str, Any] = {
    "task": "multiclass",
    "classes": [str(i) for i in range(10)],
    "inputs": [
        {"name": "image", "dtype": "float32", "shape": ["batch", 1, 2, 2], "features": None}
    ],
    "outputs": [{"name": "p", "dtype": "float32", "shape": ["batch", 10], "kind": "probabilities"}],
}
REGRESSION: dict[str, Any] = {
    "task": "regression",
    "classes": None,
    "inputs": [
        {"name": "n", "dtype": "int8", "shape": ["batch"], "features": None},
        {"name": "on", "dtype": "bool", "shape": ["batch", 2], "features": ["x", "y"]},
        {"name": "v", "dtype": "float16", "shape": ["batch", 1], "features": ["only"]},
        {"name": "u", "dtype": "uint64", "shape": ["batch", 2], "features": None},
    ],
    "outputs": [{"name": "y", "dtype": "float64", "shape": ["batch", 1], "kind": "value"}],
}
