"""Reads of evaluation and explanation runs."""

from django.db.models import QuerySet

from evaluation.models import EvaluationRun, ExplanationRun
from registry.models import ModelVersion


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
