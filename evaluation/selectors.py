"""Reads of plans, of evaluation and explanation runs, and of what a snapshot was used for."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, QuerySet

from common.errors import NotFound
from evaluation.models import EvaluationPlan, EvaluationRun, ExplanationRun
from registry.models import DatasetSnapshot, ModelVersion


def evaluations_of(version: ModelVersion) -> QuerySet[EvaluationRun]:
    """Measurements of a version, newest first."""
    return (
        EvaluationRun.objects.filter(version=version)
        .select_related("champion", "dataset", "report", "golden", "requested_by__person")
        .defer("report__body", "golden__body", "champion__manifest")
        .order_by("-created_at", "pk")
    )


def explanations_of(version: ModelVersion) -> QuerySet[ExplanationRun]:
    """Explanations of a version, newest first."""
    return (
        ExplanationRun.objects.filter(version=version)
        .select_related("dataset", "report", "requested_by__person")
        .defer("report__body")
        .order_by("-created_at", "pk")
    )


def run_of(version: ModelVersion, digest: str) -> EvaluationRun | None:
    """The measurement of a version that gave the report with this SHA-256 (hex)."""
    return runs_that_gave([version.pk], [digest]).first()


def runs_that_gave(versions: Sequence[UUID], digests: Sequence[str]) -> QuerySet[EvaluationRun]:
    """Measurements of the versions that gave reports with these SHA-256 (hex), oldest first."""
    return (
        EvaluationRun.objects.filter(version__in=versions, report__kind="evaluation")
        .filter(report__digest__in=digests)
        .select_related("version", "dataset", "report")
        .defer("report__body")
        .order_by("created_at")
    )


def plans_of(version: ModelVersion) -> QuerySet[EvaluationPlan]:
    """Plans of a version with their documents, the last first."""
    return plans_of_all([version.pk])


def plans_of_all(versions: Sequence[UUID]) -> QuerySet[EvaluationPlan]:
    """The same of several versions."""
    return (
        EvaluationPlan.objects.filter(version__in=versions)
        .select_related("document", "dataset", "supersedes__document", "sealed_by__person")
        .order_by("-sealed_at", "pk")
    )


def plan_by_id(version: ModelVersion, plan_id: UUID) -> EvaluationPlan:
    """A plan of the version. Raises NotFound."""
    plan = plans_of(version).filter(pk=plan_id).first()
    if plan is None:
        raise NotFound("There is no such plan of this version.")
    return plan


def newest_plan(version: ModelVersion) -> EvaluationPlan | None:
    """The plan that no other supersedes."""
    return plans_of(version).filter(superseded_by=None).first()


def document_of(plan: EvaluationPlan) -> dict[str, Any]:
    """What was sealed, parsed."""
    parsed: dict[str, Any] = json.loads(bytes(plan.document.body))
    return parsed


@dataclass(frozen=True)
class Uses:
    """How often rows were measured on for a model: evaluation runs, and versions of the model."""

    runs: int
    versions: int


def uses_for(model_id: UUID, digest: str) -> Uses:
    """Of the rows with this SHA-256 (hex), under whatever name; runs without a result count too."""
    found = EvaluationRun.objects.filter(version__model=model_id, dataset__blob=digest).aggregate(
        runs=Count("pk"), versions=Count("version", distinct=True)
    )
    return Uses(**found)


def uses_by_model(dataset: DatasetSnapshot) -> QuerySet[Any, Any]:
    """{"model", "runs", "versions", "last_at"} of the snapshot's rows, the most used first."""
    return (
        EvaluationRun.objects.filter(
            dataset__blob=dataset.blob_id, version__model__team=dataset.team_id
        )
        .values(model=F("version__model__name"))
        .annotate(
            runs=Count("pk"),
            versions=Count("version", distinct=True),
            last_at=Max("created_at"),
        )
        .order_by("-runs", "model")
    )
