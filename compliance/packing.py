"""Verbs of packs: ask, complete, fail."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from django.db import transaction

from accounts.callers import Caller
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import Conflict, Invalid
from compliance import policies
from compliance.models import Pack, PackFile
from compliance.packs.templates import templates
from registry.blobs import ensure_row
from registry.models import ModelVersion
from registry.selectors import champion_of, model_named, version_numbered
from worker.jobs import enqueue, finish
from worker.models import Job

KIND = "compliance.pack"


@transaction.atomic
def request_pack(*, caller: Caller, template: str, model: str, number: int | None = None) -> Pack:
    """Ask for a pack about a version, or about the champion where no number is given.

    A job makes it. Raises NotAllowed, NotFound, Conflict without a champion, Invalid for a
    template that there is not.
    """
    line = model_named(caller, model)
    policies.may_export(caller, line.team_id).enforce()
    if template not in templates():
        raise Invalid("There is no such template.", field="template")
    found = champion_of(line) if number is None else version_numbered(caller, model, number)
    if found is None:
        raise Conflict("No version is the champion of this model; name a version.")
    version = ModelVersion.objects.select_related("model").get(pk=found.pk)
    pack = Pack(id=uuid4(), version=version, template=template, requested_by=caller.user)
    job = enqueue(
        kind=KIND,
        subject_type="pack",
        subject_id=pack.pk,
        params={"template": template},
        queue="light",
        requested_by_id=caller.user.pk,
        team_id=line.team_id,
    )
    pack.job_id = job.pk
    pack.save()
    record(
        actor=caller.actor,
        action=Action.PACK_REQUESTED,
        subject=("pack", pack.pk),
        payload={
            "template": template,
            "template_digest": f"sha256:{templates()[template].digest}",
            "version_digest": f"sha256:{version.digest}",
        },
        related=_about(version),
    )
    return pack


def _about(version: ModelVersion) -> list[tuple[str, object]]:
    return [("version", version.pk), ("model", version.model_id)]


@transaction.atomic
def complete_pack(
    *,
    pack: Pack,
    job_id: UUID,
    token: int,
    template_digest: str,
    counts: Mapping[str, int],
    files: Mapping[str, tuple[str, int]],
) -> Pack:
    """Note the stored files (form -> hex digest, bytes) and end the job. Raises LostLease."""
    finish(job_id, token)
    for form, (sha256, size) in files.items():
        PackFile.objects.create(pack=pack, form=form, blob=ensure_row(sha256, size))
    asked = pack.requested_by
    record(
        actor=Actor(asked.person_id, asked.pk, "system"),
        action=Action.PACK_MADE,
        subject=("pack", pack.pk),
        payload={
            "template": pack.template,
            "template_digest": f"sha256:{template_digest}",
            "version_digest": f"sha256:{pack.version.digest}",
            "fields": dict(counts),
            "files": {form: f"sha256:{sha256}" for form, (sha256, _) in files.items()},
        },
        related=_about(pack.version),
    )
    return pack


def fail_pack(*, job: Job, reason: str) -> None:
    """Note that a pack ended without its files."""
    pack = Pack.objects.select_related("version").get(pk=job.subject_id)
    record(
        actor=SYSTEM,
        action=Action.PACK_FAILED,
        subject=("pack", pack.pk),
        payload={"job": str(job.pk), "reason": reason[:500]},
        related=_about(pack.version),
    )
