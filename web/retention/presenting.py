"""Holds on the pages of what they are on."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from accounts.callers import Caller
from compliance.retention.models import LegalHold
from compliance.retention.policies import may_hold, may_propose_deletion
from compliance.retention.selectors import (
    holds_on_dataset,
    holds_on_model,
    holds_on_version,
)
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel

MOST_SHOWN = 20


def held_model(caller: Caller, model: RegisteredModel) -> dict[str, Any]:
    """For `retention/held.html` on a model's page."""
    place = {"kind": "model", "model": model.name}
    return _held(caller, model.team_id, holds_on_model(model), place)


def held_version(caller: Caller, version: ModelVersion) -> dict[str, Any]:
    """For `retention/held.html` on a version's page."""
    place = {"kind": "version", "model": version.model.name, "version": version.number}
    return _held(caller, version.model.team_id, holds_on_version(version), place)


def held_dataset(caller: Caller, dataset: DatasetSnapshot) -> dict[str, Any]:
    """For `retention/held.html` on a snapshot's page."""
    place = {"kind": "dataset", "dataset": dataset.pk}
    return _held(caller, dataset.team_id, holds_on_dataset(dataset), place)


def deletion_of(caller: Caller, dataset: DatasetSnapshot) -> dict[str, Any]:
    """The tombstone of the rows, or where their deletion is proposed, if the person may."""
    tombstone = getattr(dataset.blob, "tombstone", None)
    may = tombstone is None and bool(may_propose_deletion(caller, dataset.team_id))
    return {
        "tombstone": tombstone,
        "delete_url": reverse("web:dataset-delete", args=[dataset.pk]) if may else "",
    }


def _held(
    caller: Caller, team: UUID, rows: QuerySet[LegalHold], place: dict[str, Any]
) -> dict[str, Any]:
    rows = rows.filter(model__team=team) | rows.filter(dataset__team=team)
    url = f"{reverse('web:hold-new')}?{urlencode(place)}" if may_hold(caller, team) else ""
    return {"holds": list(rows[:MOST_SHOWN]), "hold_url": url}
