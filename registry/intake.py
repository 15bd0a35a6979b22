"""Verbs that bring bytes in: versions and dataset snapshots from finished uploads.

Asked for by a request, which checks what costs nothing; looked at and completed by a job.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.callers import Caller, caller_for
from accounts.models import Team, User
from audit.actions import Action
from audit.actors import SYSTEM
from audit.services import record
from common.errors import Conflict, Invalid, NotAllowed
from common.texts import as_it_is_read
from registry import blobs, policies, uploads
from registry.declared import lineage_of, read_declared
from registry.jobs import things_of
from registry.manifests import MODEL, ROLES, File
from registry.models import (
    DatasetRequest,
    DatasetSnapshot,
    ModelVersion,
    RegisteredModel,
    Upload,
    VersionRequest,
)
from registry.register.entries import require_inventory_only
from registry.services import NewVersion, add_evidence, add_version
from registry.tables.schema import FORMATS, SPLITS, Schema
from runtimes.schema import Signature
from worker.jobs import enqueue, finish, keep_result
from worker.models import Job, Queue

MOST_FILES = 16
_LONGEST_NOTE = 1000


@dataclass(frozen=True)
class Piece:
    """A finished upload and the part it plays in a version."""

    upload: UUID
    role: str


@transaction.atomic
def request_version(
    *,
    caller: Caller,
    model: RegisteredModel,
    pieces: Sequence[Piece],
    signature: Mapping[str, Any] | None,
    declared: Mapping[str, Any] | None = None,
    note: str = "",
) -> VersionRequest:
    """Ask for a version from uploaded files; a job looks at them and registers it.

    `declared` is vendor, product and release of what is run elsewhere: then there may be no file
    at all, and none is a model file. After a refusal the uploads are still there. Raises
    NotAllowed, NotFound (upload), Invalid, TooLarge, Conflict (an upload that is not whole or in
    use, something declared of a model that is served here).
    """
    policies.may_contribute(caller, model.team_id).enforce()
    said = read_declared(declared)
    if said is not None:
        require_inventory_only(model)
    _check_pieces(pieces, is_declared=said is not None)
    files = [_whole(caller, piece) for piece in pieces]
    named = {(piece.role, file.name) for piece, file in zip(pieces, files, strict=True)}
    if len(named) != len(pieces):
        raise Invalid("Two files have the same role and name.", field="artifacts")
    _check_signature(pieces, signature)
    asked = VersionRequest(
        model=model,
        pieces=[{"upload": str(piece.upload), "role": piece.role} for piece in pieces],
        signature=None if signature is None else dict(signature),
        declared=said,
        note=as_it_is_read(note, "note").strip()[:_LONGEST_NOTE],
        requested_by=caller.user,
    )
    _start(caller, asked, "registry.admit", ("model", model.pk), files)
    return asked


def _check_pieces(pieces: Sequence[Piece], *, is_declared: bool) -> None:
    if not (0 if is_declared else 1) <= len(pieces) <= MOST_FILES:
        raise Invalid(f"A version has 1 to {MOST_FILES} files.", field="artifacts")
    if is_declared and any(piece.role == MODEL for piece in pieces):
        raise Invalid("What is run elsewhere has no model file to check.", field="artifacts")
    for n, piece in enumerate(pieces):
        if piece.role not in ROLES:
            raise Invalid(f"The role is one of {', '.join(ROLES)}.", field=f"artifacts[{n}].role")
    if sum(piece.role == MODEL for piece in pieces) > 1:
        raise Invalid("A version has one model file at most.", field="artifacts")
    if len({piece.upload for piece in pieces}) != len(pieces):
        raise Invalid("An upload can be used once.", field="artifacts")


def _check_signature(pieces: Sequence[Piece], signature: Mapping[str, Any] | None) -> None:
    if signature is None:
        return
    if all(piece.role != MODEL for piece in pieces):
        raise Invalid("A signature belongs to a model file.", field="signature")
    Signature.parse(dict(signature))


def _limit(role: str) -> int:
    limit: int = settings.MAX_MODEL_BYTES if role == MODEL else settings.MAX_ARTIFACT_BYTES
    return limit


def _whole(caller: Caller, piece: Piece) -> Upload:
    return uploads.whole(user=caller.user, upload_id=piece.upload, limit=_limit(piece.role))


def _start(
    caller: Caller,
    asked: VersionRequest | DatasetRequest,
    kind: str,
    subject: tuple[str, UUID],
    files: Sequence[Upload],
) -> None:
    """Keep what was asked for with its job, its uploads and its event."""
    job = enqueue(
        kind=kind,
        subject_type=subject[0],
        subject_id=subject[1],
        params={"run": str(asked.pk)},
        queue=Queue.LIGHT,
        requested_by_id=caller.user.pk,
        team_id=asked.team_id,
    )
    asked.job_id = job.pk
    asked.save(force_insert=True)
    uploads.hold(files, job.pk)
    record(
        actor=caller.actor,
        action=Action.REGISTRATION_REQUESTED,
        subject=subject,
        payload={"run": str(asked.pk), "kind": kind, "files": [file.name for file in files]},
        related=things_of(job),
    )


def stored(asked: VersionRequest) -> list[File]:
    """The files of a version that was asked for, brought into the blob store.

    Raises NotFound (upload), Conflict, Invalid, TooLarge; Unavailable where the disk is full.
    """
    found = []
    for piece in asked.pieces:
        taken = uploads.store(**_asked_upload(asked, piece["upload"]), limit=_limit(piece["role"]))
        found.append(File(piece["role"], taken.name, taken.sha256, taken.size))
    return found


def _asked_upload(asked: VersionRequest | DatasetRequest, upload: UUID | str) -> dict[str, Any]:
    return {"user": asked.requested_by, "upload_id": upload, "job_id": asked.job_id}


def _still_allowed(user: User, team: UUID) -> Caller:
    """Whoever asked, as he stands now. Raises NotAllowed."""
    if not (user.is_active and user.person.is_active):
        raise NotAllowed("The login that asked for this was closed in the meantime.")
    caller = caller_for(user, via="system")
    policies.may_contribute(caller, team).enforce()
    return caller


@transaction.atomic
def complete_version(
    *,
    request_id: UUID,
    job_id: UUID,
    token: int,
    files: Sequence[File],
    admission: Mapping[str, Any] | None,
) -> ModelVersion:
    """Add the version that was looked at and end the job, in one.

    Raises LostLease; NotAllowed where whoever asked may not any more; NotFound, Conflict where
    the uploads are not what was looked at.
    """
    finish(job_id, token)
    asked = VersionRequest.objects.select_related("model", "requested_by__person").get(
        pk=request_id
    )
    caller = _still_allowed(asked.requested_by, asked.model.team_id)
    _take(asked, files)
    signature = admission["signature"] if admission else None
    version = add_version(
        model=asked.model,
        made_by=caller.user,
        actor=caller.actor,
        new=NewVersion(
            kind="uploaded",
            files=files,
            signature=signature,
            lineage=lineage_of(asked.declared, asked.note),
            servable=signature is not None,
        ),
    )
    if admission:
        add_evidence(version=version, kind="sandbox", document=admission)
    asked.version = version
    asked.save(update_fields=["version"])
    keep_result(job_id, {"model": asked.model.name, "version": version.number})
    return version


def _take(asked: VersionRequest, files: Sequence[File]) -> None:
    taken = []
    for piece in asked.pieces:
        file = uploads.take(**_asked_upload(asked, piece["upload"]))
        blobs.ensure_row(file.sha256, file.size)
        taken.append(File(piece["role"], file.name, file.sha256, file.size))
    if taken != list(files):
        raise Conflict("The uploads have changed while they were looked at.", field="artifacts")


@transaction.atomic
def request_dataset(
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
) -> DatasetRequest:
    """Ask for an immutable snapshot of rows; a job reads them and registers it.

    Raises NotAllowed, NotFound (upload), Invalid, Conflict (an upload that is not whole or in
    use), TooLarge.
    """
    policies.may_contribute(caller, team.pk).enforce()
    if split not in SPLITS:
        raise Invalid(f"The split is one of {', '.join(SPLITS)}.", field="split")
    if file_format not in FORMATS:
        raise Invalid(f"The format is one of {', '.join(FORMATS)}.", field="format")
    asked = DatasetRequest(
        team=team,
        upload=upload,
        name=name,
        format=file_format,
        split=split,
        target=target,
        origin=origin.strip(),
        licence=licence.strip(),
        requested_by=caller.user,
    )
    _check_fields(asked)
    file = uploads.whole(user=caller.user, upload_id=upload, limit=settings.MAX_DATASET_BYTES)
    _start(caller, asked, "registry.read_dataset", ("team", team.pk), [file])
    return asked


def _check_fields(asked: DatasetRequest) -> None:
    for name in ("origin", "licence"):
        as_it_is_read(getattr(asked, name), name)
    try:
        asked.clean_fields(exclude=["team", "requested_by", "job_id", "dataset"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=field) from None


def stored_rows(asked: DatasetRequest) -> uploads.TakenFile:
    """The file of a dataset that was asked for, brought into the blob store. Raises as `stored`."""
    return uploads.store(**_asked_upload(asked, asked.upload), limit=settings.MAX_DATASET_BYTES)


@transaction.atomic
def complete_dataset(
    *, request_id: UUID, job_id: UUID, token: int, sha256: str, schema: Schema
) -> DatasetSnapshot:
    """Add the snapshot that was read and end the job, in one.

    Raises LostLease; NotAllowed where whoever asked may not any more; NotFound, Conflict where
    the upload is not what was read, or the snapshot is registered already.
    """
    finish(job_id, token)
    asked = DatasetRequest.objects.select_related("team", "requested_by__person").get(pk=request_id)
    caller = _still_allowed(asked.requested_by, asked.team_id)
    taken = uploads.take(**_asked_upload(asked, asked.upload))
    if taken.sha256 != sha256:
        raise Conflict("The upload has changed while it was read.", field="upload")
    blobs.ensure_row(taken.sha256, taken.size)
    dataset = DatasetSnapshot(
        team=asked.team,
        name=asked.name,
        blob_id=taken.sha256,
        format=asked.format,
        split=asked.split,
        target=asked.target,
        schema=schema,
        rows=schema["rows"],
        origin=asked.origin,
        licence=asked.licence,
        created_by=caller.user,
    )
    _keep(dataset)
    _record_dataset(caller, dataset)
    asked.dataset = dataset
    asked.save(update_fields=["dataset"])
    keep_result(job_id, {"dataset": str(dataset.pk)})
    return dataset


def _keep(dataset: DatasetSnapshot) -> None:
    # Two jobs with the same rows would both find nothing.
    Team.objects.select_for_update(no_key=True).get(pk=dataset.team_id)
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


def fail_registration(*, job: Job, reason: str) -> None:
    """Note that a registration ended without a result; its uploads can be used again."""
    record(
        actor=SYSTEM,
        action=Action.REGISTRATION_FAILED,
        subject=(job.subject_type, job.subject_id),
        payload={
            "run": job.params["run"],
            "kind": job.kind,
            "job": str(job.pk),
            "reason": reason[:500],
        },
        related=things_of(job),
    )
