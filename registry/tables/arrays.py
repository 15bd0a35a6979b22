"""The rows of an NPZ file, checked piece by piece."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from common.errors import Invalid
from registry.tables.columns import (
    MAX_CLASSES,
    Target,
    check_names,
    check_text,
    class_indexes,
    refuse_unusable,
    target_values,
)
from registry.tables.npz import Member
from registry.tables.schema import Column, Progress, Schema, Table, check_size, task_hint


def inspect_npz(members: dict[str, Member], target: str, on_rows: Progress) -> Schema:
    """What the arrays hold, every value checked. Raises Invalid, TooLarge."""
    x, y = members["x"], members["y"]
    with x.archive:
        if target != "y":
            raise Invalid("The target of an NPZ file is its array y.", field="target")
        check_size(x.shape[0], math.prod(x.shape[1:]), x.shape[0])
        if not x.shape[0]:
            raise Invalid("The file has no rows.")
        names = _npz_feature_names(members)
        classes = _npz_classes(members)
        for position, piece in x.pieces():
            _check_piece(x, position, piece)
            on_rows((position + len(piece)) * x.shape[0] // math.prod(x.shape), x.shape[0])
    columns = [Column(name=m.name, dtype=m.dtype.newbyteorder("=").name) for m in (x, y)]
    return Schema(
        columns=columns,
        feature_names=names,
        target="y",
        task_hint=task_hint(classes),
        classes=classes,
        shape=list(x.shape),
        rows=x.shape[0],
    )


def _check_piece(x: Member, position: int, piece: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = piece.astype(np.float32)
    good = np.isfinite(narrow)
    if not good.all():
        at = int(np.argmin(good))
        refuse_unusable(piece[at : at + 1], "x", x.row_of(position + at) + 1)
    return narrow


def _npz_feature_names(members: dict[str, Member]) -> list[str] | None:
    x, given = members["x"], members.get("feature_names")
    if given is None:
        return [f"x{place}" for place in range(x.shape[1])] if len(x.shape) == 2 else None
    if x.shape[1:] != given.shape:
        raise Invalid(
            f"There are {given.shape[0]} feature names for rows of the shape {x.shape[1:]}.",
            field="feature_names",
        )
    names = [str(name) for name in given.whole()]
    check_names([*names, "y"], "y")
    return names


def _npz_classes(members: dict[str, Member]) -> list[str] | None:
    """The classes of `y`, by the array `classes` or by the values themselves."""
    y, given = members["y"], members.get("classes")
    if given is not None:
        return _named_classes(y, given)
    goal = Target("y")
    for position, piece in y.pieces():
        goal.read(_arrow(piece), position + 1)
    return goal.classes()


def _named_classes(y: Member, given: Member) -> list[str]:
    names = [str(name) for name in given.whole()]
    for name in names:
        check_text(name, "A class", "classes")
    if not 2 <= len(names) <= MAX_CLASSES or len(set(names)) != len(names):
        raise Invalid(
            f"The array classes names 2 to {MAX_CLASSES} different classes.", field="classes"
        )
    if y.dtype.kind not in "iu":
        raise Invalid("Beside classes, the array y holds integers: their indexes.", field="y")
    found: set[int] = set()
    for position, piece in y.pieces():
        wrong = (piece < 0) | (piece >= len(names))
        if wrong.any():
            row = position + int(np.argmax(wrong)) + 1
            raise Invalid(f"Row {row}: y is no index into the {len(names)} classes.", field="y")
        found.update(int(value) for value in np.unique(piece))
    if len(found) == 1:
        raise Invalid(f"The target is {names[found.pop()]!r} in every row.", field="y")
    return names


def _arrow(piece: npt.NDArray[Any]) -> Any:
    if piece.dtype.kind == "U":
        return pa.array(piece.tolist(), pa.string())
    if piece.dtype.kind == "f":
        return pa.array(piece.astype(np.float64))
    return pa.array(piece.astype(piece.dtype.newbyteorder("=")))


def load_npz(members: dict[str, Member], schema: Schema, classes: list[str] | None) -> Table:
    """All rows. Raises Invalid where the file is not the one of the schema."""
    x, y = members["x"], members["y"]
    with x.archive:
        if list(x.shape) != schema["shape"]:
            raise Invalid("The array x has not the shape of its schema.", field="x")
        features = np.empty(math.prod(x.shape), np.float32)
        for position, piece in x.pieces():
            features[position : position + len(piece)] = _check_piece(x, position, piece)
        target = np.concatenate(
            [
                _npz_target(piece, schema, classes, position + 1, "classes" in members)
                for position, piece in y.pieces()
            ]
        )
    shaped = features.reshape(x.shape, order="F" if x.fortran else "C")
    return Table(np.ascontiguousarray(shaped), target, classes, schema["feature_names"])


def _npz_target(
    piece: npt.NDArray[Any],
    schema: Schema,
    classes: list[str] | None,
    row: int,
    indexed: bool,
) -> npt.NDArray[Any]:
    if not indexed or classes is None or schema["classes"] is None:
        return target_values(_arrow(piece), "y", classes, row)
    # y counts in the file's own classes; by their names it becomes the wanted index.
    places = class_indexes(pa.array(schema["classes"]), classes, "classes", 1)
    return places[piece.astype(np.int64)]
