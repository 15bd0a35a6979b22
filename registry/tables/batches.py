"""CSV and Parquet files as named columns that arrive in batches of bounded size."""

import csv
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from common.errors import Invalid, TooLarge
from registry.tables.columns import MAX_COLUMNS, Array, check_names, shown
from registry.tables.schema import check_size

Source = Path | bytes
# Number of the first row, and arrays by column: of all columns, or of one after the other.
Batch = tuple[int, dict[str, Array]]

_BLOCK = 2**20
_BATCH_VALUES = 2**20
# A few bytes of Parquet can stand for gigabytes; this is what the columns may unfold to.
MAX_UNFOLDED = 4 * 2**30


@dataclass(frozen=True)
class Columns:
    """The names of the columns and their batches, which can be read once; `begin` is the number of
    the first row, `expected` about how many rows will come."""

    names: list[str]
    batches: Iterator[Batch]
    begin: int
    expected: int


def _native(source: Source) -> Any:
    return pa.BufferReader(source) if isinstance(source, bytes) else pa.OSFile(str(source))


def read_csv(source: Source, target: str) -> Columns:
    """A CSV file: comma, UTF-8 (with or without BOM), quoted fields, names in the first row.

    Everything is text here. Raises Invalid for ragged rows, NUL bytes, other encodings.
    """
    try:
        lines = _scan(source)
    except UnicodeDecodeError:
        raise Invalid("The file is not UTF-8 text.") from None
    ragged = _Ragged()
    with ragged.named():
        reader = _csv_reader(source, ragged, _width(source))
        first = next(reader, None)
    if first is None:
        raise Invalid("The file has no rows.")
    names = [str(column[0].as_py()).strip() for column in first.columns]
    check_names(names, target)
    batches = _csv_batches(names, first.slice(1), reader, ragged)
    return Columns(names, batches, begin=2, expected=lines - 1)


class _Ragged:
    """Remembers the first row of another length; the library cannot raise from its callback."""

    def __init__(self) -> None:
        self.said = ""

    def __call__(self, row: Any) -> str:
        self.said = self.said or (
            f"Row {row.number} has {row.actual_columns} values, the header {row.expected_columns}."
        )
        return "error"

    @contextmanager
    def named(self) -> Iterator[None]:
        """Raise Invalid with the row where the library stops because of it."""
        try:
            yield
        except pa.ArrowInvalid:
            if self.said:
                raise Invalid(self.said) from None
            raise


def _width(source: Source) -> int:
    """How many columns the first row has. Told to the library, which would otherwise make a
    column, with its buffers, for each of the million commas of a hostile file."""
    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        start = file.read(_BLOCK).decode("utf-8-sig", "ignore")
    try:
        first: list[str] = next(filter(None, csv.reader(StringIO(start, newline=""))), [""])
    except csv.Error as error:
        raise Invalid(f"The first row cannot be read: {error}.") from None
    if len(first) > MAX_COLUMNS:
        raise Invalid(f"A dataset has at most {MAX_COLUMNS} columns.")
    return len(first)


def _csv_reader(source: Source, ragged: _Ragged, width: int) -> Any:
    # The header is read as a row, so that no rule of the library renames a column, and every
    # value as text, so that no type is guessed from the first block alone.
    names = [f"f{number}" for number in range(width)]
    return pyarrow.csv.open_csv(
        _native(source),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False, block_size=_BLOCK, column_names=names
        ),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=ragged),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )


def _csv_batches(names: list[str], first: Any, reader: Any, ragged: _Ragged) -> Iterator[Batch]:
    # The header is row 1.
    row = 2
    if first.num_rows:
        yield row, dict(zip(names, first.columns, strict=True))
        row += first.num_rows
    while True:
        with ragged.named():
            batch = next(reader, None)
        if batch is None:
            return
        yield row, dict(zip(names, batch.columns, strict=True))
        row += batch.num_rows


def _scan(source: Source) -> int:
    """How many lines there are; refuses what the library lets pass or stumbles over: NUL bytes,
    other encodings, an open quote.
    """
    quotes = lines = 0
    text = getincrementaldecoder("utf-8")()
    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        while piece := file.read(_BLOCK):
            if b"\0" in piece:
                raise Invalid("The file holds a NUL byte; a CSV file is UTF-8 text.")
            quotes += piece.count(b'"')
            lines += piece.count(b"\n")
            text.decode(piece)
        text.decode(b"", final=True)
    if quotes % 2:
        raise Invalid("The file has a quote that is not closed.")
    return lines


def read_parquet(source: Source, target: str, max_rows: int) -> Columns:
    """A Parquet file of plain columns. What it declares is checked before anything is unfolded.

    Raises Invalid for nested or odd columns, TooLarge.
    """
    file = pq.ParquetFile(_native(source), pre_buffer=False)
    names = list(file.schema_arrow.names)
    check_names(names, target)
    _check_declared(file.metadata, len(names), max_rows)
    for field in file.schema_arrow:
        if not _is_plain(field.type, text=field.name == target):
            raise Invalid(
                f"Column {shown(field.name)} holds {field.type}, not numbers.", field=field.name
            )
    folded = [target] if _is_text(file.schema_arrow.field(target).type) else None
    file = pq.ParquetFile(_native(source), pre_buffer=False, read_dictionary=folded)
    batches = _parquet_batches(file, names)
    return Columns(names, batches, begin=1, expected=file.metadata.num_rows)


def _check_declared(metadata: Any, columns: int, max_rows: int) -> None:
    check_size(metadata.num_rows, columns - 1, max_rows)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    unfolded = sum(group.total_byte_size for group in groups)
    if any(group.total_byte_size < 0 for group in groups) or unfolded > MAX_UNFOLDED:
        raise TooLarge(f"The columns unfold to more than {MAX_UNFOLDED} bytes.")


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_plain(kind: Any, *, text: bool) -> bool:
    tests = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_boolean,
        pa.types.is_decimal,
    )
    return any(test(kind) for test in tests) or (text and _is_text(kind))


def _parquet_batches(file: Any, names: list[str]) -> Iterator[Batch]:
    # One column after the other: what a file declares can be a lie, and a page that unfolds to
    # gigabytes is read whole. Of all columns at once these would be as many pages.
    for name in names:
        row = 1
        for batch in file.iter_batches(batch_size=_BATCH_VALUES, columns=[name], use_threads=False):
            # A name may be the beginning of another's path, which then comes along.
            yield row, {name: batch.column(name)}
            row += batch.num_rows
