"""Verbs that bring bytes in: versions and dataset snapshots from finished uploads."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.callers import Caller
from accounts.models import Team
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid, Unavailable
from registry import blobs, policies, tables, uploads
from registry.admission import admitted
from registry.manifests import MODEL, ROLES, File
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel
from registry.services import NewVersion, add_evidence, add_version
from runtimes.sandbox import Admission
from runtimes.schema import Signature
from runtimes.sniff import sniff

MOST_FILES = 16
# Looking at a hostile file may take a minute; the other threads of a process must stay free.
MOST_AT_ONCE = 3
_PLACES = threading.BoundedSemaphore(MOST_AT_ONCE)
SPLITS = ("train", "validation", "test", "calibration")


@dataclass(frozen=True)
class Piece:
    """A finished upload and the part it plays in a version."""

    upload: UUID
    role: str


@contextmanager
def _a_place() -> Iterator[None]:
    """Room for one more file to be looked at. Raises Unavailable."""
    if not _PLACES.acquire(blocking=False):
        raise Unavailable("Several files are being checked now; try again in a moment.")
    try:
        yield
    finally:
        _PLACES.release()


@transaction.atomic
def upload_version(
    *,
    caller: Caller,
    model: RegisteredModel,
    pieces: Sequence[Piece],
    signature: Mapping[str, Any] | None,
    note: str = "",
) -> ModelVersion:
    """Register a version from uploaded files.

    The model file must be ONNX and is opened in the sandbox before anything is written; after a
    refusal the uploads are still there. Raises NotAllowed, NotFound (upload), Invalid with a
    sentence that says what to do, Conflict, TooLarge, Unavailable (many at once).
    """
    policies.may_contribute(caller, model.team_id).enforce()
    _check_pieces(pieces)
    files = [_taken(caller, piece) for piece in pieces]
    names = [(file.role, file.name) for file in files]
    if len(set(names)) != len(names):
        raise Invalid("Two files have the same role and name.", field="artifacts")
    model_file = next((file for file in files if file.role == MODEL), None)
    if model_file is None and signature is not None:
        raise Invalid("A signature belongs to a model file.", field="signature")
    admission = None
    if model_file:
        with _a_place():
            admission = _admit(model_file, signature)
    schema = admission.signature.as_dict() if admission and admission.signature else None
    version = add_version(
        model=model,
        made_by=caller.user,
        actor=caller.actor,
        new=NewVersion(
            kind="uploaded",
            files=files,
            signature=schema,
            lineage={"source": "upload", "note": note.strip()[:1000]},
            servable=schema is not None,
        ),
    )
    if admission:
        add_evidence(version=version, kind="sandbox", document=admission.as_dict())
    return version


def _check_pieces(pieces: Sequence[Piece]) -> None:
    if not 1 <= len(pieces) <= MOST_FILES:
        raise Invalid(f"A version has 1 to {MOST_FILES} files.", field="artifacts")
    for n, piece in enumerate(pieces):
        if piece.role not in ROLES:
            raise Invalid(f"The role is one of {', '.join(ROLES)}.", field=f"artifacts[{n}].role")
    if sum(piece.role == MODEL for piece in pieces) > 1:
        raise Invalid("A version has one model file at most.", field="artifacts")
    if len({piece.upload for piece in pieces}) != len(pieces):
        raise Invalid("An upload can be used once.", field="artifacts")


def _taken(caller: Caller, piece: Piece) -> File:
    limit = settings.MAX_MODEL_BYTES if piece.role == MODEL else settings.MAX_ARTIFACT_BYTES
    taken = uploads.take(user=caller.user, upload_id=piece.upload, limit=limit)
    blobs.ensure_row(taken.sha256, taken.size)
    return File(piece.role, taken.name, taken.sha256, taken.size)


def _admit(file: File, signature: Mapping[str, Any] | None) -> Admission:
    body = blobs.read_verified(file.sha256, file.size)
    kind = sniff(body)
    if kind.use != "servable":
        raise Invalid(kind.advice, field="artifacts")
    wanted = Signature.parse(dict(signature)) if signature is not None else None
    return admitted(body, wanted)


@transaction.atomic
def register_dataset(
    *,
    caller: Caller,
    team: Team,
    upload: UUID,
    name: str,
    split: str,
    target: str,
    origin: str,
    licence: str,
    file_format: str,
) -> DatasetSnapshot:
    """Register an immutable snapshot of rows.

    Raises NotAllowed, NotFound, Invalid, Conflict, Unavailable (many at once).
    """
    policies.may_contribute(caller, team.pk).enforce()
    if split not in SPLITS:
        raise Invalid(f"The split is one of {', '.join(SPLITS)}.", field="split")
    taken = uploads.take(user=caller.user, upload_id=upload, limit=settings.MAX_DATASET_BYTES)
    blobs.ensure_row(taken.sha256, taken.size)
    with _a_place():
        schema = tables.inspect(
            taken.path, format=file_format, target=target, max_rows=settings.MAX_DATASET_ROWS
        )
    dataset = DatasetSnapshot(
        team=team,
        name=name,
        blob_id=taken.sha256,
        format=file_format,
        split=split,
        target=target,
        schema=schema,
        rows=schema["rows"],
        origin=origin.strip(),
        licence=licence.strip(),
        created_by=caller.user,
    )
    _keep(dataset)
    _record_dataset(caller, dataset)
    return dataset


def _keep(dataset: DatasetSnapshot) -> None:
    try:
        dataset.clean_fields(exclude=["blob", "team", "created_by", "schema"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=field) from None
    same = DatasetSnapshot.objects.filter(
        team=dataset.team_id, name=dataset.name, split=dataset.split, blob_id=dataset.blob_id
    )
    if same.exists():
        raise Conflict("This very snapshot is registered already.")
    dataset.save()


def _record_dataset(caller: Caller, dataset: DatasetSnapshot) -> None:
    record(
        actor=caller.actor,
        action=Action.DATASET_REGISTERED,
        subject=("dataset", dataset.pk),
        payload={
            "name": dataset.name,
            "split": dataset.split,
            "digest": f"sha256:{dataset.blob_id}",
            "rows": dataset.rows,
            "origin": dataset.origin[:200],
            "licence": dataset.licence,
        },
        related=[("team", dataset.team_id)],
    )
