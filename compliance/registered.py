"""The register in a bundle: what the rows say of each model, as far as the log had come."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from audit.actions import Action
from audit.models import AuditLeaf
from compliance.scopes import ExportScope
from registry.models import AliasMove, RegisteredModel, RegisterEntry

TOLD = (
    Action.MODEL_REGISTERED.value,
    Action.MODEL_CHANGED.value,
    Action.MODEL_ENTERED.value,
    Action.ALIAS_MOVED.value,
)
"""The events by which a verifier knows what the register says."""


def models_of(scope: ExportScope, size: int) -> QuerySet[RegisteredModel]:
    """The models of the register that the log's first `size` events know."""
    told = AuditLeaf.objects.filter(
        leaf_index__lt=size, event__action=Action.MODEL_REGISTERED.value
    )
    keys = told.values_list("event__subject_id", flat=True)
    rows = RegisteredModel.objects.filter(pk__in=[UUID(key) for key in keys])
    return rows.filter(team__slug=scope.team) if scope.team else rows


def holders(model: RegisteredModel, size: int) -> dict[str, AliasMove]:
    """The last move of each alias. Moves of a model wait for each other, as their events do."""
    rows = AliasMove.objects.filter(model=model).select_related("to_version")
    moves = rows.defer("to_version__manifest").order_by("at", "pk")
    return {move.alias: move for move in moves[: _told(model, size)[Action.ALIAS_MOVED.value]]}


def records(models: "set[UUID]", size: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """(id, record) of each model: its description, its last entry, the digests behind aliases."""
    for model in RegisteredModel.objects.filter(pk__in=models).order_by("pk"):
        revisions = RegisterEntry.objects.filter(model=model).order_by("revision")
        entries = list(revisions[: _told(model, size)[Action.MODEL_ENTERED.value]])
        yield (
            str(model.pk),
            {
                "model": str(model.pk),
                "name": model.name,
                "risk_tier": model.risk_tier,
                "origin": model.origin,
                "entry": _entry(entries[-1]) if entries else None,
                "aliases": {
                    alias: f"sha256:{move.to_version.digest}" if move.to_version else None
                    for alias, move in holders(model, size).items()
                },
            },
        )


def _entry(row: RegisterEntry) -> dict[str, Any]:
    """An entry as its event says it."""
    validator, days = row.validator_id, (row.validated_on, row.revalidate_on)
    validated_on, revalidate_on = (day.isoformat() if day else None for day in days)
    return {
        "revision": row.revision,
        "hosting": row.hosting,
        "life": row.life,
        "place": row.place,
        "technology": row.technology,
        "owner": str(row.owner_id),
        "validator": str(validator) if validator else None,
        "validated_on": validated_on,
        "revalidate_on": revalidate_on,
    }


def _told(model: RegisteredModel, size: int) -> Counter[str]:
    """How many events of each kind there are below a size of the log."""
    rows = AuditLeaf.objects.filter(
        leaf_index__lt=size,
        event__action__in=TOLD,
        event__subject_type="model",
        event__subject_id=str(model.pk),
    )
    return Counter(rows.values_list("event__action", flat=True))
