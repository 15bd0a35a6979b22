"""Reads of training and compression runs."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.callers import Caller
from common.errors import NotFound
from registry.manifests import WEIGHTS
from registry.models import ModelVersion, RegisteredModel
from registry.policies import READERS
from training.models import CompressionRun, TrainingRun


def trainings_of(model: RegisteredModel) -> QuerySet[TrainingRun]:
    """Trainings of a model, newest first."""
    return (
        TrainingRun.objects.filter(model=model)
        .select_related("model", "version", "dataset", "requested_by__person")
        .defer("version__manifest")
        .order_by("-created_at", "pk")
    )


def training_by_id(caller: Caller, run_id: UUID) -> TrainingRun:
    """A training that the caller may see. Raises NotFound."""
    run = (
        TrainingRun.objects.filter(pk=run_id, model__team_id__in=caller.teams_with(*READERS))
        .select_related("model", "version", "dataset", "requested_by__person")
        .first()
    )
    if run is None:
        raise NotFound("There is no such training that you may see.")
    return run


def compressions_of(version: ModelVersion) -> QuerySet[CompressionRun]:
    """Compressions of a version, newest first."""
    return (
        CompressionRun.objects.filter(parent=version)
        .select_related("version", "parent", "requested_by__person")
        .defer("version__manifest", "parent__manifest")
        .order_by("-created_at", "pk")
    )


def has_layout(version: ModelVersion) -> bool:
    """Whether a version can be pruned: it was made here, with weights and layout beside its graph.

    Weights that somebody uploaded say nothing about the graph that they came with.
    """
    roles = {artifact.role for artifact in version.artifacts.all()}
    return version.kind != "uploaded" and WEIGHTS in roles
