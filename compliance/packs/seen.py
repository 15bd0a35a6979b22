"""Packs, as far as the caller may see them."""

import json
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.callers import Caller
from accounts.models import Team
from common.errors import Conflict, NotFound
from compliance import policies
from compliance.models import Pack, PackFile
from compliance.packs.document import TYPE
from compliance.packs.scopes import name_of
from registry import blobs
from registry.policies import KEEPERS
from worker.models import Job

FORMS = {
    "html": ("text/html; charset=utf-8", "html"),
    "pdf": ("application/pdf", "pdf"),
    "json": ("application/json", "json"),
    "csv": ("text/csv; charset=utf-8", "csv"),
    "cdx": ("application/vnd.cyclonedx+json; version=1.6", "cdx.json"),
}
"""Form -> media type and ending of the file's name."""


def packs_seen_by(caller: Caller) -> QuerySet[Pack]:
    """Packs of models whose records the caller may export, newest first; those about the models
    of several teams, where he may export the records of each.

    With `status`, `progress` and `failure` of their jobs. Raises NotAllowed.
    """
    policies.may_read_exports(caller).enforce()
    kept = caller.teams_with(*KEEPERS)
    slugs = list(Team.objects.filter(pk__in=kept).values_list("slug", flat=True))
    job = Job.objects.filter(pk=OuterRef("job_id"))
    return (
        Pack.objects.filter(
            Q(version__model__team_id__in=kept)
            | Q(model__team_id__in=kept)
            | Q(teams__len__gt=0, teams__contained_by=slugs)
        )
        .select_related("version__model", "model", "requested_by__person")
        .prefetch_related("files__blob")
        .defer("version__manifest")
        .annotate(
            status=Subquery(job.values("status")[:1]),
            progress=Subquery(job.values("progress")[:1]),
            failure=Subquery(job.values("failure")[:1]),
        )
        .order_by("-created_at", "pk")
    )


def pack_by_id(caller: Caller, pack_id: UUID) -> Pack:
    """One pack. Raises NotAllowed, NotFound."""
    pack = packs_seen_by(caller).filter(pk=pack_id).first()
    if pack is None:
        raise NotFound("There is no such pack that you may see.")
    return pack


def file_of(pack: Pack, form: str) -> PackFile:
    """The pack in one form. Raises NotFound, Conflict while it is being made."""
    made = {file.form: file for file in pack.files.all()}
    if not made:
        raise Conflict("This pack has no files yet; its job has not succeeded.")
    if form not in made:
        raise NotFound("This pack has no such form.")
    return made[form]


def file_name(pack: Pack, form: str) -> str:
    """The name under which a form is downloaded."""
    return name_of(pack, FORMS[form][1])


def document_of(pack: Pack) -> dict[str, Any] | None:
    """The pack, parsed; None while it is being made, and of one by an earlier form of documents,
    whose files remain. Raises Corrupt, Missing."""
    made = {file.form: file for file in pack.files.all()}
    if "json" not in made:
        return None
    blob = made["json"].blob
    parsed: dict[str, Any] = json.loads(blobs.read_verified(blob.sha256, blob.size))
    return parsed if parsed["type"] == TYPE else None
