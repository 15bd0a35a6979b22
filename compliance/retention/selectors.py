"""Holds as far as the caller may see them, and what they are on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.callers import Caller
from accounts.models import Team
from common.errors import Invalid, NotFound
from compliance.retention.models import Held, LegalHold
from compliance.scopes import require_year
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel, Tombstone
from registry.policies import READERS
from registry.selectors import dataset_by_id, model_named, version_numbered

_WANTED = {
    Held.MODEL: {"model"},
    Held.VERSION: {"model", "version"},
    Held.DATASET: {"dataset"},
    Held.PREDICTIONS: {"model", "since"},
}
_ALSO = {Held.PREDICTIONS: {"until"}}


@dataclass(frozen=True)
class Thing:
    """What a hold is, or shall be, on."""

    kind: str
    model: RegisteredModel | None = None
    version: ModelVersion | None = None
    dataset: DatasetSnapshot | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def team(self) -> Team:
        """The owner team."""
        owned = self.dataset or self.model
        assert owned is not None, "a hold is on a model or a dataset"
        return owned.team


def thing_asked_for(
    caller: Caller,
    *,
    kind: str,
    model: str | None = None,
    version: int | None = None,
    dataset: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Thing:
    """What a wish names. Raises NotFound, Invalid naming the field that is missing or too much."""
    if kind not in Held.values:
        raise Invalid(f"Say one of {', '.join(Held.values)}.", field="kind")
    wish: dict[str, Any] = {
        "model": model,
        "version": version,
        "dataset": dataset,
        "since": since,
        "until": until,
    }
    _check_fields(Held(kind), {name for name, value in wish.items() if value is not None})
    for name, moment in (("since", since), ("until", until)):
        if moment:
            require_year(moment, name)
    if since and until and until <= since:
        raise Invalid("The end must come after the beginning.", field="until")
    if dataset:
        return Thing(kind, dataset=dataset_by_id(caller, dataset))
    found = model_named(caller, str(model))
    numbered = version_numbered(caller, found.name, version) if version else None
    return Thing(kind, model=found, version=numbered, since=since, until=until)


def _check_fields(kind: Held, given: set[str]) -> None:
    for name in sorted(_WANTED[kind] - given):
        raise Invalid("Say this for such a hold.", field=name)
    for name in sorted(given - _WANTED[kind] - _ALSO.get(kind, set())):
        raise Invalid("This does not belong to such a hold.", field=name)


def holds() -> QuerySet[LegalHold]:
    """All of them with what is shown of each, newest first."""
    rows = LegalHold.objects.select_related(
        "model__team",
        "version__model",
        "dataset__team",
        "person",
        "lift__person",
    )
    return rows.defer("version__manifest").order_by("-at", "pk")


def holds_seen_by(caller: Caller) -> QuerySet[LegalHold]:
    """Those on models and datasets of the teams whose evidence the caller reads."""
    teams = caller.teams_with(*READERS)
    return holds().filter(Q(model__team__in=teams) | Q(dataset__team__in=teams))


def hold_by_id(caller: Caller, hold_id: UUID) -> LegalHold:
    """A hold that the caller may see. Raises NotFound."""
    found = holds_seen_by(caller).filter(pk=hold_id).first()
    if found is None:
        raise NotFound("There is no such legal hold that you may see.")
    return found


def team_of(hold: LegalHold) -> Team:
    """The team that owns what it is on."""
    owned = hold.dataset or hold.model
    assert owned is not None, "a hold is on a model or a dataset"
    return owned.team


def in_force(rows: QuerySet[LegalHold]) -> QuerySet[LegalHold]:
    """Those that nobody has lifted."""
    return rows.filter(lift=None)


def holds_on_model(model: RegisteredModel) -> QuerySet[LegalHold]:
    """In force on the model itself, its versions or its predictions."""
    return in_force(holds()).filter(model=model)


def holds_on_version(version: ModelVersion) -> QuerySet[LegalHold]:
    """In force on the version, or on its model as a whole."""
    return holds_about(version.pk, version.model_id)


def holds_about(version: Any, model: Any) -> QuerySet[LegalHold]:
    """The same of keys, or of the row around a subquery."""
    return in_force(holds()).filter(Q(version=version) | Q(kind=Held.MODEL, model=model))


def holds_on_dataset(dataset: DatasetSnapshot) -> QuerySet[LegalHold]:
    """In force on the snapshot, or on other snapshots of the same bytes."""
    return in_force(holds()).filter(dataset__blob=dataset.blob_id)


def tombstones_seen_by(caller: Caller) -> QuerySet[Tombstone]:
    """What was deleted of the teams whose evidence the caller reads, newest first."""
    teams = caller.teams_with(*READERS)
    rows = Tombstone.objects.filter(Q(version__model__team__in=teams) | Q(dataset__team__in=teams))
    rows = rows.select_related(
        "blob", "version__model", "dataset", "proposal__proposer", "proposal__decider"
    )
    return rows.defer("version__manifest", "proposal__document").order_by("-at", "pk")


def teams_read_by(caller: Caller, slug: str = "") -> list[UUID]:
    """The teams whose evidence the caller reads, or the one of them that is named."""
    teams = Team.objects.filter(pk__in=caller.teams_with(*READERS))
    if slug:
        teams = teams.filter(slug=slug)
    return list(teams.values_list("pk", flat=True))
