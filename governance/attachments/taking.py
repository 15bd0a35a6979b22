"""Finished uploads become files attached to what a person writes: a part of the verbs that write.

A file is kept as it came. None is opened here or shown in a browser; that a PDF or a picture
begins like one only tells apart what was chosen by mistake.
"""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings

from accounts.callers import Caller
from common.errors import DomainError, Invalid
from governance.attachments.models import Attachment
from registry import uploads
from registry.blobs import ensure_row

MOST_FILES = 5
# How files of a kind begin, where all of them do.
KINDS = {
    ".pdf": b"%PDF-",
    ".png": b"\x89PNG\r\n\x1a\n",
    ".csv": b"",
    ".txt": b"",
    ".ipynb": b"",
}


def take_files(caller: Caller, ids: Sequence[UUID]) -> list[Attachment]:
    """The caller's own uploads as files that are not attached yet; in the caller's transaction.

    Raises Invalid, NotFound, Conflict (not whole), TooLarge.
    """
    if len(ids) > MOST_FILES:
        raise Invalid(f"At most {MOST_FILES} files.", field="attachments")
    if len(set(ids)) < len(ids):
        raise Invalid("Each file is named once.", field="attachments")
    try:
        return [_taken(caller, upload, place) for place, upload in enumerate(ids, start=1)]
    except DomainError as error:
        error.field = "attachments"
        raise


def _taken(caller: Caller, upload_id: UUID, place: int) -> Attachment:
    limit = settings.MAX_ATTACHMENT_BYTES
    upload = uploads.whole(user=caller.user, upload_id=upload_id, limit=limit)
    kind = next((kind for kind in KINDS if upload.name.lower().endswith(kind)), None)
    if kind is None:
        raise Invalid(f"A file is of one of these kinds: {', '.join(KINDS)}.")
    file = uploads.take(user=caller.user, upload_id=upload_id, job_id=None, limit=limit)
    with file.path.open("rb") as opened:
        if not opened.read(16).startswith(KINDS[kind]):
            raise Invalid(f"{file.name} does not begin like a {kind} file.")
    blob = ensure_row(file.sha256, file.size)
    return Attachment(position=place, name=file.name, blob=blob, size=file.size)
