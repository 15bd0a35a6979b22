"""A model's signature: what it takes, what it answers, and what its classes are called."""

from dataclasses import dataclass
from typing import Any, Literal, Self, cast

from common.errors import Invalid
from runtimes.fields import read_choice, read_list, read_names, read_object, read_text, shown

BATCH = "batch"
TASKS = ("binary", "multiclass", "regression")
KINDS = ("probabilities", "label", "value")
FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DTYPES = (*FLOATS, *INTEGERS, "bool")

MAX_INPUTS = 64
MAX_OUTPUTS = 16
MAX_RANK = 5
MAX_FEATURES = 10_000
MAX_CLASSES = 10_000
MAX_ELEMENTS = 16_777_216

Task = Literal["binary", "multiclass", "regression"]
Kind = Literal["probabilities", "label", "value"]


@dataclass(frozen=True)
class Input:
    """One input tensor: `shape` is that of one row, without the free batch dimension."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    features: tuple[str, ...] | None

    def as_dict(self) -> dict[str, Any]:
        """The JSON form; the shape begins with "batch"."""
        features = None if self.features is None else list(self.features)
        return _tensor_dict(self.name, self.dtype, self.shape) | {"features": features}


@dataclass(frozen=True)
class Output:
    """One output tensor: `shape` is that of one row, without the free batch dimension."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    kind: Kind

    def as_dict(self) -> dict[str, Any]:
        """The JSON form; the shape begins with "batch"."""
        return _tensor_dict(self.name, self.dtype, self.shape) | {"kind": self.kind}


@dataclass(frozen=True)
class Signature:
    """The promise of a model. `classes` is None for a regression only."""

    task: Task
    classes: tuple[str, ...] | None
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]

    @classmethod
    def parse(cls, obj: object) -> Self:
        """Read the JSON form. Raises Invalid naming the field, e.g. `inputs[0].shape[1]`."""
        top = read_object(obj, "", ("task", "classes", "inputs", "outputs"))
        task = cast("Task", read_choice(top["task"], "task", TASKS))
        classes = _read_classes(top["classes"], task)
        inputs = tuple(
            _read_input(item, f"inputs[{i}]")
            for i, item in enumerate(read_list(top["inputs"], "inputs", least=1, most=MAX_INPUTS))
        )
        outputs = tuple(
            _read_output(item, f"outputs[{i}]")
            for i, item in enumerate(
                read_list(top["outputs"], "outputs", least=1, most=MAX_OUTPUTS)
            )
        )
        _refuse_same_names("inputs", [tensor.name for tensor in inputs])
        _refuse_same_names("outputs", [tensor.name for tensor in outputs])
        _check_outputs(task, classes, outputs)
        return cls(task, classes, inputs, outputs)

    def as_dict(self) -> dict[str, Any]:
        """The JSON form; `parse` gives an equal signature back."""
        return {
            "task": self.task,
            "classes": None if self.classes is None else list(self.classes),
            "inputs": [tensor.as_dict() for tensor in self.inputs],
            "outputs": [tensor.as_dict() for tensor in self.outputs],
        }

    def answer(self) -> Output:
        """The output that decides: probabilities or value, else the label."""
        ranked = sorted(self.outputs, key=lambda output: output.kind == "label")
        return ranked[0]

    def compatible_with(self, other: "Signature") -> list[str]:
        """What would break a caller of `other` who is sent here instead. Empty: nothing.

        The outputs' own names and the order of the inputs do not reach callers, so they are free.
        """
        differences = []
        if self.task != other.task:
            differences.append(f"The task is {self.task}, before it was {other.task}.")
        if self.classes != other.classes:
            differences.append(
                f"The classes are {_listed(self.classes)}, "
                f"before they were {_listed(other.classes)}."
            )
        mine = {tensor.name: tensor for tensor in self.inputs}
        theirs = {tensor.name: tensor for tensor in other.inputs}
        for name in sorted(mine.keys() - theirs.keys()):
            differences.append(f"Input {shown(name)} is new.")
        for name in sorted(theirs.keys() - mine.keys()):
            differences.append(f"Input {shown(name)} is gone.")
        for name in sorted(mine.keys() & theirs.keys()):
            differences += _input_differences(mine[name], theirs[name])
        return differences


def _input_differences(mine: Input, theirs: Input) -> list[str]:
    name = shown(mine.name)
    differences = []
    if mine.dtype != theirs.dtype:
        differences.append(f"Input {name} is {mine.dtype}, before it was {theirs.dtype}.")
    if mine.shape != theirs.shape:
        differences.append(
            f"A row of input {name} has shape {list(mine.shape)}, before {list(theirs.shape)}."
        )
    elif mine.features != theirs.features:
        same = set(mine.features or ()) == set(theirs.features or ())
        what = "stand in another order" if same else "have other names"
        differences.append(f"The features of input {name} {what}.")
    return differences


def _listed(names: tuple[str, ...] | None) -> str:
    if names is None:
        return "none"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(shown(name) for name in names[:10]) + more


def _tensor_dict(name: str, dtype: str, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"name": name, "dtype": dtype, "shape": [BATCH, *shape]}


def _read_classes(value: object, task: Task) -> tuple[str, ...] | None:
    if task == "regression":
        if value is not None:
            raise Invalid("A regression has no classes: give null.", field="classes")
        return None
    if value is None:
        raise Invalid(f"A {task} model needs its class labels.", field="classes")
    most = 2 if task == "binary" else MAX_CLASSES
    return read_names(value, "classes", least=2, most=most)


def _read_input(value: object, field: str) -> Input:
    item = read_object(value, field, ("name", "dtype", "shape", "features"))
    shape = _read_shape(item["shape"], f"{field}.shape")
    features = None
    if item["features"] is not None:
        if len(shape) != 1:
            raise Invalid(
                'Only an input of shape ["batch", n] can name its features.',
                field=f"{field}.features",
            )
        features = read_names(item["features"], f"{field}.features", least=1, most=MAX_FEATURES)
        if len(features) != shape[0]:
            raise Invalid(
                f"The shape has {shape[0]} features, but {len(features)} are named.",
                field=f"{field}.features",
            )
    return Input(_read_name(item, field), _read_dtype(item, field), shape, features)


def _read_output(value: object, field: str) -> Output:
    item = read_object(value, field, ("name", "dtype", "shape", "kind"))
    shape = _read_shape(item["shape"], f"{field}.shape")
    kind = cast("Kind", read_choice(item["kind"], f"{field}.kind", KINDS))
    return Output(_read_name(item, field), _read_dtype(item, field), shape, kind)


def _read_name(item: dict[str, Any], field: str) -> str:
    return read_text(item["name"], f"{field}.name")


def _read_dtype(item: dict[str, Any], field: str) -> str:
    return read_choice(item["dtype"], f"{field}.dtype", DTYPES)


def _read_shape(value: object, field: str) -> tuple[int, ...]:
    dims = read_list(value, field, least=1, most=MAX_RANK)
    if dims[0] != BATCH:
        raise Invalid('The first dimension must be the free one, "batch".', field=f"{field}[0]")
    elements = 1
    for index, dim in enumerate(dims[1:], start=1):
        if type(dim) is not int or dim < 1:
            raise Invalid("Expected a whole number above 0.", field=f"{field}[{index}]")
        elements *= dim
        if elements > MAX_ELEMENTS:
            raise Invalid(
                f"A row may have at most {MAX_ELEMENTS} elements.", field=f"{field}[{index}]"
            )
    return tuple(dims[1:])


def _refuse_same_names(field: str, names: list[str]) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise Invalid(f"{shown(name)} stands here twice.", field=f"{field}[{index}].name")


def _check_outputs(
    task: Task, classes: tuple[str, ...] | None, outputs: tuple[Output, ...]
) -> None:
    for index, output in enumerate(outputs):
        _check_output(task, classes, output, f"outputs[{index}]")
    for kind in KINDS:
        if sum(output.kind == kind for output in outputs) > 1:
            raise Invalid(f"Only one output can be the {kind}.", field="outputs")


def _check_output(task: Task, classes: tuple[str, ...] | None, output: Output, field: str) -> None:
    if (task == "regression") != (output.kind == "value"):
        raise Invalid(f"A {task} model has no output of this kind.", field=f"{field}.kind")
    if output.kind == "label":
        _require(output.dtype in INTEGERS, "A label is an integer type.", f"{field}.dtype")
        _require(output.shape in ((), (1,)), "A label has one element a row.", f"{field}.shape")
        return
    _require(output.dtype in FLOATS, f"A {output.kind} output is a float type.", f"{field}.dtype")
    if output.kind == "value":
        _require(output.shape in ((), (1,)), "A value has one element a row.", f"{field}.shape")
        return
    count = len(classes or ())
    allowed = ((count,), (), (1,)) if task == "binary" else ((count,),)
    _require(
        output.shape in allowed,
        f"Probabilities of {count} classes have {count} elements a row.",
        f"{field}.shape",
    )


def _require(holds: bool, reason: str, field: str) -> None:
    if not holds:
        raise Invalid(reason, field=field)
