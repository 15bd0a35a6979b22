"""Nested JSON lists as one array of a signature's dtype and shape, or Invalid naming the place.

The good path converts the whole block at C speed. Only a block that does not fit is walked again,
element by element, to find the first thing that is wrong.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from common.errors import Invalid
from runtimes.fields import kind_of, shown
from runtimes.schema import FLOATS, Input

Array = npt.NDArray[Any]
_NUMBERS = {int, float}


def from_lists(rows: list[Any], tensor: Input, field: str) -> Array:
    """Rows as nested lists -> array (rows, *tensor.shape) of tensor.dtype. Raises Invalid."""
    flat = _flatten(rows, tensor.shape)
    block = None if flat is None else _convert(flat, tensor.dtype)
    if block is None:
        for index, row in enumerate(rows):
            _walk(row, tensor, tensor.shape, f"{field}[{index}]")
        _unplaced(field)
    return block.reshape(len(rows), *tensor.shape)


def from_objects(rows: list[Any], tensor: Input, names: Sequence[str], field: str) -> Array:
    """Rows as {feature: value} -> array (rows, features) of tensor.dtype. Raises Invalid."""
    flat = _pick(rows, names)
    block = None if flat is None else _convert(flat, tensor.dtype)
    if block is None:
        for index, row in enumerate(rows):
            place = f"{field}[{index}]"
            check_keys(row, names, place)
            for name in names:
                _refuse_scalar(row[name], tensor.dtype, f"{place}.{shown(name)}")
        _unplaced(field)
    return block.reshape(len(rows), len(names))


def from_columns(
    columns: dict[str, Any], tensor: Input, names: Sequence[str], count: int, field: str
) -> Array:
    """{feature: values} -> array (count, features) of tensor.dtype. Raises Invalid."""
    lists = [columns[name] for name in names]
    flat = _flatten(lists, (count,))
    block = None if flat is None else _convert(flat, tensor.dtype)
    if block is None:
        for name, values in zip(names, lists, strict=True):
            place = f"{field}.{shown(name)}"
            _refuse_list(values, count, place)
            for index, value in enumerate(values):
                _refuse_scalar(value, tensor.dtype, f"{place}[{index}]")
        _unplaced(field)
    return np.ascontiguousarray(block.reshape(len(names), count).T)


def check_keys(value: object, names: Sequence[str], field: str) -> dict[str, Any]:
    """`value` as an object with exactly the keys `names`. Raises Invalid."""
    if not isinstance(value, dict):
        raise Invalid(f"Expected an object, got {kind_of(value)}.", field=field)
    if len(value) == len(names) and all(name in value for name in names):
        return value
    for name in names:
        if name not in value:
            raise Invalid("This one is missing.", field=f"{field}.{shown(name)}")
    known = set(names)
    extra = next(key for key in value if key not in known)
    raise Invalid("The signature does not know this name.", field=f"{field}.{shown(extra)}")


def _flatten(level: list[Any], shape: Iterable[int]) -> list[Any] | None:
    for size in shape:
        if set(map(type, level)) != {list} or set(map(len, level)) != {size}:
            return None
        level = list(chain.from_iterable(level))
    return level


def _pick(rows: list[Any], names: Sequence[str]) -> list[Any] | None:
    if set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(names)}:
        return None
    try:
        picked = list(map(itemgetter(*names), rows))
    except KeyError:
        return None
    return picked if len(names) == 1 else list(chain.from_iterable(picked))


def _convert(flat: list[Any], dtype: str) -> Array | None:
    types = set(map(type, flat))
    try:
        if dtype in FLOATS:
            return _as_floats(flat, dtype) if types <= _NUMBERS else None
        wanted = bool if dtype == "bool" else int
        return np.array(flat, dtype=dtype) if types == {wanted} else None
    except OverflowError:
        return None


def _as_floats(flat: list[Any], dtype: str) -> Array | None:
    wide = np.array(flat, dtype=np.float64)
    with np.errstate(over="ignore"):
        block = wide.astype(dtype, copy=False)
    return block if np.isfinite(block).all() else None


def _walk(value: object, tensor: Input, shape: tuple[int, ...], field: str) -> None:
    if not shape:
        _refuse_scalar(value, tensor.dtype, field)
        return
    names = tensor.features
    for index, item in enumerate(_refuse_list(value, shape[0], field)):
        place = f"{field}.{shown(names[index])}" if names else f"{field}[{index}]"
        _walk(item, tensor, shape[1:], place)


def _refuse_list(value: object, count: int, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise Invalid(f"Expected a list, got {kind_of(value)}.", field=field)
    if len(value) != count:
        raise Invalid(f"Expected {count} values, got {len(value)}.", field=field)
    return value


def _refuse_scalar(value: object, dtype: str, field: str) -> None:
    if dtype in FLOATS:
        if type(value) not in _NUMBERS:
            raise Invalid(f"Expected a number, got {kind_of(value)}.", field=field)
    elif dtype == "bool":
        if type(value) is not bool:
            raise Invalid(f"Expected true or false, got {kind_of(value)}.", field=field)
    elif type(value) is not int:
        raise Invalid(f"Expected a whole number, got {kind_of(value)}.", field=field)
    if isinstance(value, float) and not np.isfinite(value):
        raise Invalid("NaN and infinity are not allowed.", field=field)
    if _convert([value], dtype) is None:
        raise Invalid(f"This number is out of the range of {dtype}.", field=field)


def _unplaced(field: str) -> NoReturn:
    raise Invalid("These values do not fit the signature.", field=field)
