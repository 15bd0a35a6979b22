"""Reading a bundle's members from a .zip or a folder; nothing is ever written to disk.

An archive is refused whole (Malformed) before a byte of it is unpacked, if any entry is not a
regular member with a safe name, or if it asks for more than the limits of the layout.
"""

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from trust.bundle_layout import (
    MAX_DIRECTORY_BYTES,
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_TOTAL_BYTES,
    RATIO_FREE_BYTES,
    is_safe_name,
)
from trust.errors import Malformed, Untrusted

_CHUNK = 1024 * 1024
_END_RECORD_BYTES = 22
_ZIP64_LOCATOR_BYTES = 20
_LOCAL_HEADER_BYTES = 30
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000


class BundleSource(Protocol):
    """Members by name. `chunks` raises Untrusted when a member's bytes cannot be read back."""

    sizes: dict[str, int]

    def chunks(self, name: str) -> Iterator[bytes]:
        """The member's bytes, in pieces."""

    def close(self) -> None:
        """Release the files."""

    def __enter__(self) -> Self:
        """Itself."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""


class _Closing:
    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class ZipSource(_Closing):
    """A .zip of stored and deflated regular members. Raises Malformed, OSError."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            _check_end_record(self._file)
            self._archive = zipfile.ZipFile(self._file)
            self._entries = _checked_entries(self._archive.infolist())
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            self._file.close()
            raise Malformed(f"not a readable archive: {error}") from None
        except BaseException:
            self._file.close()
            raise
        self.sizes = {name: entry.file_size for name, entry in self._entries.items()}

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()
        self._file.close()

    def chunks(self, name: str) -> Iterator[bytes]:
        """The member's bytes; Untrusted if they are not as many as the directory announces."""
        read = 0
        try:
            with self._archive.open(self._entries[name]) as member:
                while chunk := member.read(_CHUNK):
                    read += len(chunk)
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise Untrusted(f"its bytes cannot be unpacked: {error}") from None
        if read != self.sizes[name]:
            raise Untrusted("it has not the size that the archive announces")


def _check_end_record(file: BinaryIO) -> None:
    """Bound the directory before zipfile reads it: no comment, no prefix, no Zip64."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_RECORD_BYTES - _ZIP64_LOCATOR_BYTES))
    tail = file.read()
    end = tail[-_END_RECORD_BYTES:]
    file.seek(0)
    if file.read(4) != b"PK\x03\x04" or end[:4] != b"PK\x05\x06":
        raise Malformed("not a .zip that begins with a member and ends with its directory")
    if tail[:4] == b"PK\x06\x07" or b"\xff\xff" in (end[8:10], end[10:12]):
        raise Malformed("the archive is in Zip64 form, which bundles do not use")
    if int.from_bytes(end[12:16], "little") > MAX_DIRECTORY_BYTES:
        raise Malformed("the archive's directory is too large")
    file.seek(0)


def _checked_entries(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    checked: dict[str, zipfile.ZipInfo] = {}
    _check_no_overlap(entries)
    for entry in entries:
        name = entry.orig_filename
        if name.endswith("/"):
            _check_folder_entry(entry, name)
            continue
        _check_entry(entry, name)
        if name in checked:
            raise Malformed(f"the archive holds {name!r} twice")
        checked[name] = entry
    _check_totals({name: entry.file_size for name, entry in checked.items()})
    return checked


def _check_entry(entry: zipfile.ZipInfo, name: str) -> None:
    if entry.filename != name or not is_safe_name(name):
        raise Malformed(f"the archive holds a member with an unsafe name: {name[:80]!r}")
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        raise Malformed(f"{name} is not a regular file")
    if entry.flag_bits & _ENCRYPTED_FLAGS:
        raise Malformed(f"{name} is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Malformed(f"{name} is packed with an unknown method")
    if entry.file_size > max(RATIO_FREE_BYTES, MAX_RATIO * entry.compress_size):
        raise Malformed(f"{name} would unpack to more than {MAX_RATIO} times its size")


def _check_folder_entry(entry: zipfile.ZipInfo, name: str) -> None:
    is_folder = stat.S_IFMT(entry.external_attr >> 16) in (0, stat.S_IFDIR)
    if not is_folder or entry.file_size or not is_safe_name(name.removesuffix("/")):
        raise Malformed(f"the archive holds an unsafe folder: {name[:80]!r}")


def _check_no_overlap(entries: list[zipfile.ZipInfo]) -> None:
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end or (end == 0 and entry.header_offset != 0):
            raise Malformed("members of the archive overlap, or bytes precede the first")
        end = entry.header_offset + _LOCAL_HEADER_BYTES + entry.compress_size


def _check_totals(sizes: dict[str, int]) -> None:
    if len(sizes) > MAX_MEMBERS:
        raise Malformed(f"more than {MAX_MEMBERS} members")
    for name, size in sizes.items():
        if size > MAX_MEMBER_BYTES:
            raise Malformed(f"{name} is larger than {MAX_MEMBER_BYTES} bytes")
    if sum(sizes.values()) > MAX_TOTAL_BYTES:
        raise Malformed(f"more than {MAX_TOTAL_BYTES} bytes in all")


class FolderSource(_Closing):
    """An unpacked bundle: regular files only, no links. Raises Malformed, OSError."""

    def __init__(self, path: Path) -> None:
        self._root = path
        self.sizes = dict(_walk(path, ""))
        _check_totals(self.sizes)

    def chunks(self, name: str) -> Iterator[bytes]:
        """The file's bytes; Untrusted if it changed its size since it was listed."""
        read = 0
        try:
            descriptor = os.open(self._root / name, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "rb") as file:
                while read <= self.sizes[name] and (chunk := file.read(_CHUNK)):
                    read += len(chunk)
                    yield chunk
        except OSError as error:
            raise Untrusted(f"it cannot be read: {error.strerror}") from None
        if read != self.sizes[name]:
            raise Untrusted("it changed while it was read")


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for count, entry in enumerate(sorted(entries, key=lambda entry: entry.name)):
            name = prefix + entry.name
            if count > MAX_MEMBERS or not is_safe_name(name):
                raise Malformed(f"the folder holds too much, or an unsafe name: {name[:80]!r}")
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(folder / entry.name, name + "/")
            elif entry.is_file(follow_symlinks=False):
                yield name, entry.stat(follow_symlinks=False).st_size
            else:
                raise Malformed(f"{name} is not a regular file")


def open_bundle(path: Path) -> BundleSource:
    """The bundle at `path`, a .zip or a folder. Raises Malformed, also if it cannot be read."""
    try:
        return FolderSource(path) if path.is_dir() else ZipSource(path)
    except OSError as error:
        raise Malformed(f"the bundle cannot be read: {error.strerror}") from None
