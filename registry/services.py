"""Verbs on models, versions, cards and evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from accounts.callers import Caller
from accounts.models import Team, User
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import Conflict, Invalid
from common.texts import as_it_is_read
from registry import policies
from registry.cards import read_card
from registry.declared import SOURCE
from registry.manifests import MODEL, File, build_manifest
from registry.models import (
    Artifact,
    CardRevision,
    Evidence,
    ModelVersion,
    RegisteredModel,
    Status,
    VersionContributor,
)
from registry.register.entries import is_inventory_only, require_inventory_only
from trust.canonical import canonical

RESERVED_NAMES = {"new", "latest"}
MOST_TAGS = 20


def _cleaned(instance: RegisteredModel) -> None:
    if len(instance.tags) > MOST_TAGS:
        raise Invalid(f"A model has at most {MOST_TAGS} tags.", field="tags")
    for name in ("purpose", "licence"):
        as_it_is_read(getattr(instance, name), name)
    for tag in instance.tags:
        as_it_is_read(tag, "tags")
    try:
        instance.full_clean(validate_unique=False)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=name) from None


@transaction.atomic
def register_model(
    *,
    caller: Caller,
    team: Team,
    name: str,
    purpose: str,
    risk_tier: str,
    licence: str,
    origin: str,
    tags: Sequence[str] = (),
) -> RegisteredModel:
    """Open a line of versions. Raises NotAllowed, Invalid, Conflict."""
    policies.may_contribute(caller, team.pk).enforce()
    if name in RESERVED_NAMES:
        raise Invalid(f"The name {name!r} is reserved.", field="name")
    model = RegisteredModel(
        team=team,
        name=name,
        purpose=purpose.strip(),
        risk_tier=risk_tier,
        licence=licence.strip(),
        origin=origin,
        tags=sorted({tag.strip() for tag in tags if tag.strip()}),
        created_by=caller.user,
    )
    _cleaned(model)
    if RegisteredModel.objects.filter(name=name).exists():
        raise Conflict(f"A model named {name!r} exists already; choose another name.")
    model.save()
    record(
        actor=caller.actor,
        action=Action.MODEL_REGISTERED,
        subject=("model", model.pk),
        payload={"name": name, "risk_tier": risk_tier, "origin": origin, "licence": licence},
        related=[("team", team.pk)],
    )
    return model


@transaction.atomic
def change_model(
    *, caller: Caller, model: RegisteredModel, changes: Mapping[str, Any]
) -> RegisteredModel:
    """Change purpose, licence or tags. Raises NotAllowed, Invalid."""
    policies.may_contribute(caller, model.team_id).enforce()
    unknown = set(changes) - {"purpose", "licence", "tags"}
    if unknown:
        raise Invalid("This cannot be changed.", field=min(unknown))
    before = {name: getattr(model, name) for name in changes}
    for name, value in changes.items():
        setattr(model, name, value)
    _cleaned(model)
    model.save(update_fields=list(changes))
    record(
        actor=caller.actor,
        action=Action.MODEL_CHANGED,
        subject=("model", model.pk),
        payload={"fields": sorted(changes), "tags_before": before.get("tags")}
        | ({"licence": model.licence} if "licence" in changes else {}),
    )
    return model


@dataclass(frozen=True)
class NewVersion:
    """What a version is made of, however it came about."""

    kind: str
    files: Sequence[File]
    signature: Mapping[str, Any] | None
    lineage: Mapping[str, Any]
    servable: bool
    parent: ModelVersion | None = None
    contributors: Mapping[UUID, str] = field(default_factory=dict)


@transaction.atomic
def add_version(
    *, model: RegisteredModel, made_by: User, actor: Actor, new: NewVersion
) -> ModelVersion:
    """Add a version whose blobs are stored already; numbers are dense and given under a lock.

    Authority is checked by the verb that leads here: upload, training or compression. Raises
    Conflict for what the register does not allow of the model: something to serve, or declared.
    """
    RegisteredModel.objects.select_for_update().get(pk=model.pk)
    _check_hosting(model, new)
    number = _next_number(model)
    body, digest = build_manifest(
        model_id=model.pk,
        model_name=model.name,
        number=number,
        files=new.files,
        signature=new.signature,
        lineage=new.lineage,
    )
    version = ModelVersion.objects.create(
        model=model,
        number=number,
        digest=digest,
        manifest=body,
        signature=new.signature,
        lineage=dict(new.lineage),
        kind=new.kind,
        servable=new.servable,
        parent=new.parent,
        created_by=made_by,
    )
    Artifact.objects.bulk_create(
        Artifact(version=version, role=f.role, name=f.name, blob_id=f.sha256, size=f.size)
        for f in new.files
    )
    VersionContributor.objects.bulk_create(_contributions(version, made_by, new))
    record(
        actor=actor,
        action=Action.VERSION_DERIVED if new.parent else Action.VERSION_REGISTERED,
        subject=("version", version.pk),
        payload={
            "model": model.name,
            "number": number,
            "version_digest": f"sha256:{digest}",
            "kind": new.kind,
            "parent": f"sha256:{new.parent.digest}" if new.parent else None,
        },
        related=[("model", model.pk), *([("version", new.parent.pk)] if new.parent else [])],
    )
    return version


def _next_number(model: RegisteredModel) -> int:
    last = ModelVersion.objects.filter(model=model).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1


def _check_hosting(model: RegisteredModel, new: NewVersion) -> None:
    if new.servable and is_inventory_only(model):
        raise Conflict("This model is inventory only: no version of it can be served here.")
    if new.lineage.get("source") == SOURCE:
        require_inventory_only(model)


def _contributions(
    version: ModelVersion, made_by: User, new: NewVersion
) -> list[VersionContributor]:
    hands = {(made_by.person_id, new.kind)} | set(new.contributors.items())
    if new.parent:
        hands |= set(new.parent.contributors.values_list("person_id", "reason"))
    return [
        VersionContributor(version=version, person_id=person, reason=reason)
        for person, reason in sorted(hands, key=str)
    ]


def note_contributor(*, version: ModelVersion, person_id: UUID, reason: str) -> None:
    """Remember that a person had a hand in the version; twice is once."""
    VersionContributor.objects.get_or_create(version=version, person_id=person_id, reason=reason)


@transaction.atomic
def add_evidence(*, version: ModelVersion, kind: str, document: Mapping[str, Any]) -> Evidence:
    """Keep a report about a version as canonical bytes; the same report twice is one row."""
    body = canonical(dict(document))
    evidence, _ = Evidence.objects.get_or_create(
        version=version, kind=kind, digest=sha256(body).hexdigest(), defaults={"body": body}
    )
    return evidence


@transaction.atomic
def edit_card(*, caller: Caller, version: ModelVersion, content: Mapping[str, Any]) -> CardRevision:
    """Write a new revision of the card; its author becomes a contributor.

    Raises NotAllowed, Invalid, Conflict (nothing changed).
    """
    policies.may_contribute(caller, version.model.team_id).enforce()
    card = read_card(content)
    ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    last = CardRevision.objects.filter(version=version).order_by("-revision").first()
    if last and last.content == card:
        raise Conflict("The card says this already; nothing was changed.")
    body = canonical({"type": "assay/card/1", "version": f"sha256:{version.digest}", **card})
    revision = CardRevision.objects.create(
        version=version,
        revision=(last.revision if last else 0) + 1,
        content=card,
        body=body,
        digest=sha256(body).hexdigest(),
        author=caller.user,
    )
    note_contributor(version=version, person_id=caller.person_id, reason="card")
    record(
        actor=caller.actor,
        action=Action.CARD_EDITED,
        subject=("version", version.pk),
        payload={"revision": revision.revision, "digest": f"sha256:{revision.digest}"},
        related=[("model", version.model_id)],
    )
    return revision


def show_status(version: ModelVersion, status: Status, reason: str = "") -> None:
    """Set what people see of a version; nothing authorises from it.

    Damaged bytes are shown until the version is retired, whatever becomes of its reviews.
    """
    rows = ModelVersion.objects.filter(pk=version.pk)
    if status != Status.RETIRED:
        rows = rows.exclude(status=Status.QUARANTINED)
    if rows.update(status=status, status_reason=reason[:1000]):
        version.status, version.status_reason = status, reason[:1000]
    else:
        version.refresh_from_db(fields=["status", "status_reason"])


@transaction.atomic
def quarantine(*, version: ModelVersion, reason: str) -> None:
    """Mark a version whose stored bytes no longer match their digest; once is enough."""
    locked = ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if locked.status == Status.QUARANTINED:
        return
    show_status(version, Status.QUARANTINED, reason)
    record(
        actor=SYSTEM,
        action=Action.VERSION_QUARANTINED,
        subject=("version", version.pk),
        payload={"version_digest": f"sha256:{version.digest}", "reason": reason[:500]},
        related=[("model", version.model_id)],
    )


def model_file(version: ModelVersion) -> Artifact:
    """The one artifact that is run. Raises Conflict for an opaque version."""
    for artifact in version.artifacts.all():
        if artifact.role == MODEL:
            return artifact
    raise Conflict("This version has no model file that can be run.")
