"""Files on their way in: begun, continued at an offset, taken by the verb that registers them.

The partial file `<id>` lies in UPLOAD_DIR; its size is the offset. Once it is whole, `<id>.sha256`
keeps its digest. `take` moves the bytes into the blob store; until the caller's transaction has
committed that digest file stays, so a rolled-back registration can be tried again at once.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Person, User
from accounts.roles import Role, Scope
from common.decisions import Decision, allow, deny
from common.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable
from registry import blobs
from registry.models import Upload
from worker.models import OPEN, Job

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_HEX = re.compile(r"[0-9a-f]{64}")
DIGEST_SUFFIX = ".sha256"
_REGISTER, _REVIEW = (Role.CONTRIBUTOR, Role.MANAGER), (Role.REVIEWER, Role.COMPLIANCE)


class Body(Protocol):
    """Where the bytes of a request come from, e.g. `wsgi.input`."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


@dataclass(frozen=True)
class Progress:
    """How far an upload is; `sha256` is empty until it is whole."""

    upload: Upload
    offset: int
    sha256: str = ""


@dataclass(frozen=True)
class TakenFile:
    """A whole file, now in the blob store."""

    path: Path
    name: str
    size: int
    sha256: str


def may_upload(caller: Caller) -> Decision:
    """Whoever registers or reviews in some team may send the bytes for it."""
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not change anything.")
    if caller.teams_with(*_REGISTER, *_REVIEW):
        return allow()
    return deny("Only contributors, managers, reviewers and compliance of a team upload files.")


@transaction.atomic
def start(*, caller: Caller, name: str, size: int, sha256: str = "") -> Upload:
    """Open an upload of `size` bytes. `name` is for display only and never becomes a path.

    Raises NotAllowed, Invalid, TooLarge, Conflict (too many open), Unavailable (disk full).
    """
    may_upload(caller).enforce()
    _check_wishes(name, size, sha256, most=_most(caller))
    now = timezone.now()
    Person.objects.select_for_update(no_key=True).get(pk=caller.person_id)
    live = Upload.objects.filter(~held(), user__person_id=caller.person_id, expires_at__gt=now)
    if live.count() >= settings.MAX_OPEN_UPLOADS:
        raise Conflict(
            f"You have {settings.MAX_OPEN_UPLOADS} unfinished uploads; finish or remove one first."
        )
    upload = Upload(
        id=uuid4(),
        user=caller.user,
        name=name,
        size=size,
        sha256=sha256.removeprefix("sha256:"),
        expires_at=now + timedelta(hours=settings.UPLOAD_LIFE_HOURS),
    )
    _make_partial(upload)
    upload.save(force_insert=True)
    return upload


def _most(caller: Caller) -> int:
    """Who only reviews attaches files, and sends none that is longer than these may be."""
    registers = caller.teams_with(*_REGISTER)
    return settings.MAX_ARTIFACT_BYTES if registers else settings.MAX_ATTACHMENT_BYTES


def _check_wishes(name: str, size: int, sha256: str, most: int) -> None:
    if not _NAME.fullmatch(name):
        raise Invalid(
            "A file name has 1 to 128 letters, digits, dots, dashes and underscores, and begins "
            "with a letter or digit.",
            field="name",
        )
    if sha256 and not _HEX.fullmatch(sha256.removeprefix("sha256:")):
        raise Invalid("A SHA-256 digest has 64 lowercase hexadecimal digits.", field="sha256")
    if size < 1:
        raise Invalid("An empty file cannot be uploaded.", field="size")
    if size > most:
        raise TooLarge(f"A file may have at most {most} bytes.", field="size")


def _make_partial(upload: Upload) -> None:
    path = _partial(upload.pk)
    with blobs.room_on_disk():
        blobs.make_folder(path.parent)
        if shutil.disk_usage(path.parent).free < upload.size:
            raise Unavailable("The disk of this instance has no room for a file of this size.")
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        blobs.sync_folder(path.parent)


def find(*, caller: Caller, upload_id: UUID) -> Progress:
    """One's own upload and how far it is. Raises NotAllowed, NotFound."""
    upload = _owned(caller, upload_id)
    known = _known_digest(upload)
    try:
        descriptor = os.open(_partial(upload.pk), os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return Progress(upload, upload.size if known else 0, known)
    try:
        offset = os.fstat(descriptor).st_size
        # Whoever is told an offset will not send these bytes again.
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return Progress(upload, offset, known)


def append(
    *, caller: Caller, upload_id: UUID, offset: int, body: Body, length: int | None = None
) -> Progress:
    """Continue an upload at `offset` with the bytes of `body`, at most `length` of them if given.

    What arrived is kept when the sender goes away; nothing of a request that brings too much.
    Raises NotAllowed, NotFound, Conflict (other offset, or another request is writing),
    TooLarge, Invalid (the body ended early, or the whole has not the declared digest).
    """
    upload = _owned(caller, upload_id)
    with _locked(upload) as descriptor:
        _check_offset(upload, descriptor, offset, length)
        running = hashlib.sha256()
        got = _receive(descriptor, body, room=upload.size - offset, length=length, into=running)
        if not _is_still(upload, descriptor):
            raise NotFound("This upload was removed while its bytes arrived.")
        if length is not None and got < length:
            raise Invalid(f"The body ended after {got} of {length} bytes.", field="body")
        if offset + got < upload.size:
            return Progress(upload, offset + got)
        found = running.hexdigest() if offset == 0 else ""
        return Progress(upload, upload.size, _settle(upload, descriptor, found))


def _check_offset(upload: Upload, descriptor: int, offset: int, length: int | None) -> None:
    have = os.fstat(descriptor).st_size
    if offset != have:
        raise Conflict(f"This upload stands at offset {have}, not {offset}.", field="Upload-Offset")
    if length is not None and offset + length > upload.size:
        raise _too_much(upload)


def _too_much(upload: Upload) -> TooLarge:
    return TooLarge(f"The upload was declared with {upload.size} bytes.", field="body")


def _receive(
    descriptor: int, body: Body, *, room: int, length: int | None, into: "hashlib._Hash"
) -> int:
    """Write the body behind the end of the file; how many bytes. Durable when this returns."""
    start = os.fstat(descriptor).st_size
    os.lseek(descriptor, start, os.SEEK_SET)
    got = 0
    try:
        with blobs.room_on_disk(), os.fdopen(descriptor, "wb", closefd=False) as file:
            while piece := body.read(_next(got, length)):
                got += len(piece)
                if got > room:
                    break
                file.write(piece)
                into.update(piece)
    finally:
        if got > room:
            os.ftruncate(descriptor, start)
        os.fsync(descriptor)
    if got > room:
        raise TooLarge("More bytes came than the upload was declared with.", field="body")
    return got


def _next(got: int, length: int | None) -> int:
    return blobs.PIECE if length is None else min(blobs.PIECE, length - got)


def _settle(upload: Upload, descriptor: int, found: str = "") -> str:
    """The digest of a whole upload, compared with the declared one and kept beside the bytes."""
    sha256 = found or _known_digest(upload) or _hash(descriptor)
    if upload.sha256 and sha256 != upload.sha256:
        os.ftruncate(descriptor, 0)
        _digest_file(upload.pk).unlink(missing_ok=True)
        raise Invalid(
            f"The bytes hash to sha256:{sha256}, not to the declared digest; the upload is back at "
            "offset 0.",
            field="sha256",
        )
    if _known_digest(upload) != sha256:
        blobs.write_durably(_digest_file(upload.pk), sha256.encode())
    return sha256


def _hash(descriptor: int) -> str:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def receive(*, caller: Caller, name: str, size: int, body: Body) -> Upload:
    """Take in a whole file of `size` bytes that is at hand. Raises as `start` and `append`."""
    upload = start(caller=caller, name=name, size=size)
    append(caller=caller, upload_id=upload.pk, offset=0, body=body, length=size)
    return upload


def names_of(*, caller: Caller, upload_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The file names of those that are the caller's own uploads."""
    rows = Upload.objects.filter(pk__in=upload_ids, user=caller.user, expires_at__gt=timezone.now())
    return dict(rows.values_list("pk", "name"))


@transaction.atomic
def cancel(*, caller: Caller, upload_id: UUID) -> None:
    """Remove one's own upload. Raises NotAllowed, NotFound, Conflict (being registered)."""
    upload = _owned(caller, upload_id)
    if Upload.objects.filter(held(), pk=upload_id).exists():
        raise Conflict("This upload is being registered; cancel that job first.")
    upload.delete()
    transaction.on_commit(partial(_forget, upload_id))


def held() -> Q:
    """Uploads that a registration waits to use: neither swept nor given to another one."""
    return Q(job_id__in=Job.objects.filter(status__in=OPEN).values("pk"))


def whole(*, user: User, upload_id: UUID, limit: int | None = None) -> Upload:
    """One's own finished upload that no registration waits to use, locked by the caller's
    transaction. Raises NotFound, Conflict (not whole, in use), TooLarge (over `limit` bytes).
    """
    upload = _locked_row(user, upload_id, limit, Q(expires_at__gt=timezone.now()))
    if Upload.objects.filter(held(), pk=upload_id).exists():
        raise Conflict("This upload is being registered already.", field="upload")
    if not _known_digest(upload):
        with _locked(upload) as descriptor:
            _require_whole(upload, descriptor)
    return upload


def hold(uploads: Iterable[Upload], job_id: UUID) -> None:
    """Keep uploads for a job until it has ended."""
    Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).update(job_id=job_id)


def _locked_row(user: User, upload_id: UUID, limit: int | None, still: Q) -> Upload:
    rows = Upload.objects.select_for_update()
    upload = rows.filter(still, pk=upload_id, user=user).first()
    if upload is None:
        raise NotFound("There is no such upload of yours.", field="upload")
    if limit is not None and upload.size > limit:
        raise TooLarge(f"This file may have at most {limit} bytes.", field="upload")
    return upload


def _require_whole(upload: Upload, descriptor: int) -> None:
    have = os.fstat(descriptor).st_size
    if have != upload.size:
        raise Conflict(
            f"The upload is not finished: {have} of {upload.size} bytes.", field="upload"
        )


@transaction.atomic
def store(
    *, user: User, upload_id: UUID, job_id: UUID | None, limit: int | None = None
) -> TakenFile:
    """The whole file of an upload that this job holds, moved into the blob store; the upload
    stays, so that after a refusal it can be used again. Raises what `take` raises."""
    if job_id:
        upload = _locked_row(user, upload_id, limit, Q(job_id=job_id))
    else:
        upload = whole(user=user, upload_id=upload_id, limit=limit)
    sha256 = _move(upload)
    return TakenFile(blobs.path_of(sha256), upload.name, upload.size, sha256)


def take(
    *, user: User, upload_id: UUID, job_id: UUID | None, limit: int | None = None
) -> TakenFile:
    """The whole file of an upload that this job holds, or none where there is no job, moved into
    the blob store; the upload ends with the caller's transaction, in which this must be called.
    The Blob row is the caller's.

    Raises NotFound, Conflict (not whole), Invalid (other digest), TooLarge (over `limit` bytes).
    """
    taken = store(user=user, upload_id=upload_id, job_id=job_id, limit=limit)
    Upload.objects.filter(pk=upload_id).delete()
    transaction.on_commit(partial(_forget, upload_id))
    return taken


def _move(upload: Upload) -> str:
    """Bring the bytes into the store, or claim those that an earlier try brought there."""
    known = _known_digest(upload)
    if known and not _partial(upload.pk).exists():
        blobs.keep(known, upload.size)
        return known
    with _locked(upload) as descriptor:
        _require_whole(upload, descriptor)
        sha256 = _settle(upload, descriptor)
        blobs.require_not_deleted(sha256)
        blobs.adopt(_partial(upload.pk), sha256)
        return sha256


def _owned(caller: Caller, upload_id: UUID) -> Upload:
    may_upload(caller).enforce()
    upload = Upload.objects.filter(
        pk=upload_id, user=caller.user, expires_at__gt=timezone.now()
    ).first()
    if upload is None:
        raise NotFound("There is no such upload of yours.")
    return upload


@contextmanager
def _locked(upload: Upload) -> Iterator[int]:
    """The partial file, for this request alone; the lock dies with the process."""
    try:
        descriptor = os.open(_partial(upload.pk), os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise Conflict("This upload takes no more bytes; start another one.") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("Another request is writing to this upload now.") from None
        if not _is_still(upload, descriptor):
            raise Conflict("This upload takes no more bytes; start another one.")
        yield descriptor
    finally:
        os.close(descriptor)


def _is_still(upload: Upload, descriptor: int) -> bool:
    """Whether the open file is the upload's: it may have been taken or removed meanwhile."""
    try:
        return os.path.samestat(os.fstat(descriptor), _partial(upload.pk).lstat())
    except FileNotFoundError:
        return False


def _partial(upload_id: UUID) -> Path:
    return Path(settings.UPLOAD_DIR) / str(upload_id)


def _digest_file(upload_id: UUID) -> Path:
    return Path(settings.UPLOAD_DIR) / f"{upload_id}{DIGEST_SUFFIX}"


def _known_digest(upload: Upload) -> str:
    try:
        return _digest_file(upload.pk).read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def _forget(upload_id: UUID) -> None:
    _partial(upload_id).unlink(missing_ok=True)
    _digest_file(upload_id).unlink(missing_ok=True)
