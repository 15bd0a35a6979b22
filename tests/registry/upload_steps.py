"""What the tests of resumable uploads do again and again."""

import fcntl
import hashlib
import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings as django_settings
from django.db import transaction
from pytest_django import Settings

from accounts.callers import Caller
from common.errors import Invalid
from registry import blobs, uploads
from registry.models import Upload

DATA = random.Random(7).randbytes(3 * blobs.PIECE + 17)
SHA = hashlib.sha256(DATA).hexdigest()


def begin(caller: Caller, **changes: Any) -> Upload:
    wishes: dict[str, Any] = {"name": "model.onnx", "size": len(DATA)}
    return uploads.start(caller=caller, **(wishes | changes))


def send(caller: Caller, upload: Upload, offset: int, data: bytes) -> uploads.Progress:
    return uploads.append(
        caller=caller,
        upload_id=upload.pk,
        offset=offset,
        body=io.BytesIO(data),
        length=len(data),
    )


def offset_of(caller: Caller, upload: Upload) -> int:
    return uploads.find(caller=caller, upload_id=upload.pk).offset


@contextmanager
def locked(upload: Upload) -> Iterator[None]:
    """As long as another request writes."""
    with (Path(django_settings.UPLOAD_DIR) / str(upload.pk)).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def take(caller: Caller, upload: Upload, **more: Any) -> uploads.TakenFile:
    """What a job does that was given the upload."""
    job = uuid4()
    uploads.hold([upload], job)
    return uploads.take(user=caller.user, upload_id=upload.pk, job_id=job, **more)


def take_and_roll_back(caller: Caller, upload: Upload) -> None:
    with transaction.atomic():
        take(caller, upload)
        raise Invalid("The name is taken.")


def files(settings: Settings) -> set[str]:
    folder = Path(settings.UPLOAD_DIR)
    return {file.name for file in folder.iterdir()} if folder.exists() else set()
