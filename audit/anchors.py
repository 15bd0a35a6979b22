"""Signed checkpoints in a file that only grows, where the keeper of the database cannot write.

One C2SP note after another, an empty line between them. Whoever rolls the database back, or forks
the log, contradicts the file; comparing them needs no key but the log's public one.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from audit.findings import Finding
from audit.models import AuditEvent
from trust.errors import Malformed, TrustError
from trust.keys import TrustedKeys
from trust.merkle import CompactRange, leaf_hash
from trust.notes import Checkpoint, open_checkpoint

log = logging.getLogger("assay.notary")
_CHUNK = 2000


class FileAnchor:
    """Keeps every `every`-th checkpoint that it is shown, the first one always; without a path
    none."""

    def __init__(self, path: Path | None, every: int = 1) -> None:
        self._path = path
        self._every = every
        self._skipped = every
        self._shown = b""

    @classmethod
    def configured(cls) -> "FileAnchor":
        """That of the settings."""
        path = Path(settings.ANCHOR_FILE) if settings.ANCHOR_FILE else None
        return cls(path, settings.ANCHOR_EVERY)

    def keep_newest(self, note: bytes) -> bool:
        """Whether this one was kept now; what the file refuses is tried again."""
        if self._path is None or not note or note == self._shown:
            return False
        if self._skipped + 1 < self._every:
            self._skipped, self._shown = self._skipped + 1, note
            return False
        try:
            append_note(self._path, note)
        except OSError as error:
            log.error("The checkpoint was not kept in %s: %s", self._path, error)
            return False
        self._skipped, self._shown = 0, note
        return True


def append_note(path: Path, note: bytes) -> None:
    """Append one note and have it on the disk. Raises OSError."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o640)
    try:
        # One write: a note that breaks off is a line at the end that says so.
        if os.write(descriptor, note + b"\n") != len(note) + 1:
            raise OSError("The checkpoint could not be written whole.")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_notes(path: Path) -> Iterator[bytes]:
    """The notes of the file in order; what is no note comes as it is. Raises OSError."""
    parts = path.read_bytes().split(b"\n\n")
    for text, signatures in zip(parts[::2], parts[1::2], strict=False):
        yield text + b"\n\n" + signatures.removesuffix(b"\n") + b"\n"
    if len(parts) % 2 and parts[-1].strip():
        yield parts[-1]


def check_anchor(path: Path, keys: TrustedKeys) -> Iterator[Finding]:
    """Where the log in the database is not the one of the file; `keys` are the log's, also ended.

    Raises OSError where the file cannot be read.
    """
    known: dict[int, list[Checkpoint]] = {}
    last = 0
    for number, note in enumerate(read_notes(path), start=1):
        try:
            tree = open_checkpoint(note, TrustedKeys(keys.all))
        except (TrustError, Malformed) as error:
            yield Finding("anchored checkpoint", f"number {number}", f"{error}.")
            continue
        if tree.size < last:
            yield Finding(
                "anchored checkpoint",
                f"number {number}",
                f"it covers {tree.size} events, and one before it {last}: the log was rolled back.",
            )
        last = max(last, tree.size)
        known.setdefault(tree.size, []).append(tree)
    yield from contradicted(known)


def contradicted(known: dict[int, list[Checkpoint]]) -> Iterator[Finding]:
    """Which of these checkpoints, by the number of their events, the log is not the log of."""
    tree = CompactRange()
    rows = AuditEvent.objects.filter(leaf_row__isnull=False).order_by("leaf_row__leaf_index")
    for leaf in rows.values_list("leaf", flat=True).iterator(chunk_size=_CHUNK):
        tree.append(leaf_hash(bytes(leaf)))
        for anchored in known.pop(tree.size, []):
            if anchored.root != tree.root():
                yield Finding(
                    "anchored checkpoint",
                    f"of {tree.size} events",
                    "the first events of the log are not those that it signed.",
                )
    for size in sorted(known):
        if size:
            yield Finding(
                "anchored checkpoint",
                f"of {size} events",
                f"the log holds {tree.size}: it was rolled back.",
            )
