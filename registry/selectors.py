"""Reads of models, versions, datasets and evidence, as far as the caller may see them."""

from collections.abc import Collection
from typing import TypeVar
from uuid import UUID

from django.db.models import Count, Max, Prefetch, Q, QuerySet

from accounts.callers import Caller
from common.errors import NotFound
from registry import policies
from registry.models import (
    Alias,
    AliasMove,
    CardRevision,
    DatasetRequest,
    DatasetSnapshot,
    Evidence,
    ModelVersion,
    RegisteredModel,
    Tombstone,
    VersionRequest,
)

Asked = TypeVar("Asked", VersionRequest, DatasetRequest)


def models_of(caller: Caller) -> QuerySet[RegisteredModel]:
    """Models of the caller's teams, with what a list shows of them."""
    return (
        RegisteredModel.objects.filter(team_id__in=caller.teams)
        .select_related("team")
        .prefetch_related(
            Prefetch("aliases", Alias.objects.select_related("version").order_by("name"))
        )
        .annotate(version_count=Count("versions"), latest_number=Max("versions__number"))
        .order_by("name")
    )


def names_in(teams: Collection[UUID] | None, most: int) -> list[str]:
    """Names of the models of these teams, or of all where it is None, to be suggested."""
    rows = RegisteredModel.objects.all()
    if teams is not None:
        rows = rows.filter(team_id__in=teams)
    return list(rows.order_by("name").values_list("name", flat=True)[:most])


def model_named(caller: Caller, name: str) -> RegisteredModel:
    """A model by its name. Raises NotFound where it does not exist or is not the caller's."""
    model = models_of(caller).filter(name=name).first()
    if model is None or not policies.may_read(caller, model.team_id):
        raise NotFound(f"There is no model named {name!r} that you may see.")
    return model


def versions_of(model: RegisteredModel) -> QuerySet[ModelVersion]:
    """The versions of a model, newest first."""
    return (
        ModelVersion.objects.filter(model=model)
        .select_related("created_by__person", "parent", "model__team")
        .prefetch_related("aliases")
        .defer("manifest")
        .order_by("-number")
    )


def version_numbered(caller: Caller, name: str, number: int) -> ModelVersion:
    """A version by model name and number. Raises NotFound."""
    model = model_named(caller, name)
    version = (
        ModelVersion.objects.filter(model=model, number=number)
        .select_related("model__team", "created_by__person", "parent__model")
        .prefetch_related("artifacts", "aliases")
        .first()
    )
    if version is None:
        raise NotFound(f"{name} has no version {number}.")
    return version


def version_by_id(version_id: UUID) -> ModelVersion:
    """A version with its model, for services and jobs. Raises NotFound."""
    version = (
        ModelVersion.objects.filter(pk=version_id)
        .select_related("model__team", "parent", "created_by")
        .prefetch_related("artifacts")
        .first()
    )
    if version is None:
        raise NotFound("There is no such version.")
    return version


def version_asked_for(caller: Caller, model: RegisteredModel, job: str) -> VersionRequest | None:
    """What the caller asked for with this job, to be asked for again."""
    return _asked(VersionRequest.objects.filter(model=model), caller, job)


def dataset_asked_for(caller: Caller, job: str) -> DatasetRequest | None:
    """What the caller asked for with this job, to be asked for again."""
    return _asked(DatasetRequest.objects.select_related("team"), caller, job)


def _asked(rows: QuerySet[Asked], caller: Caller, job: str) -> Asked | None:
    try:
        return rows.filter(requested_by=caller.user, job_id=UUID(job)).first()
    except ValueError:
        return None


def datasets_of(caller: Caller) -> QuerySet[DatasetSnapshot]:
    """Dataset snapshots of the teams in which the caller may read evidence."""
    return (
        DatasetSnapshot.objects.filter(team_id__in=caller.teams_with(*policies.READERS))
        .select_related("team", "created_by__person", "blob__tombstone")
        .order_by("-created_at", "pk")
    )


def snapshots_in(teams: Collection[UUID], most: int) -> list[tuple[str, str]]:
    """Number and name of the newest snapshots of these teams, to be suggested."""
    rows = DatasetSnapshot.objects.filter(team_id__in=teams).order_by("-created_at", "pk")
    found = rows.values_list("pk", "name", "split")[:most]
    return [(str(key), f"{name} ({split})") for key, name, split in found]


def tombstone_of(digest: str) -> Tombstone | None:
    """What is left of the bytes of `sha256:<hex>`, if they were deleted."""
    return Tombstone.objects.filter(blob=digest.removeprefix("sha256:")).first()


def with_rows(rows: QuerySet[DatasetSnapshot]) -> QuerySet[DatasetSnapshot]:
    """Those of which the rows were not deleted."""
    return rows.filter(blob__tombstone=None)


def dataset_by_id(caller: Caller, dataset_id: UUID) -> DatasetSnapshot:
    """A snapshot that the caller may see. Raises NotFound."""
    dataset = datasets_of(caller).filter(pk=dataset_id).first()
    if dataset is None:
        raise NotFound("There is no such dataset snapshot that you may see.")
    return dataset


def latest_evidence(version: ModelVersion, kind: str) -> Evidence | None:
    """The newest report of a kind."""
    return Evidence.objects.filter(version=version, kind=kind).order_by("-created_at").first()


def latest_card(version: ModelVersion) -> CardRevision | None:
    """The newest revision of the version's card."""
    return CardRevision.objects.filter(version=version).order_by("-revision").first()


def contributor_ids(version: ModelVersion) -> list[UUID]:
    """Persons who had a hand in the version, each once, in a fixed order."""
    ids = version.contributors.values_list("person_id", flat=True).distinct()
    return sorted(ids)


def alias_history(model: RegisteredModel) -> QuerySet[AliasMove]:
    """Moves of the model's aliases, newest first."""
    return (
        AliasMove.objects.filter(model=model)
        .select_related("from_version", "to_version", "by__person")
        .order_by("-at")
    )


def champion_of(model: RegisteredModel) -> ModelVersion | None:
    """The version that holds the alias `champion`."""
    alias = Alias.objects.filter(model=model, name="champion").select_related("version").first()
    return alias.version if alias else None


def matching(models: QuerySet[RegisteredModel], text: str) -> QuerySet[RegisteredModel]:
    """Models whose name or purpose holds the text."""
    return models.filter(Q(name__icontains=text) | Q(purpose__icontains=text))


def version_by_digest(model: RegisteredModel, digest: str) -> ModelVersion | None:
    """The model's version of this digest, `sha256:<hex>` or bare hex."""
    return ModelVersion.objects.filter(model=model, digest=digest.removeprefix("sha256:")).first()


def fitting(
    datasets: QuerySet[DatasetSnapshot], version: ModelVersion
) -> QuerySet[DatasetSnapshot]:
    """Snapshots whose rows have the shape that the version's one input takes."""
    inputs = (version.signature or {}).get("inputs", [])
    if len(inputs) != 1:
        return datasets
    row: list[int] = inputs[0]["shape"][1:]
    shape = {f"schema__shape__{place}": width for place, width in enumerate(row, start=1)}
    return datasets.filter(**shape, **{f"schema__shape__{len(row) + 1}__isnull": True})
