"""Dataset snapshots as tables: what a file holds, and its rows as arrays.

Three formats. CSV and Parquet: one column is the target, all others are features and numbers
(true and false count as 1 and 0). NPZ: the arrays `x` [n, ...] and `y` [n]; optionally `classes`
(texts; `y` is then their index) and `feature_names` (texts, for `x` [n, features]).
The rule for the target stands at `registry.tables.columns.Target`.

`inspect` reads a file once in pieces and holds none of it. Whatever the bytes are, both functions
answer, or raise Invalid or TooLarge with the row and column in the sentence.
"""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa

from common.errors import DomainError, Invalid, TooLarge
from registry.tables.arrays import inspect_npz, load_npz
from registry.tables.batches import Columns, Source, read_csv, read_parquet
from registry.tables.columns import Feature, Target, target_values
from registry.tables.npz import open_members
from registry.tables.schema import (
    FORMATS,
    REGRESSION,
    Column,
    Progress,
    Schema,
    Table,
    check_size,
    task_hint,
    untold,
)

__all__ = ["FORMATS", "Schema", "Source", "Table", "inspect", "load"]

_MAGIC = {b"PAR1": "parquet", b"PK\x03\x04": "npz", b"\x93NUM": "npy"}
_UNREADABLE = (
    pa.ArrowException,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    KeyError,
    OverflowError,
    NotImplementedError,
)


def inspect(
    source: Source, *, format: str, target: str, max_rows: int, on_rows: Progress = untold
) -> Schema:
    """What the file holds, every value checked. Raises Invalid, TooLarge.

    `target` names a column; for NPZ it is `y`. `on_rows` hears how far the reading is.
    """
    with _reading(source, format):
        if format == "npz":
            return inspect_npz(open_members(source, max_rows), target, on_rows)
        columns = _columns(source, format, target, max_rows)
        return _inspect_columns(columns, target, max_rows, on_rows)


def load(
    source: Source,
    *,
    format: str,
    schema: Schema,
    max_rows: int,
    classes: Sequence[str] | None = None,
    task: str | None = None,
) -> Table:
    """The rows of a file whose schema is known. Raises Invalid, TooLarge.

    `classes` asks for the indexes of another list, e.g. a model's; `task="regression"` asks for
    the target as numbers although it could be classes.
    """
    wanted = None if task == REGRESSION else list(classes or schema["classes"] or [])
    if wanted == []:
        if task is not None:
            raise Invalid("The target of this dataset has no classes.", field="task")
        wanted = None
    with _reading(source, format):
        if format == "npz":
            return load_npz(open_members(source, max_rows), schema, wanted)
        columns = _columns(source, format, schema["target"], max_rows)
        return _load_columns(columns, schema, wanted)


@contextmanager
def _reading(source: Source, format: str) -> Iterator[None]:
    """Turn what the libraries say of unreadable bytes into Invalid."""
    _check_format(source, format)
    try:
        yield
    except DomainError:
        raise
    except MemoryError:
        raise TooLarge("The file unfolds to more than this process may hold.") from None
    except OSError as error:
        # pyarrow has no other word for damaged Parquet; trouble with the disk has a number.
        if error.errno is not None:
            raise
        raise _unreadable(format, error) from None
    except _UNREADABLE as error:
        raise _unreadable(format, error) from None


def _unreadable(format: str, error: Exception) -> Invalid:
    if "UTF8" in str(error):
        return Invalid("The file is not UTF-8 text.")
    if "Empty CSV" in str(error):
        return Invalid("The file has no rows.")
    said = (str(error).splitlines() or [type(error).__name__])[0][:200]
    return Invalid(f"The file cannot be read as {format}: {said}")


def _check_format(source: Source, format: str) -> None:
    if format not in FORMATS:
        raise Invalid(f"The format is one of {', '.join(FORMATS)}.", field="format")
    if isinstance(source, bytes):
        start = source[:4]
    else:
        with source.open("rb") as file:
            start = file.read(4)
    if not start:
        raise Invalid("The file is empty.")
    found = _MAGIC.get(start, "csv")
    if found != format:
        looks = "text" if found == "csv" else found
        raise Invalid(f"The file does not look like {format} but like {looks}.", field="format")


def _columns(source: Source, format: str, target: str, max_rows: int) -> Columns:
    if format == "csv":
        return read_csv(source, target)
    return read_parquet(source, target, max_rows)


def _inspect_columns(columns: Columns, target: str, max_rows: int, on_rows: Progress) -> Schema:
    goal = Target(target)
    readers = {name: goal if name == target else Feature(name) for name in columns.names}
    seen = dict.fromkeys(columns.names, 0)
    for first_row, arrays in columns.batches:
        for name, array in arrays.items():
            seen[name] = first_row - columns.begin + len(array)
            check_size(seen[name], len(readers) - 1, max_rows)
            readers[name].read(array, first_row)
        done = sum(seen.values()) // len(seen)
        on_rows(done, max(done, columns.expected))
    rows = _same(seen)
    classes = goal.classes()
    names = [name for name in columns.names if name != target]
    return Schema(
        columns=[Column(name=reader.name, dtype=reader.dtype) for reader in readers.values()],
        feature_names=names,
        target=target,
        task_hint=task_hint(classes),
        classes=classes,
        shape=[rows, len(names)],
        rows=rows,
    )


def _same(seen: dict[str, int]) -> int:
    """How many rows each column has."""
    rows, *others = set(seen.values())
    if others:
        raise Invalid("The columns of the file do not have the same number of rows.")
    if not rows:
        raise Invalid("The file has no rows.")
    return rows


def _load_columns(columns: Columns, schema: Schema, classes: list[str] | None) -> Table:
    names = schema["feature_names"]
    if [name for name in columns.names if name != schema["target"]] != names:
        raise Invalid("The columns of the file are not those of its schema.")
    features = np.empty((schema["rows"], len(names)), np.float32)
    target = np.empty(schema["rows"], np.float32 if classes is None else np.int64)
    readers = {name: (place, Feature(name)) for place, name in enumerate(names)}
    seen = dict.fromkeys(columns.names, 0)
    for first_row, arrays in columns.batches:
        for name, array in arrays.items():
            start = first_row - columns.begin
            seen[name] = end = start + len(array)
            if end > schema["rows"]:
                raise Invalid("The file has more rows than its schema.")
            if name == schema["target"]:
                target[start:end] = target_values(array, name, classes, first_row)
            else:
                place, reader = readers[name]
                features[start:end, place] = reader.read(array, first_row)
    if _same(seen) != schema["rows"]:
        raise Invalid("The file has fewer rows than its schema.")
    return Table(features, target, classes, names)
