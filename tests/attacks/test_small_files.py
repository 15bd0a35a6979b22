"""Small files that unfold to what fills the memory of the process that reads them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.servers import ROOT

MIB = 2**20
ROWS, COLUMNS = 400_000, 64
_READ = """
import sys
from pathlib import Path
import pyarrow
from common.errors import DomainError
from registry.tables.reading import inspect
for name in sys.argv[2:]:
    try:
        print(inspect(Path(name), format=sys.argv[1], target="y", max_rows=1_000_000)["shape"])
    except DomainError as error:
        print(error.reason)
print(pyarrow.default_memory_pool().max_memory())
"""


def _read(file_format: str, *files: Path) -> tuple[list[str], int]:
    """What a fresh process says of the files, and the bytes that pyarrow held at most."""
    command = [sys.executable, "-c", _READ, file_format, *map(str, files)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    *answers, peak = said.splitlines()
    return answers, int(peak)


def test_a_line_of_commas_makes_no_column_for_each(tmp_path: Path) -> None:
    """Two megabytes of commas took eight gigabytes."""
    commas = b"," * 60_000 + b"\n"
    texts = {"header": commas, "row": b"a,y\n" + commas, "quoted": b'a"b,y"' + commas}
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)

    said, peak = _read("csv", *(tmp_path / name for name in texts))

    assert said[:2] == [
        "A dataset has at most 4096 columns.",
        "Row 2 has 60001 values, the header 2.",
    ]
    assert "columns" in said[2]
    assert peak < 32 * MIB


def _one_page_a_column(path: Path) -> Path:
    zeros = pa.array(np.zeros(ROWS))
    table = {f"c{n}": zeros for n in range(COLUMNS)} | {"y": pa.array(np.arange(ROWS) % 2)}
    pq.write_table(
        pa.table(table),
        path,
        compression="zstd",
        use_dictionary=False,
        data_page_size=2**31 - 1,
        write_batch_size=ROWS,
        max_rows_per_page=2**31 - 1,
    )
    return path


def test_pages_that_unfold_are_read_one_at_a_time(tmp_path: Path) -> None:
    """A footer may say what it likes of their size, and a page is unfolded whole."""
    bomb = _one_page_a_column(tmp_path / "zeros.parquet")
    said, peak = _read("parquet", bomb)

    assert said == [f"[{ROWS}, {COLUMNS}]"]
    assert bomb.stat().st_size < MIB
    assert peak < 64 * MIB < ROWS * 8 * COLUMNS
