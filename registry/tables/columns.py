"""What a column of a dataset may hold: numbers for features, classes or numbers for the target.

Rows are named as people count them: `first_row` is the number of an array's first row.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from common.errors import Invalid

MAX_COLUMNS = 4096
MAX_CLASSES = 1000
# Integers with more distinct values than this measure something; fewer name classes.
MAX_INTEGER_CLASSES = 100
MAX_NAME = 200
_MAX_TEXT_BYTES = 4 * MAX_NAME

Array = Any  # pyarrow carries no types: pa.Array
Floats = npt.NDArray[np.float32]


def shown(text: str) -> str:
    """A value of the file, quoted and short enough for a sentence."""
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def check_names(names: Sequence[str], target: str) -> None:
    """Raise Invalid unless these are distinct printable names, the target and a feature."""
    if len(names) > MAX_COLUMNS:
        raise Invalid(f"A dataset has at most {MAX_COLUMNS} columns, not {len(names)}.")
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise Invalid(f"Column {number} has no name.")
        check_text(name, f"The name of column {number}", None)
    if len(set(names)) != len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise Invalid(f"Two columns are named {shown(twice)}.", field=twice[:MAX_NAME])
    if target not in names:
        raise Invalid(f"There is no column {shown(target)} to be the target.", field="target")
    if len(names) == 1:
        raise Invalid("The file has one column; a dataset has features and a target.")


def check_text(text: str, what: str, field: str | None) -> None:
    """Raise Invalid unless this can be shown as a name."""
    if not text.strip():
        raise Invalid(f"{what} is blank.", field=field)
    if len(text) > MAX_NAME:
        raise Invalid(f"{what} has more than {MAX_NAME} characters: {shown(text)}.", field=field)
    if not text.isprintable():
        raise Invalid(f"{what} holds a control character: {shown(text)}.", field=field)


def plain(array: Array, name: str) -> Array:
    """Text without the blanks around it, dictionaries unfolded; other types as they are.

    Raises Invalid for overlong text: a file of some bytes can repeat it a million times.
    """
    texts = array.dictionary if pa.types.is_dictionary(array.type) else array
    if not _is_text(texts):
        return array
    longest = pc.max(pc.binary_length(texts)).as_py()
    if longest is not None and longest > _MAX_TEXT_BYTES:
        raise Invalid(
            f"Column {shown(name)} holds a text of {longest} bytes; a value has at most "
            f"{MAX_NAME} characters.",
            field=name,
        )
    if texts is not array:
        array = array.dictionary_decode()
    return pc.utf8_trim_whitespace(array)


def _is_text(array: Array) -> bool:
    return bool(pa.types.is_string(array.type) or pa.types.is_large_string(array.type))


def _cast(array: Array, kind: Any) -> Array | None:
    try:
        return array.cast(kind)
    except pa.ArrowInvalid:
        return None


def _integers(array: Array) -> Array | None:
    """Text as int64; the library would also take hexadecimal."""
    if pc.any(pc.match_substring(array, "x", ignore_case=True)).as_py():
        return None
    return _cast(array, pa.int64())


def _first_that_is_no(kind: Any, array: Array) -> int:
    """The index of the first value that cannot be read as `kind`; there is one."""
    low, high = 0, len(array)
    while high - low > 1:
        middle = (low + high) // 2
        if _cast(array.slice(low, middle - low), kind) is None:
            high = middle
        else:
            low = middle
    return low


def refuse_missing(array: Array, name: str, first_row: int) -> None:
    """Raise Invalid naming the row of the first missing value."""
    empty = array.is_null()
    if _is_text(array):
        empty = pc.or_kleene(empty, pc.equal(array, ""))
    at = pc.index(empty, True).as_py()
    if at >= 0:
        raise Invalid(
            f"Row {first_row + at}, column {shown(name)}: a value is missing.", field=name
        )


def refuse_unusable(numbers: npt.NDArray[Any], name: str, first_row: int) -> Floats:
    """The numbers as float32. Raises Invalid naming the row of a NaN, infinity or overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = numbers.astype(np.float32)
    good = np.isfinite(narrow)
    if not good.all():
        at = int(np.argmin(good))
        value = float(numbers[at])
        kind = (
            f"{value} is not a finite number"
            if not np.isfinite(value)
            else (f"{value} does not fit into 32 bits")
        )
        raise Invalid(f"Row {first_row + at}, column {shown(name)}: {kind}.", field=name)
    return narrow


class Feature:
    """A column of numbers, read batch by batch; `dtype` is bool, int64 or float64 so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dtype = ""

    def read(self, array: Array, first_row: int) -> Floats:
        """The batch as float32 [rows]. Raises Invalid for missing values, text, NaN, infinity."""
        array = plain(array, self.name)
        if array.null_count:
            refuse_missing(array, self.name, first_row)
        if _is_text(array):
            array = self._from_text(array, first_row)
        elif pa.types.is_boolean(array.type):
            self.dtype = "bool"
        elif pa.types.is_integer(array.type):
            self.dtype = "int64"
        elif pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
            self.dtype = "float64"
        else:
            raise Invalid(
                f"Column {shown(self.name)} holds {array.type}, not numbers.", field=self.name
            )
        return refuse_unusable(_doubles(array), self.name, first_row)

    def _from_text(self, array: Array, first_row: int) -> Array:
        if self.dtype in {"", "bool"} and (truths := _truths(array)) is not None:
            self.dtype = "bool"
            return truths
        if self.dtype != "float64" and (whole := _integers(array)) is not None:
            if self.dtype == "bool":
                raise self._mixed(array, first_row)
            self.dtype = "int64"
            return whole
        numbers = _cast(array, pa.float64())
        if numbers is None or self.dtype == "bool":
            raise self._mixed(array, first_row)
        self.dtype = "float64"
        return numbers

    def _mixed(self, array: Array, first_row: int) -> Invalid:
        refuse_missing(array, self.name, first_row)
        if self.dtype == "bool":
            at = pc.index(_are_truths(array), False).as_py()
            wanted = "true or false like the rows before"
        else:
            at, wanted = _first_that_is_no(pa.float64(), array), "a number"
        return Invalid(
            f"Row {first_row + at}, column {shown(self.name)}: {shown(array[at].as_py())} is not "
            f"{wanted}; features are numbers, encode text first.",
            field=self.name,
        )


def _are_truths(array: Array) -> Array:
    lower = pc.utf8_lower(array)
    return pc.is_in(lower, value_set=pa.array(["true", "false"], lower.type))


def _truths(array: Array) -> Array | None:
    if pc.all(_are_truths(array)).as_py():
        return pc.equal(pc.utf8_lower(array), "true")
    return None


def _doubles(array: Array) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = array.cast(pa.float64(), safe=False).to_numpy(
        zero_copy_only=False
    )
    return values


class Target:
    """The target column, read batch by batch, and what kind of task it makes.

    Text (and true/false) names classes; so do integers with at most MAX_INTEGER_CLASSES distinct
    values; every other number is a value to regress on. Text that reads as numbers throughout
    counts as numbers. Classes are in the order of their text, or of their number.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.dtype = ""
        self._seen: set[str] = set()

    def read(self, array: Array, first_row: int) -> None:
        """Take a batch into account. Raises Invalid for missing values, NaN, infinity."""
        array = plain(array, self.name)
        refuse_missing(array, self.name, first_row)
        if pa.types.is_boolean(array.type):
            array = array.cast(pa.string())
        if not (_is_text(array) or _is_number(array)):
            raise Invalid(
                f"The target holds {array.type}, not classes or numbers.", field=self.name
            )
        self._note_kind(array, first_row)
        if not self._overflowed:
            self._seen.update(str(value) for value in pc.unique(array).to_pylist())

    @property
    def _overflowed(self) -> bool:
        return len(self._seen) > MAX_CLASSES

    def _note_kind(self, array: Array, first_row: int) -> None:
        if self.dtype in {"", "int64"} and _holds_integers(array):
            self.dtype = "int64"
            return
        numbers = _cast(array, pa.float64()) if self.dtype != "string" else None
        if numbers is not None:
            self.dtype = "float64"
            refuse_unusable(_doubles(numbers), self.name, first_row)
            return
        if self.dtype in {"int64", "float64"} and self._overflowed:
            at = _first_that_is_no(pa.float64(), array)
            raise Invalid(
                f"Row {first_row + at}, column {shown(self.name)}: {shown(array[at].as_py())} is "
                "not a number like the rows before.",
                field=self.name,
            )
        self.dtype = "string"

    def classes(self) -> list[str] | None:
        """The classes in order, or None for regression. Raises Invalid for one or too many."""
        labels = self._seen
        if self.dtype == "int64" and not self._overflowed:
            labels = {str(int(label)) for label in self._seen}
        if len(labels) == 1:
            only = shown(next(iter(labels)))
            raise Invalid(f"The target is {only} in every row.", field=self.name)
        if self.dtype == "string":
            return self._text_classes()
        if self.dtype == "float64" or len(labels) > MAX_INTEGER_CLASSES:
            return None
        return sorted(labels, key=int)

    def _text_classes(self) -> list[str]:
        if self._overflowed:
            raise Invalid(
                f"The target has more than {MAX_CLASSES} different texts; is it the right column?",
                field=self.name,
            )
        for label in self._seen:
            check_text(label, "A class", self.name)
        return sorted(self._seen)


def _is_number(array: Array) -> bool:
    kind = array.type
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _holds_integers(array: Array) -> bool:
    if _is_text(array):
        return _integers(array) is not None
    return bool(pa.types.is_integer(array.type))


def class_indexes(
    array: Array, classes: Sequence[str], name: str, first_row: int
) -> npt.NDArray[np.int64]:
    """The place of each value among `classes`, int64 [rows]. Raises Invalid for another class."""
    array = plain(array, name)
    refuse_missing(array, name, first_row)
    texts = array.cast(pa.string())
    known = pa.array(classes, pa.string())
    found = pc.index_in(texts, value_set=known)
    if found.null_count and (whole := _integers(texts)) is not None:
        # 01 and 1 are one class where the classes are integers.
        found = pc.index_in(whole.cast(pa.string()), value_set=known)
    if found.null_count:
        at = pc.index(found.is_null(), True).as_py()
        raise Invalid(
            f"Row {first_row + at}, column {shown(name)}: {shown(texts[at].as_py())} is none of "
            "the classes.",
            field=name,
        )
    indexes: npt.NDArray[np.int64] = found.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return indexes


def target_values(
    array: Array, name: str, classes: Sequence[str] | None, first_row: int
) -> npt.NDArray[Any]:
    """The target as indexes into `classes`, int64 [rows], or without classes as float32 [rows].

    Raises Invalid for a class that is not among them, or for what is no finite number.
    """
    if classes is None:
        return Feature(name).read(array, first_row)
    return class_indexes(array, classes, name, first_row)
