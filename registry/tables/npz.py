"""NPZ files: the arrays `x` [n, ...] and `y` [n], optionally `classes` and `feature_names`.

The headers are read by a strict rule of our own, and nothing is unpickled or unfolded before the
declared shapes and sizes are within the limits and agree with each other.
"""

import math
import os
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from common.errors import Invalid, TooLarge
from registry.tables.batches import MAX_UNFOLDED, Source
from registry.tables.columns import MAX_COLUMNS

MEMBERS = ("x", "y", "classes", "feature_names")
_MAX_DIMENSIONS = 5
_MAX_TEXT = 200
_PIECE = 2**20
_DIRECTORY_BYTES = 2**16
_END = struct.Struct("<4s4H2LH")
_LOCATOR_BYTES = 20
_HEADER = re.compile(
    r"\{'descr': '(?P<kind>[<>|=]?[biufU][0-9]{1,4})', "
    r"'fortran_order': (?P<fortran>True|False), "
    r"'shape': \((?P<shape>[0-9]{1,12}(?:, [0-9]{1,12})*,?)\), \} *\n"
)


@dataclass(frozen=True)
class Member:
    """An array of the file: what its header declares, and where its values begin."""

    archive: zipfile.ZipFile
    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    offset: int

    def pieces(self) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """The values in the file's order, flat, about 1 MiB at a time; with their position."""
        count = max(1, _PIECE // self.dtype.itemsize)
        left, position = math.prod(self.shape), 0
        with self.archive.open(f"{self.name}.npy") as file:
            _exactly(file, self.offset)
            while left:
                take = min(count, left)
                raw = _exactly(file, take * self.dtype.itemsize)
                yield position, np.frombuffer(raw, self.dtype)
                position, left = position + take, left - take
            # Reading to the end lets zipfile compare the checksum.
            file.read(1)

    def row_of(self, position: int) -> int:
        """In which row (from 0) the value at a position of the file stands."""
        order: Any = "F" if self.fortran else "C"
        return int(np.unravel_index(position, self.shape, order=order)[0])

    def whole(self) -> npt.NDArray[Any]:
        """All values in their shape."""
        flat = np.concatenate([piece for _, piece in self.pieces()])
        return flat.reshape(self.shape, order="F" if self.fortran else "C")


def _exactly(file: IO[bytes], size: int) -> bytes:
    raw = file.read(size)
    if len(raw) != size:
        raise Invalid("An array of the file ends too early.")
    return raw


def open_members(source: Source, max_rows: int) -> dict[str, Member]:
    """The arrays by name, declared sizes checked. Raises Invalid, TooLarge.

    The archive stays open as long as a member is referred to.
    """
    _check_directory(source)
    archive = zipfile.ZipFile(BytesIO(source) if isinstance(source, bytes) else source)
    try:
        members = {info.filename: _member(archive, info) for info in archive.infolist()}
        _check_members(members, len(archive.infolist()), max_rows)
    except BaseException:
        archive.close()
        raise
    return {name.removesuffix(".npy"): member for name, member in members.items()}


def _check_directory(source: Source) -> None:
    """A list of contents may itself be a bomb: numpy's is short, without comment or ZIP64."""
    if isinstance(source, bytes):
        tail = source[-(_END.size + _LOCATOR_BYTES) :]
    else:
        with source.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _END.size - _LOCATOR_BYTES))
            tail = file.read()
    if len(tail) < _END.size or tail[-_END.size :][:4] != b"PK\x05\x06":
        raise Invalid("The file is not a complete NPZ file.")
    _, _, _, _, _, listed, _, comment = _END.unpack(tail[-_END.size :])
    if listed > _DIRECTORY_BYTES or comment or tail.startswith(b"PK\x06\x07"):
        raise Invalid("The list of contents of this NPZ file is not one that numpy writes.")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = info.filename.removesuffix(".npy")
    if name not in MEMBERS or name == info.filename:
        raise Invalid(f"An NPZ file holds x and y, and may hold classes and feature_names; not "
                      f"{info.filename[:60]!r}.")  # fmt: skip
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} or info.flag_bits & 1:
        raise Invalid(f"The array {name} is packed or encrypted in a way that is not read here.")
    if info.file_size > MAX_UNFOLDED:
        raise TooLarge(f"The array {name} unfolds to more than {MAX_UNFOLDED} bytes.")
    with archive.open(info) as file:
        start = _exactly(file, 10)
        if start[:8] != b"\x93NUMPY\x01\x00":
            raise Invalid(f"The array {name} is not in the NPY format 1.0.")
        length = int.from_bytes(start[8:10], "little")
        header = _HEADER.fullmatch(_exactly(file, length).decode("latin-1"))
    if header is None:
        raise Invalid(f"The array {name} is not a plain array of numbers or text.")
    shape = tuple(int(part) for part in header["shape"].rstrip(",").split(","))
    dtype = np.dtype(header["kind"])
    if 10 + length + math.prod(shape) * dtype.itemsize != info.file_size:
        raise Invalid(f"The array {name} does not have the size that its header declares.")
    return Member(archive, name, dtype, shape, header["fortran"] == "True", 10 + length)


def _check_members(members: dict[str, Member], count: int, max_rows: int) -> None:
    if len(members) != count:
        raise Invalid("An array stands twice in the file.")
    for name in ("x", "y"):
        if f"{name}.npy" not in members:
            raise Invalid(f"The NPZ file has no array {name}.", field=name)
    x, y = members["x.npy"], members["y.npy"]
    if x.dtype.kind == "U":
        raise Invalid("The array x holds text, not numbers.", field="x")
    if not 2 <= len(x.shape) <= _MAX_DIMENSIONS or 0 in x.shape[1:]:
        raise Invalid(
            f"The array x has the shape {x.shape}; it needs rows and 1 to {_MAX_DIMENSIONS - 1} "
            "other dimensions.",
            field="x",
        )
    if y.shape != x.shape[:1]:
        raise Invalid(f"The array y has the shape {y.shape}, not {x.shape[:1]}.", field="y")
    if x.shape[0] > max_rows:
        raise TooLarge(f"A dataset has at most {max_rows} rows, not {x.shape[0]}.")
    if len(x.shape) == 2 and x.shape[1] >= MAX_COLUMNS:
        raise Invalid(f"A dataset has at most {MAX_COLUMNS} columns.", field="x")
    for member in members.values():
        _check_text(member)


def _check_text(member: Member) -> None:
    if member.name in {"classes", "feature_names"} and (
        member.dtype.kind != "U" or len(member.shape) != 1 or member.shape[0] > MAX_COLUMNS
    ):
        raise Invalid(f"The array {member.name} is not a short list of texts.", field=member.name)
    if member.dtype.kind == "U" and not 1 <= member.dtype.itemsize // 4 <= _MAX_TEXT:
        raise Invalid(
            f"The texts of {member.name} have 1 to {_MAX_TEXT} characters.", field=member.name
        )
