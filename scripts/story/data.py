"""Two real data sets that come with scikit-learn, split by a seed."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split


@dataclass(frozen=True)
class Rows:
    """One split: features (n, ...), class indexes (n,), class names, and the file's bytes."""

    features: Any
    target: Any
    classes: list[str]
    file: bytes
    name: str


def breast_cancer(seed: int) -> dict[str, Rows]:
    """569 tumours by 30 measurements (Wisconsin diagnostic, Street et al. 1993), as CSV."""
    data = load_breast_cancer()
    classes = [str(name) for name in data.target_names]
    header = [*(str(name) for name in data.feature_names), "diagnosis"]
    return {
        split: Rows(x, y, classes, _csv(header, x, [classes[i] for i in y]), f"{split}.csv")
        for split, x, y in _split(data.data, data.target, seed)
    }


def digits(seed: int) -> dict[str, Rows]:
    """1797 handwritten digits of 8 by 8 pixels (UCI, Alpaydin and Kaynak 1998), as NPZ."""
    data = load_digits()
    classes = [str(number) for number in range(10)]
    images = data.images.astype(np.float32)[:, None]
    return {
        split: Rows(x, y, classes, _npz(x, y, classes), f"{split}.npz")
        for split, x, y in _split(images, data.target, seed)
    }


def _split(features: Any, target: Any, seed: int) -> list[tuple[str, Any, Any]]:
    train, test, train_y, test_y = train_test_split(
        features, target, test_size=0.3, random_state=seed, stratify=target
    )
    return [("train", train, train_y), ("test", test, test_y)]


def _csv(header: list[str], features: Any, labels: list[str]) -> bytes:
    lines = [",".join(header)]
    for row, label in zip(features.tolist(), labels, strict=True):
        lines.append(",".join([*map(repr, row), label]))
    return ("\n".join(lines) + "\n").encode()


def _npz(features: Any, target: Any, classes: list[str]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, x=features, y=target.astype(np.int64), classes=np.array(classes))
    return buffer.getvalue()
