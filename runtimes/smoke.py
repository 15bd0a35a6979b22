"""Run a model on a few plain rows and compare what it does with what it promises.

Called inside the sandbox's child, after the static check.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from common.errors import DomainError, Invalid
from runtimes.blocks import Array
from runtimes.fields import shown
from runtimes.findings import Finding, refuses
from runtimes.graph_io import declared_inputs, from_onnx, graph_outputs, misfits
from runtimes.schema import FLOATS, Input, Signature
from runtimes.session import Model, open_model

_SAME = 1e-5
_NEIGHBOURS = 1e-3
_SUM = 1e-2


@dataclass(frozen=True)
class SmokeVerdict:
    """The findings, and the signature: the given one, or the one that the run suggests."""

    findings: tuple[Finding, ...]
    signature: Signature | None


def smoke_test(
    model_bytes: bytes, model: onnx.ModelProto, signature: Signature | None
) -> SmokeVerdict:
    """Open the model and run batches of one and of two rows: zeros and small values.

    `model` is the parsed form of `model_bytes`. Raises nothing that a model can cause, but
    MemoryError.
    """
    if signature is not None:
        wrong = [Finding("signature", sentence) for sentence in misfits(signature, model)]
        if wrong:
            return SmokeVerdict(tuple(wrong), signature)
    try:
        inputs = declared_inputs(model) if signature is None else signature.inputs
        opened = open_model(model_bytes)
        runs = _Runs.of(opened, inputs, _wanted(model, signature))
        findings = [*_batches(runs)]
        if signature is None and not refuses(findings):
            observed = {name: array.shape[1:] for name, array in runs.two.items()}
            signature = from_onnx(model, observed=observed)
    except DomainError as error:
        return SmokeVerdict((_failure(error),), signature)
    if signature is not None and not refuses(findings):
        findings += _promises(runs, signature)
    return SmokeVerdict(tuple(findings), signature)


@dataclass(frozen=True)
class _Runs:
    """Outputs of: a row of zeros, a row of small values, both together, and both once more."""

    zeros: dict[str, Array]
    small: dict[str, Array]
    two: dict[str, Array]
    again: dict[str, Array]

    @classmethod
    def of(cls, model: Model, inputs: Sequence[Input], outputs: list[str]) -> "_Runs":
        zeros = {tensor.name: np.zeros((1, *tensor.shape), tensor.dtype) for tensor in inputs}
        small = {tensor.name: _small_row(tensor) for tensor in inputs}
        both = {name: np.concatenate([zeros[name], small[name]]) for name in zeros}
        first, second, two, again = (
            model.run(rows, outputs=outputs) for rows in (zeros, small, both, both)
        )
        return cls(first, second, two, again)


def _small_row(tensor: Input) -> Array:
    steps = np.arange(int(np.prod(tensor.shape, dtype=np.int64))).reshape(1, *tensor.shape)
    if tensor.dtype in FLOATS:
        return ((steps % 5) / 4).astype(tensor.dtype)
    return (steps % 2).astype(tensor.dtype)


def _wanted(model: onnx.ModelProto, signature: Signature | None) -> list[str]:
    if signature is not None:
        return [output.name for output in signature.outputs]
    names = [tensor.name for tensor in graph_outputs(model) if tensor.dtype is not None]
    if not names:
        raise Invalid("No output is a tensor of numbers (scikit-learn: export with zipmap off).")
    return names


def _batches(runs: _Runs) -> Iterator[Finding]:
    """Whether one row in gives one row out, and the same row the same answer."""
    for name, two in runs.two.items():
        zeros, small, again = runs.zeros[name], runs.small[name], runs.again[name]
        counts = [array.shape[0] if array.ndim else 0 for array in (zeros, small, two)]
        if counts != [1, 1, 2] or zeros.shape[1:] != two.shape[1:]:
            yield Finding(
                "batch",
                f"Output {shown(name)} answers 1 row with shape {list(zeros.shape)} and 2 rows "
                f"with {list(two.shape)}: export the model with a free batch dimension.",
            )
        elif not np.allclose(two, again, atol=_SAME, rtol=_SAME, equal_nan=True):
            yield Finding(
                "not-deterministic",
                f"Output {shown(name)} differs between two runs on the same rows: "
                "export the model for inference, without dropout or random operators.",
            )
        elif two.dtype != bool:
            yield from _neighbours(name, two, np.concatenate([zeros, small]))


def _neighbours(name: str, together: Array, alone: Array) -> Iterator[Finding]:
    with np.errstate(invalid="ignore"):
        distance = np.abs(together.astype(np.float64) - alone.astype(np.float64))
    if np.nan_to_num(distance).max(initial=0) > _NEIGHBOURS:
        yield Finding(
            "rows-depend",
            f"Output {shown(name)} of a row changes with the other rows of its request, here by "
            f"{np.nan_to_num(distance).max():.2g}. Dynamic quantisation does this; otherwise "
            "check the model's axes and normalisation.",
            "note",
        )


def _promises(runs: _Runs, signature: Signature) -> Iterator[Finding]:
    for output in signature.outputs:
        array = runs.two[output.name]
        name = f"Output {shown(output.name)}"
        if str(array.dtype) != output.dtype or array.shape[1:] != output.shape:
            yield Finding(
                "output",
                f"{name} is {array.dtype} {list(array.shape[1:])} a row, "
                f"but {output.dtype} {list(output.shape)} in the signature: correct it.",
            )
        elif output.kind == "label":
            yield from _labels(name, array, signature)
        elif not np.isfinite(array).all():
            yield from _not_finite(name, array)
        elif output.kind == "probabilities":
            yield from _probabilities(name, array)


def _labels(name: str, array: Array, signature: Signature) -> Iterator[Finding]:
    count = len(signature.classes or ())
    if array.size and (int(array.min()) < 0 or int(array.max()) >= count):
        yield Finding(
            "labels", f"{name} answers class numbers outside 0 to {count - 1}: correct the classes."
        )


def _not_finite(name: str, array: Array) -> Iterator[Finding]:
    zeros, small = (bool(np.isfinite(row).all()) for row in array)
    what = f"{name} answers NaN or infinity to"
    if zeros or small:
        plain = "small values" if zeros else "a row of zeros"
        yield Finding("not-finite-sometimes", f"{what} {plain}; other rows are fine.", "note")
    else:
        yield Finding("not-finite", f"{what} plain numbers: check the weights and train again.")


def _probabilities(name: str, array: Array) -> Iterator[Finding]:
    table = array.reshape(2, -1).astype(np.float64)
    inside = table.min() >= -_SUM and table.max() <= 1 + _SUM
    whole = table.shape[1] == 1 or np.allclose(table.sum(axis=1), 1, atol=_SUM)
    if not (inside and whole):
        yield Finding(
            "not-probabilities",
            f"{name} answers no probabilities (each from 0 to 1, together 1): "
            "end the model with a softmax or sigmoid, or correct the signature.",
        )


def _failure(error: DomainError) -> Finding:
    """Running out of memory reaches us as a sentence of onnxruntime or of the C++ library."""
    if "alloc" in error.reason.lower():
        return Finding("memory", "The model asks for more memory than it may: make it smaller.")
    return Finding("does-not-run", error.reason)
