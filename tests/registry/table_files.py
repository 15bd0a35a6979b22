"""Small files and the ways to read them, for the tests of the dataset reader."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from common.errors import DomainError, Invalid, TooLarge
from registry.tables.reading import Schema, Table, inspect, load

CSV = b"age,income,member,y\n31,1.5,true,no\n42,2e3,False,yes\n27,-1,true,no\n"
ROWS = [[31, 1.5, 1], [42, 2000, 0], [27, -1, 1]]


def look(data: bytes | Path, format: str = "csv", target: str = "y", rows: int = 1000) -> Schema:
    return inspect(data, format=format, target=target, max_rows=rows)


def read(data: bytes | Path, format: str = "csv", target: str = "y", **more: Any) -> Table:
    schema = look(data, format, target)
    return load(data, format=format, schema=schema, max_rows=1000, **more)


def refusal(data: bytes, format: str = "csv", target: str = "y", rows: int = 1000) -> DomainError:
    with pytest.raises((Invalid, TooLarge)) as refused:
        look(data, format, target, rows)
    return refused.value


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, row_group_size=1000)
    return buffer.getvalue()


def npz(*, packed: bool = False, **arrays: Any) -> bytes:
    buffer = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def labels(*values: str) -> bytes:
    return b"a,y\n" + b"".join(b"1,%s\n" % value.encode() for value in values)
