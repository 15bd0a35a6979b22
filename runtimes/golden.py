"""Golden rows: inputs with the answers they had when the model was reviewed.

They are replayed before a model may answer anybody: another onnxruntime, processor or provider
that computes something else is noticed before a consumer notices.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np

from common.errors import DomainError, Invalid
from runtimes.blocks import Array
from runtimes.fields import read_choice, read_list, read_object, read_text, shown
from runtimes.schema import DTYPES, FLOATS
from runtimes.session import Model, runtime_facts

TYPE = "assay/golden/1"
DEFAULT_ATOL = 1e-5
DEFAULT_RTOL = 1e-4
MAX_TENSORS = 64
MAX_RANK = 6
_KEYS = ("type", "inputs", "outputs", "atol", "rtol", "runtime")


def make(
    inputs: Mapping[str, Array],
    model: Model,
    *,
    outputs: tuple[str, ...] | None = None,
    atol: float = DEFAULT_ATOL,
    rtol: float = DEFAULT_RTOL,
) -> dict[str, Any]:
    """Run the rows and write down what the model answers, as a JSON document.

    `inputs`: arrays (rows, ...) by input name. `outputs`: which to keep, all by default.
    The tolerances count for floats; everything else must be equal. Raises Unavailable if the
    model fails, Invalid if an answer is no tensor of numbers.
    """
    answers = model.run(inputs, outputs=outputs)
    return {
        "type": TYPE,
        "inputs": {name: _pack(array, name) for name, array in inputs.items()},
        "outputs": {name: _pack(array, name) for name, array in answers.items()},
        "atol": atol,
        "rtol": rtol,
        "runtime": runtime_facts(),
    }


def replay(model: Model, golden: object) -> list[str]:
    """Run the rows again; a sentence for each difference, empty if there is none.

    A failure of the model is a difference too. Raises Invalid if `golden` is no golden document.
    """
    document = read_object(golden, "", _KEYS)
    read_choice(document["type"], "type", (TYPE,))
    atol, rtol = (_tolerance(document[key], key) for key in ("atol", "rtol"))
    inputs = _unpack_all(document["inputs"], "inputs")
    expected = _unpack_all(document["outputs"], "outputs")
    unknown = sorted(expected.keys() - set(model.outputs))
    if unknown:
        return [f"The model has no output {shown(name)}." for name in unknown]
    try:
        answers = model.run(inputs, outputs=list(expected))
    except DomainError as error:
        return [error.reason]
    differences = (
        _difference(name, answers[name], array, atol=atol, rtol=rtol)
        for name, array in expected.items()
    )
    return [difference for difference in differences if difference]


def _difference(
    name: str, answer: Array, expected: Array, *, atol: float, rtol: float
) -> str | None:
    place = f"Output {shown(name)}"
    if answer.dtype != expected.dtype or answer.shape != expected.shape:
        return (
            f"{place} is {answer.dtype} {list(answer.shape)}, "
            f"it was {expected.dtype} {list(expected.shape)}."
        )
    if str(expected.dtype) not in FLOATS:
        unequal = int((answer != expected).sum())
        return f"{place} differs in {unequal} of {answer.size} values." if unequal else None
    new, old = answer.astype(np.float64), expected.astype(np.float64)
    wrong = ~np.isclose(new, old, atol=atol, rtol=rtol)
    if not wrong.any():
        return None
    distance = np.abs(new - old)[wrong].max()
    return f"{place} differs in {int(wrong.sum())} of {wrong.size} values, by up to {distance:.3g}."


def _pack(array: Array, name: str) -> dict[str, Any]:
    if str(array.dtype) not in DTYPES:
        raise Invalid("Only tensors of numbers can be golden.", field=shown(name))
    # The same bytes on every machine: little-endian, row by row.
    data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
    return {
        "dtype": str(array.dtype),
        "shape": list(array.shape),
        "data_b64": base64.b64encode(data).decode(),
    }


def _unpack_all(value: object, field: str) -> dict[str, Array]:
    if not isinstance(value, dict) or not 1 <= len(value) <= MAX_TENSORS:
        raise Invalid(f"Expected an object of 1 to {MAX_TENSORS} tensors.", field=field)
    return {
        read_text(name, field): _unpack(item, f"{field}.{shown(name)}")
        for name, item in value.items()
    }


def _unpack(value: object, field: str) -> Array:
    item = read_object(value, field, ("dtype", "shape", "data_b64"))
    dtype = np.dtype(read_choice(item["dtype"], f"{field}.dtype", DTYPES)).newbyteorder("<")
    shape = read_list(item["shape"], f"{field}.shape", least=0, most=MAX_RANK)
    if any(type(size) is not int or size < 0 for size in shape):
        raise Invalid("Expected whole numbers.", field=f"{field}.shape")
    try:
        data = base64.b64decode(item["data_b64"], validate=True)
        array = np.frombuffer(data, dtype=dtype).reshape(shape)
    except (binascii.Error, TypeError, ValueError) as error:
        raise Invalid("The data does not fit the dtype and shape.", field=field) from error
    return array.astype(dtype.newbyteorder("="))


def _tolerance(value: object, field: str) -> float:
    if type(value) not in (int, float) or not 0 <= float(str(value)) <= 1:
        raise Invalid("Expected a number from 0 to 1.", field=field)
    return float(str(value))
