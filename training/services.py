"""Verbs of training and compression: ask, complete, fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.callers import Caller
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import Conflict, Invalid
from registry import blobs
from registry.jobs import things_of
from registry.manifests import File
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel, Status
from registry.services import NewVersion, add_evidence, add_version
from training import policies, recipes
from training.compression.params import COMPRESSIONS
from training.models import CompressionRun, TrainingRun
from training.recipes.params import validated
from training.selectors import has_layout
from worker.jobs import enqueue, finish
from worker.models import Job

_CLOSED = (Status.RETIRED, Status.QUARANTINED)


def _own(model: RegisteredModel, dataset: DatasetSnapshot | None, field: str) -> None:
    if dataset is not None and dataset.team_id != model.team_id:
        raise Invalid("The snapshot belongs to another team.", field=field)
    if dataset is not None:
        blobs.require_not_deleted(dataset.blob_id)


def _check_rows(
    model: RegisteredModel, dataset: DatasetSnapshot, validation: DatasetSnapshot | None
) -> None:
    for field, rows in (("dataset", dataset), ("validation", validation)):
        _own(model, rows, field)
        if rows is not None and rows.split == "test":
            raise Invalid("A test split is kept for the evaluation.", field=field)
    if validation is not None and validation.blob_id == dataset.blob_id:
        raise Invalid(
            "These are the training rows themselves; choose others, or none.", field="validation"
        )


@transaction.atomic
def request_run(
    *,
    caller: Caller,
    model: RegisteredModel,
    recipe: str,
    params: Mapping[str, Any],
    dataset: DatasetSnapshot,
    validation: DatasetSnapshot | None = None,
) -> TrainingRun:
    """Ask for a training. Raises NotAllowed, NotFound (recipe), Invalid naming the parameter."""
    policies.may_train(caller, model.team_id).enforce()
    settings = recipes.find(recipe).validate_params(dict(params))
    _check_rows(model, dataset, validation)
    run = TrainingRun.objects.create(
        model=model,
        recipe=recipe,
        params=settings,
        dataset=dataset,
        validation=validation,
        requested_by=caller.user,
    )
    job = enqueue(
        kind="training.run",
        subject_type="model",
        subject_id=model.pk,
        params={"run": str(run.pk)},
        requested_by_id=caller.user.pk,
        team_id=model.team_id,
    )
    run.job_id = job.pk
    run.save(update_fields=["job_id"])
    record(
        actor=caller.actor,
        action=Action.TRAINING_REQUESTED,
        subject=("model", model.pk),
        payload={
            "run": str(run.pk),
            "recipe": recipe,
            "params": settings,
            "dataset": f"sha256:{dataset.blob_id}",
        },
        related=[("dataset", dataset.pk)],
    )
    return run


def _check_compression(
    parent: ModelVersion,
    method: str,
    holdout: DatasetSnapshot,
    calibration: DatasetSnapshot | None,
) -> None:
    if not parent.servable or parent.status in _CLOSED:
        raise Conflict("This version cannot be run, so it cannot be compressed.")
    if method == "prune" and not has_layout(parent):
        raise Conflict(
            "Only versions trained here can be pruned: an uploaded file has no layout to cut."
        )
    if method != "int8-dynamic" and calibration is None:
        raise Invalid("Choose the snapshot of training rows to work with.", field="calibration")
    _own(parent.model, holdout, "holdout")
    _own(parent.model, calibration, "calibration")
    if holdout.split == "train":
        raise Invalid("Compare on held-out rows, not on a training split.", field="holdout")


@transaction.atomic
def request_compression(
    *,
    caller: Caller,
    parent: ModelVersion,
    method: str,
    params: Mapping[str, Any],
    holdout: DatasetSnapshot,
    calibration: DatasetSnapshot | None = None,
) -> CompressionRun:
    """Ask for a smaller child of a version. Raises NotAllowed, Conflict, Invalid."""
    policies.may_train(caller, parent.model.team_id).enforce()
    if method not in COMPRESSIONS:
        raise Invalid(f"The method is one of {', '.join(COMPRESSIONS)}.", field="method")
    settings = validated(COMPRESSIONS[method], dict(params))
    _check_compression(parent, method, holdout, calibration)
    run = CompressionRun.objects.create(
        parent=parent,
        method=method,
        params=settings,
        calibration=calibration,
        holdout=holdout,
        requested_by=caller.user,
    )
    job = enqueue(
        kind="training.compress",
        subject_type="version",
        subject_id=parent.pk,
        params={"run": str(run.pk)},
        requested_by_id=caller.user.pk,
        team_id=parent.model.team_id,
    )
    run.job_id = job.pk
    run.save(update_fields=["job_id"])
    record(
        actor=caller.actor,
        action=Action.COMPRESSION_REQUESTED,
        subject=("version", parent.pk),
        payload={"run": str(run.pk), "method": method, "params": settings},
        related=[("model", parent.model_id)],
    )
    return run


@dataclass(frozen=True)
class Made:
    """What a job has made: bytes by role and name, and what is known of them."""

    files: Mapping[tuple[str, str], bytes]
    signature: Mapping[str, Any]
    lineage: Mapping[str, Any]
    admission: Mapping[str, Any]


def store(made: Made) -> list[File]:
    """Put the bytes into the blob store, before the transaction that names them."""
    return [File(role, name, *blobs.put_bytes(body)) for (role, name), body in made.files.items()]


def _add(
    model: RegisteredModel, asked_by: Any, made: Made, files: list[File], **extra: Any
) -> ModelVersion:
    for file in files:
        blobs.ensure_row(file.sha256, file.size)
    version = add_version(
        model=model,
        made_by=asked_by,
        actor=Actor(asked_by.person_id, asked_by.pk, "system"),
        new=NewVersion(
            files=files, signature=made.signature, lineage=made.lineage, servable=True, **extra
        ),
    )
    add_evidence(version=version, kind="sandbox", document=made.admission)
    return version


@transaction.atomic
def complete_run(
    *,
    run_id: UUID,
    job_id: UUID,
    token: int,
    made: Made,
    files: list[File],
    history: list[dict[str, Any]],
) -> ModelVersion:
    """Add the trained version and end the job, in one. Raises LostLease."""
    finish(job_id, token)
    run = TrainingRun.objects.select_related("model", "requested_by").get(pk=run_id)
    version = _add(run.model, run.requested_by, made, files, kind="trained")
    run.version, run.history = version, history
    run.save(update_fields=["version", "history"])
    record(
        actor=SYSTEM,
        action=Action.TRAINING_COMPLETED,
        subject=("model", run.model_id),
        payload={"run": str(run.pk), "version_digest": f"sha256:{version.digest}"},
        related=[("version", version.pk)],
    )
    return version


@transaction.atomic
def complete_compression(
    *,
    run_id: UUID,
    job_id: UUID,
    token: int,
    made: Made,
    files: list[File],
    parity: Mapping[str, Any],
) -> ModelVersion:
    """Add the derived version with its parity report and end the job, in one. Raises LostLease."""
    finish(job_id, token)
    run = CompressionRun.objects.select_related("parent__model", "requested_by").get(pk=run_id)
    version = _add(
        run.parent.model, run.requested_by, made, files, kind="compressed", parent=run.parent
    )
    add_evidence(version=version, kind="parity", document=parity)
    run.version = version
    run.save(update_fields=["version"])
    record(
        actor=SYSTEM,
        action=Action.COMPRESSION_COMPLETED,
        subject=("version", run.parent_id),
        payload={"run": str(run.pk), "version_digest": f"sha256:{version.digest}"},
        related=[("version", version.pk), ("model", run.parent.model_id)],
    )
    return version


def fail_run(*, job: Job, reason: str) -> None:
    """Note that a training ended without a result."""
    _failed(job, reason, Action.TRAINING_FAILED)


def fail_compression(*, job: Job, reason: str) -> None:
    """Note that a compression ended without a result."""
    _failed(job, reason, Action.COMPRESSION_FAILED)


def _failed(job: Job, reason: str, action: Action) -> None:
    record(
        actor=SYSTEM,
        action=action,
        subject=(job.subject_type, job.subject_id),
        payload={"run": job.params["run"], "job": str(job.pk), "reason": reason[:500]},
        related=things_of(job),
    )
