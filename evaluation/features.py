"""Features and targets of a data set, checked against a model's signature."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from common.errors import Invalid
from runtimes.schema import Input, Signature

Array = NDArray[np.generic]
Features = Array | Mapping[str, Array]


def as_inputs(features: Features, signature: Signature) -> dict[str, Array]:
    """Arrays (rows, *row shape) of the promised dtypes, one per input.

    `features` is one numeric array for a model with one input, else {input name: array}.
    Raises Invalid: no rows, other inputs, another shape, not a number, NaN or infinity.
    """
    given = features if isinstance(features, Mapping) else _for_only_input(features, signature)
    expected = {tensor.name for tensor in signature.inputs}
    if set(given) != expected:
        raise Invalid(f"The model takes the inputs {', '.join(sorted(expected))}.", field="inputs")
    inputs = {tensor.name: _as_input(given[tensor.name], tensor) for tensor in signature.inputs}
    counts = {len(array) for array in inputs.values()}
    if len(counts) > 1:
        raise Invalid("Every input needs the same number of rows.", field="inputs")
    if counts == {0}:
        raise Invalid("The data set has no rows.", field="rows")
    return inputs


def as_target(target: Array, signature: Signature) -> NDArray[np.int64] | NDArray[np.float64]:
    """Labels as class indices, int64 (rows,); for a regression the values, float64 (rows,).

    Labels are class names, or whole numbers: looked up as names if every class is named by a
    whole number, else indices. Raises Invalid: missing, NaN, or outside the classes.
    """
    values = np.asarray(target)
    if values.ndim != 1:
        raise Invalid("The target needs one value a row.", field="target")
    if signature.classes is None:
        return _numbers(values, "target").astype(np.float64)
    names = list(signature.classes)
    if values.dtype.kind in "iub":
        numbered = all(name.removeprefix("-").isdecimal() for name in names)
        named = numbered and values.dtype.kind != "b"
        return _by_name(values.astype(str), names) if named else _indices(values, names)
    if values.dtype.kind == "f":
        return as_target(_whole(values), signature)
    return _by_name(values, names)


def check_rows(inputs: Mapping[str, Array], target: Array) -> None:
    """Raises Invalid unless there is one target a row."""
    rows = len(next(iter(inputs.values())))
    if len(target) != rows:
        raise Invalid(f"There are {rows} rows but {len(target)} targets.", field="target")


def _for_only_input(features: Array, signature: Signature) -> dict[str, Array]:
    if len(signature.inputs) != 1:
        raise Invalid("This model has several inputs: give each by its name.", field="inputs")
    return {signature.inputs[0].name: features}


def _as_input(features: Array, tensor: Input) -> Array:
    array = np.asarray(features)
    if array.ndim == 0 or (array.shape[1:] != tensor.shape and len(array)):
        raise Invalid(
            f"A row has shape {list(array.shape[1:])}; the model takes {list(tensor.shape)}.",
            field=f"inputs.{tensor.name}",
        )
    values = _numbers(array, f"inputs.{tensor.name}")
    with np.errstate(over="ignore", invalid="ignore"):
        converted = np.ascontiguousarray(values, dtype=tensor.dtype)
    if not np.isfinite(converted).all():
        raise Invalid(f"A number does not fit {tensor.dtype}.", field=f"inputs.{tensor.name}")
    if converted.dtype.kind in "iub" and not np.array_equal(converted, values):
        raise Invalid(f"A number does not fit {tensor.dtype}.", field=f"inputs.{tensor.name}")
    return converted


def _numbers(values: Array, field: str) -> Array:
    if values.dtype.kind not in "iufb":
        raise Invalid("Expected numbers.", field=field)
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise Invalid("There is a missing number, NaN or infinity.", field=f"{field}[{row}]")
    return values


def _whole(values: Array) -> NDArray[np.int64]:
    numbers = _numbers(values, "target").astype(np.float64)
    with np.errstate(invalid="ignore"):
        whole = numbers.astype(np.int64)
    if (whole != numbers).any():
        row = int(np.flatnonzero(whole != numbers)[0])
        raise Invalid("A label is a class, not a fraction.", field=f"target[{row}]")
    return whole


def _indices(values: Array, names: list[str]) -> NDArray[np.int64]:
    indices = values.astype(np.int64)
    outside = (indices < 0) | (indices >= len(names))
    if outside.any():
        _refuse(int(np.flatnonzero(outside)[0]), str(values[outside][0]), names)
    return indices


def _by_name(values: Array, names: list[str]) -> NDArray[np.int64]:
    known = {name: index for index, name in enumerate(names)}
    indices = np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values.tolist()):
        index = known.get(value) if isinstance(value, str) else None
        if index is None:
            _refuse(row, str(value), names)
        else:
            indices[row] = index
    return indices


def _refuse(row: int, label: str, names: list[str]) -> None:
    shown = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    raise Invalid(
        f"The label {label[:80]!r} is none of the model's classes ({shown}).",
        field=f"target[{row}]",
    )
