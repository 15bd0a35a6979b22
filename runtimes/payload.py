"""A prediction request's JSON as arrays, checked against the model's signature.

Three forms, one per request:
{"rows": [[..], ..]} or {"rows": [{feature: value}, ..]}  one input; rows may be nested (images)
{"columns": {feature: [..]}}                              one input with named features
{"inputs": {input: [row, ..]}}                            any number of inputs
"""

from typing import Any

from common.errors import Invalid
from runtimes.blocks import Array, check_keys, from_columns, from_lists, from_objects
from runtimes.fields import kind_of, read_list, shown
from runtimes.schema import Input, Signature

FORMS = ("rows", "columns", "inputs")
DEFAULT_MAX_ROWS = 1024


def parse(
    obj: object, signature: Signature, *, max_rows: int = DEFAULT_MAX_ROWS
) -> dict[str, Array]:
    """Arrays (rows, *row shape) of the promised dtypes, one per input, all with the same rows.

    `obj` is decoded JSON. Raises Invalid naming the first wrong place, e.g. `rows[3].mean radius`.
    """
    form, value = _form(obj)
    if form == "inputs":
        return _parse_inputs(value, signature, max_rows)
    if len(signature.inputs) != 1:
        names = ", ".join(shown(tensor.name) for tensor in signature.inputs)
        raise Invalid(f'This model has several inputs ({names}): send "inputs".', field=form)
    tensor = signature.inputs[0]
    if form == "rows":
        return {tensor.name: _parse_rows(value, tensor, max_rows)}
    return {tensor.name: _parse_columns(value, tensor, max_rows)}


def _form(obj: object) -> tuple[str, Any]:
    if not isinstance(obj, dict):
        raise Invalid(f"Expected an object, got {kind_of(obj)}.")
    for key in obj:
        if key not in FORMS:
            raise Invalid(f"Unknown field. Known are: {', '.join(FORMS)}.", field=shown(key))
    if len(obj) != 1:
        raise Invalid("Send exactly one of rows, columns and inputs.", field="rows")
    form, value = next(iter(obj.items()))
    return form, value


def _parse_rows(value: object, tensor: Input, max_rows: int) -> Array:
    rows = _rows(value, "rows", max_rows)
    if not isinstance(rows[0], dict):
        return from_lists(rows, tensor, "rows")
    if tensor.features is None:
        raise Invalid("This model names no features: send rows as lists.", field="rows[0]")
    return from_objects(rows, tensor, tensor.features, "rows")


def _parse_columns(value: object, tensor: Input, max_rows: int) -> Array:
    if tensor.features is None:
        raise Invalid('This model names no features: send "rows".', field="columns")
    columns = check_keys(value, tensor.features, "columns")
    first = tensor.features[0]
    count = len(_rows(columns[first], f"columns.{shown(first)}", max_rows))
    return from_columns(columns, tensor, tensor.features, count, "columns")


def _parse_inputs(value: object, signature: Signature, max_rows: int) -> dict[str, Array]:
    blocks = check_keys(value, [tensor.name for tensor in signature.inputs], "inputs")
    arrays: dict[str, Array] = {}
    count = None
    for tensor in signature.inputs:
        field = f"inputs.{shown(tensor.name)}"
        rows = _rows(blocks[tensor.name], field, max_rows)
        if count is not None and len(rows) != count:
            raise Invalid(
                f"Every input needs as many rows: {count} before, {len(rows)} here.", field=field
            )
        count = len(rows)
        arrays[tensor.name] = from_lists(rows, tensor, field)
    return arrays


def _rows(value: object, field: str, max_rows: int) -> list[Any]:
    return read_list(value, field, least=1, most=max_rows)
