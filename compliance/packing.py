"""Verbs of packs: ask, complete, fail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from accounts.callers import Caller
from accounts.models import Team
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import Invalid
from compliance import policies
from compliance.models import Pack, PackFile
from compliance.packs.scopes import scope_of
from compliance.packs.templates import templates
from compliance.packs.wishes import wished
from registry.blobs import ensure_row
from worker.jobs import enqueue, finish
from worker.models import Job

KIND = "compliance.pack"


@transaction.atomic
def request_pack(
    *,
    caller: Caller,
    template: str,
    model: str | None = None,
    number: int | None = None,
    team: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Pack:
    """Ask for a pack: the template says whether about a version, a model, a period, the register.

    A job makes it. A version without a number is the champion; a period or register without model
    and team is about all teams whose records the caller may export. `since` is included, `until`
    is not. Raises NotAllowed, NotFound, Conflict without a champion, Invalid naming the field.
    """
    policies.may_ask_for_exports(caller).enforce()
    known = templates().get(template)
    if known is None:
        raise Invalid("There is no such template.", field="template")
    given = {"model": model, "number": number, "team": team, "since": since, "until": until}
    pack = wished(caller, known, given)
    pack.id = uuid4()
    job = enqueue(
        kind=KIND,
        subject_type="pack",
        subject_id=pack.pk,
        params={"template": template},
        queue="light",
        requested_by_id=caller.user.pk,
        team_id=_team_of(pack),
    )
    pack.job_id = job.pk
    pack.save()
    record(
        actor=caller.actor,
        action=Action.PACK_REQUESTED,
        subject=("pack", pack.pk),
        payload={
            "template": template,
            "template_digest": f"sha256:{known.digest}",
            **_said(pack),
        },
        related=_about(pack),
    )
    return pack


def _said(pack: Pack) -> dict[str, Any]:
    """What a pack is about, as its events say it."""
    digest = {"version_digest": f"sha256:{pack.version.digest}"} if pack.version else {}
    return {"scope": scope_of(pack)} | digest


def _about(pack: Pack) -> list[tuple[str, object]]:
    """A pack about the models of several teams concerns none of them alone."""
    if pack.version:
        return [("version", pack.version.pk), ("model", pack.version.model_id)]
    if pack.model_id:
        return [("model", pack.model_id)]
    team = _team_of(pack)
    return [("team", team)] if team else []


def _team_of(pack: Pack) -> UUID | None:
    if pack.version or pack.model:
        model = pack.version.model if pack.version else pack.model
        return model.team_id if model else None
    slug, *others = pack.teams
    return None if others else Team.objects.get(slug=slug).pk


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
            **_said(pack),
            "fields": dict(counts),
            "files": {form: f"sha256:{sha256}" for form, (sha256, _) in files.items()},
        },
        related=_about(pack),
    )
    return pack


def fail_pack(*, job: Job, reason: str) -> None:
    """Note that a pack ended without its files."""
    pack = Pack.objects.select_related("version__model", "model").get(pk=job.subject_id)
    record(
        actor=SYSTEM,
        action=Action.PACK_FAILED,
        subject=("pack", pack.pk),
        payload={"job": str(job.pk), "reason": reason[:500]},
        related=_about(pack),
    )
