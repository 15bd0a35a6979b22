"""Prediction records on their way to the database: append-only files, one open for each process.

A record is written before its reply, so that what was answered is in the file even if the process
is killed; a power cut can take what was not yet flushed (SEGMENT_SYNC_MS). The open file is
locked, so that another process can tell a living writer from a dead one.
"""

import fcntl
import os
import threading
import time
import uuid
from pathlib import Path

SEAL_AFTER_RECORDS = 2000
# A segment is read whole to be shipped.
SEAL_AFTER_BYTES = 64 * 2**20
OPEN, READY, DAMAGED = ".open", ".ready", ".damaged"


class SegmentWriter:
    """Appends lines. `sync_ms` 0 flushes each record to the disk before the reply.

    A segment is handed over after `seal_s` seconds, or when it is full.
    """

    def __init__(self, folder: Path, *, sync_ms: int, seal_s: float = 1.0) -> None:
        self._folder = folder
        self._seal_s = seal_s
        self._sync_ms = sync_ms
        self._lock = threading.Lock()
        self._descriptor = -1
        self._path = folder
        self._count = 0
        self._opened_at = 0.0
        self._dirty = False
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        threading.Thread(target=self._keep_house, name="segments", daemon=True).start()

    def append(self, line: bytes) -> None:
        """Write one record. Raises OSError when the disk refuses it: then nothing is answered."""
        with self._lock:
            if self._descriptor < 0:
                self._open()
            start = os.lseek(self._descriptor, 0, os.SEEK_END)
            try:
                written = os.write(self._descriptor, line + b"\n")
                if written != len(line) + 1:
                    raise OSError("The record could not be written whole.")
            except OSError:
                os.ftruncate(self._descriptor, start)
                raise
            self._count += 1
            self._dirty = True
            if self._sync_ms == 0:
                os.fsync(self._descriptor)
            if self._count >= SEAL_AFTER_RECORDS or start >= SEAL_AFTER_BYTES:
                self._seal()

    def close(self) -> None:
        """Hand over what is open."""
        with self._lock:
            self._seal()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        while True:
            self._path = self._folder / f"{time.time_ns():020d}-{uuid.uuid4().hex}{OPEN}"
            descriptor = os.open(self._path, flags, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Before it was locked, a shipper may have taken it for a dead writer's.
            if self._path.exists():
                break
            os.close(descriptor)
        self._descriptor = descriptor
        self._count, self._opened_at = 0, time.monotonic()

    def _seal(self) -> None:
        if self._descriptor < 0:
            return
        os.fsync(self._descriptor)
        self._path.replace(self._path.with_suffix(READY))
        os.close(self._descriptor)
        self._descriptor, self._dirty = -1, False

    def _keep_house(self) -> None:
        pause = max(self._sync_ms, 10) / 1000
        while True:
            time.sleep(pause)
            with self._lock:
                if self._descriptor < 0:
                    continue
                if self._dirty:
                    os.fsync(self._descriptor)
                    self._dirty = False
                if time.monotonic() - self._opened_at >= self._seal_s:
                    self._seal()


def waiting_segments(folder: Path) -> list[Path]:
    """Segments that may be shipped, oldest first; those of dead writers are taken over."""
    if not folder.is_dir():
        return []
    for path in sorted(folder.glob(f"*{OPEN}")):
        _take_over(path)
    return sorted(folder.glob(f"*{READY}"))


def _take_over(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.replace(path.with_suffix(READY))
    except (BlockingIOError, FileNotFoundError):
        return
    finally:
        os.close(descriptor)


def pieces(path: Path) -> list[bytes]:
    """The lines of a segment, each with its end; a torn last one has none."""
    # Not splitlines: damage may look like a line's end of another system.
    *lines, rest = path.read_bytes().split(b"\n")
    whole = [line + b"\n" for line in lines]
    return [*whole, rest] if rest else whole


def set_aside(path: Path, damaged: bytes) -> Path:
    """Keep what could not be read of a segment beside it; the same again changes nothing."""
    kept, written = path.with_suffix(DAMAGED), path.with_suffix(".aside")
    with written.open("wb") as file:
        file.write(damaged)
        file.flush()
        os.fsync(file.fileno())
    written.chmod(0o600)
    written.replace(kept)
    # The segment is removed next: the name of what is left of it has to be on the disk by then.
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return kept


def damaged_segments(folder: Path) -> int:
    """How many files with damaged pieces lie there, until somebody has taken them away."""
    return sum(1 for _ in folder.glob(f"*{DAMAGED}"))
