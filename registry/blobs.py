"""Bytes named by their SHA-256, in files `ab/cd/<hex>` below BLOB_DIR.

A file appears under its name only when it is whole and on the disk, and its row only after that.
What a rolled-back transaction or a crash leaves are files without a row: `collect_garbage`.
"""

import errno
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BufferedReader
from pathlib import Path

from django.conf import settings

from common.errors import Conflict, Unavailable
from registry.models import Blob, Tombstone
from trust.digests import digest_hex

PIECE = 2**20
_TEMPORARY = "."


class Corrupt(Conflict):
    """What lies in the store under a digest is not what the digest says."""

    slug = "corrupt-bytes"
    title = "Stored bytes no longer match their digest"


class Missing(Conflict):
    """The store has no bytes for a digest."""

    slug = "missing-bytes"
    title = "Stored bytes are missing"


class Deleted(Conflict):
    """The bytes of a digest were deleted by two persons; they do not come back."""

    slug = "deleted-bytes"
    title = "The bytes were deleted"


def path_of(sha256: str) -> Path:
    """Where the bytes of a digest lie, or would lie. Raises trust's Malformed for no digest."""
    bare = digest_hex(sha256)
    return Path(settings.BLOB_DIR) / bare[:2] / bare[2:4] / bare


@contextmanager
def room_on_disk() -> Iterator[None]:
    """Turn a full disk into Unavailable; every other trouble stays what it is."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Unavailable("The disk of this instance is full; nothing was kept.") from error
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a private folder with its parents, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def write_durably(path: Path, data: bytes) -> None:
    """Write a private file all at once: it has its old content or the new one, never a part."""
    temporary = path.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


@contextmanager
def _folder_of(sha256: str) -> Iterator[Path]:
    """The path of a digest while no garbage collector looks at its folder."""
    path = path_of(sha256)
    make_folder(path.parent)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(descriptor)


def put_bytes(data: bytes) -> tuple[str, int]:
    """Store bytes; the SHA-256 in hex and the size. Raises Unavailable when the disk is full.

    What is there already is written anew, so damage heals when the true bytes come again.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    with room_on_disk(), _folder_of(sha256) as path:
        write_durably(path, data)
    return sha256, len(data)


def adopt(path: Path, sha256: str) -> None:
    """Move a finished file of the same disk into the store; its bytes must hash to `sha256`.

    Raises FileNotFoundError if it is gone, Corrupt if it is no ordinary file of one name.
    """
    with room_on_disk(), _folder_of(sha256) as target:
        with _ordinary(path, sha256) as file:
            os.fchmod(file.fileno(), 0o600)
            # The age of garbage counts from now, not from when the upload began.
            os.utime(file.fileno())
            os.fsync(file.fileno())
        path.replace(target)
        sync_folder(target.parent)
        sync_folder(path.parent)


def keep(sha256: str, size: int) -> None:
    """Claim bytes that should be here without a row. Raises Missing where they are not."""
    with _folder_of(sha256) as path:
        if not path.is_file() or path.stat().st_size != size:
            raise Missing(f"The bytes of sha256:{sha256} are not in the store.")
        os.utime(path)


def ensure_row(sha256: str, size: int) -> Blob:
    """The row of stored bytes, made in the caller's transaction; call it after storing them.

    Raises Deleted for bytes that were deleted once.
    """
    require_not_deleted(digest_hex(sha256))
    return Blob.objects.get_or_create(sha256=digest_hex(sha256), defaults={"size": size})[0]


def require_not_deleted(sha256: str) -> None:
    """Raises Deleted for bytes that have a tombstone."""
    row = Tombstone.objects.filter(blob=sha256).first()
    if row is not None:
        raise Deleted(
            f"The bytes of sha256:{sha256} were deleted on {row.at:%Y-%m-%d} by two persons; the "
            "digest is kept, and the log tells of it."
        )


def remove_deleted(sha256: str) -> bool:
    """Remove the file of bytes that have a tombstone; whether there was one.

    Raises Conflict for bytes without a tombstone: nothing else is ever removed by its digest.
    """
    if not Tombstone.objects.filter(blob=digest_hex(sha256)).exists():
        raise Conflict(f"Nobody has deleted sha256:{digest_hex(sha256)}.")
    with _folder_of(sha256) as path:
        there = path.is_file()
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    return there


def _ordinary(path: Path, sha256: str) -> BufferedReader:
    """Open without following links; a second name would let the bytes change from outside."""
    try:
        # O_NONBLOCK: opening a named pipe must not wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Corrupt(f"sha256:{sha256} is a link, not a file.") from None
        raise
    found = os.fstat(descriptor)
    # No name at all: the same bytes came again since, and took the place of these.
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(descriptor)
        raise Corrupt(f"sha256:{sha256} is not an ordinary file of one name.")
    return os.fdopen(descriptor, "rb")


def _open(sha256: str) -> BufferedReader:
    try:
        return _ordinary(path_of(sha256), digest_hex(sha256))
    except FileNotFoundError:
        require_not_deleted(digest_hex(sha256))
        raise Missing(f"The bytes of sha256:{digest_hex(sha256)} are missing.") from None


def _check(found: str, sha256: str) -> None:
    if found != digest_hex(sha256):
        raise Corrupt(f"The bytes stored as sha256:{digest_hex(sha256)} hash to sha256:{found}.")


def read_verified(sha256: str, size: int) -> bytes:
    """All bytes of a digest; the very bytes returned were hashed. Raises Missing, Corrupt."""
    with _open(sha256) as file:
        data = file.read(size + 1)
    if len(data) != size:
        raise Corrupt(f"sha256:{digest_hex(sha256)} does not have its {size} bytes any more.")
    _check(hashlib.sha256(data).hexdigest(), sha256)
    return data


def open_verified(sha256: str) -> BufferedReader:
    """The file of a digest, hashed whole and then rewound. Raises Missing, Corrupt.

    For large data that is read in pieces by a job; a model is opened with `read_verified`, since
    whoever may write to the disk could still change this file after the check.
    """
    file = _open(sha256)
    try:
        _check(hashlib.file_digest(file, "sha256").hexdigest(), sha256)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


class Download:
    """The pieces of stored bytes, for a reply with a Content-Length of `size`.

    Nothing can be known of the digest before the end; therefore the last piece is sent only if
    the whole was right. Damaged bytes never arrive as a complete download.
    """

    def __init__(self, file: BufferedReader, sha256: str) -> None:
        self._file = file
        self._sha256 = sha256
        self.size = os.fstat(file.fileno()).st_size

    def __iter__(self) -> Iterator[bytes]:
        running = hashlib.sha256()
        held = b""
        with self._file:
            while piece := self._file.read(PIECE):
                if held:
                    yield held
                running.update(piece)
                held = piece
        _check(running.hexdigest(), self._sha256)
        yield held

    def close(self) -> None:
        """Give the file back, read or not."""
        self._file.close()


def stream(sha256: str) -> Download:
    """The bytes of a digest in pieces of 1 MiB. Raises Missing; Corrupt while iterating."""
    return Download(_open(sha256), sha256)


def collect_garbage(*, older_than: datetime) -> int:
    """Remove files that have no row and were last claimed before `older_than`; how many.

    Storing bytes renews their age under the same lock, so bytes of a transaction that is still
    running are safe as long as it ends within the time between `older_than` and now.
    """
    folders = Path(settings.BLOB_DIR).glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")
    return sum(_collect(folder, older_than.timestamp()) for folder in folders)


def _collect(folder: Path, before: float) -> int:
    old = [entry.name for entry in os.scandir(folder) if _is_old(Path(entry), before)]
    known = set(Blob.objects.filter(sha256__in=old).values_list("sha256", flat=True))
    return sum(_remove(folder / name, before) for name in old if name not in known)


def _is_old(path: Path, before: float) -> bool:
    try:
        return path.lstat().st_mtime < before
    except FileNotFoundError:
        return False


def _remove(path: Path, before: float) -> bool:
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not _is_old(path, before) or Blob.objects.filter(pk=path.name).exists():
            return False
        path.unlink()
    finally:
        os.close(descriptor)
    return True
