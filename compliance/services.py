"""Verbs of exports: ask, seal, complete, fail."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.callers import Caller
from accounts.models import Team
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.models import AuditEvent
from audit.services import record
from common.errors import Invalid
from compliance import policies
from compliance.models import Export
from compliance.scopes import ExportScope
from registry.blobs import ensure_row
from registry.models import ModelVersion, RegisteredModel
from worker.jobs import enqueue, finish
from worker.models import Job

KIND = "compliance.export"


@transaction.atomic
def request_export(*, caller: Caller, scope: Mapping[str, Any]) -> Export:
    """Ask for a bundle that can be checked without this instance; a job makes it.

    `scope` is {"kind": "all"}, {"kind": "model", "model": name}, {"kind": "version", "model":
    name, "number": n}, {"kind": "period", "from": moment, "to": moment} or {"kind": "register"},
    with "team" of one team alone. Raises NotAllowed, Invalid naming the field; what is of a team
    that is not the caller's does not exist for him.
    """
    policies.may_ask_for_exports(caller).enforce()
    wanted = ExportScope.read(scope)
    team = _team_asked_for(caller, wanted)
    related = _related(wanted)
    export = Export(scope=wanted.as_dict(), requested_by=caller.user)
    job = enqueue(
        kind=KIND,
        subject_type="export",
        subject_id=export.pk,
        params={"scope": export.scope},
        queue="light",
        requested_by_id=caller.user.pk,
        team_id=team,
    )
    export.job_id = job.pk
    export.save()
    record(
        actor=caller.actor,
        action=Action.EXPORT_REQUESTED,
        subject=("export", export.pk),
        payload={"scope": export.scope},
        related=related,
    )
    return export


def _team_asked_for(caller: Caller, scope: ExportScope) -> UUID | None:
    """The team whose records the scope covers, None for all; refuses whoever may not have them."""
    if scope.team:
        team = Team.objects.filter(slug=scope.team, pk__in=caller.teams).first()
        if team is None:
            raise Invalid("There is no such team that you may see.", field="team")
        policies.may_export(caller, team.pk).enforce()
        return team.pk
    if not scope.model:
        policies.may_export_all(caller).enforce()
        return None
    model = RegisteredModel.objects.filter(name=scope.model, team__in=caller.teams).first()
    if model is None:
        raise Invalid(f"There is no model named {scope.model!r} that you may see.", field="model")
    policies.may_export(caller, model.team_id).enforce()
    return model.team_id


def _related(scope: ExportScope) -> list[tuple[str, object]]:
    if scope.team:
        return [("team", Team.objects.get(slug=scope.team).pk)]
    if not scope.model:
        return []
    model = RegisteredModel.objects.get(name=scope.model)
    if scope.kind == "model":
        return [("model", model.pk)]
    version = ModelVersion.objects.filter(model=model, number=scope.number).first()
    if version is None:
        raise Invalid(f"{scope.model} has no version {scope.number}.", field="number")
    return [("version", version.pk), ("model", model.pk)]


@transaction.atomic
def seal_manifest(*, export: Export, manifest_digest: str, events: int) -> AuditEvent:
    """Write the digest of a bundle's manifest into the log, in the name of whoever asked."""
    asked = export.requested_by
    return record(
        actor=Actor(asked.person_id, asked.pk, "system"),
        action=Action.EXPORTED,
        subject=("export", export.pk),
        payload={"manifest_digest": manifest_digest, "scope": export.scope, "events": events},
        related=_related(ExportScope.read(export.scope)),
    )


@transaction.atomic
def complete_export(
    *,
    export_id: UUID,
    job_id: UUID,
    token: int,
    sha256: str,
    size: int,
    manifest_digest: str,
    events: int,
) -> Export:
    """Note the stored bundle and end the job, in one. Raises LostLease."""
    finish(job_id, token)
    export = Export.objects.get(pk=export_id)
    export.blob = ensure_row(sha256, size)
    export.manifest_digest = manifest_digest.removeprefix("sha256:")
    export.events = events
    export.save(update_fields=["blob", "manifest_digest", "events"])
    return export


def fail_export(*, job: Job, reason: str) -> None:
    """Note that an export ended without a bundle."""
    archive_path(job.subject_id).unlink(missing_ok=True)
    record(
        actor=SYSTEM,
        action=Action.EXPORT_FAILED,
        subject=("export", job.subject_id),
        payload={"job": str(job.pk), "reason": reason[:500]},
        related=_related(ExportScope.read(job.params["scope"])),
    )


def archive_path(export_id: UUID) -> Path:
    """Where a bundle is written: on the store's disk, so that storing it is a change of name."""
    return Path(settings.BLOB_DIR) / f".export-{export_id}.zip"
