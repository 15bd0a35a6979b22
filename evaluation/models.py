"""Requests to measure or explain a version; the results are evidence on the version."""

import uuid

from django.conf import settings
from django.db import models

from registry.models import DatasetSnapshot, Evidence, ModelVersion


class EvaluationRun(models.Model):
    """One measurement of a version on a snapshot, beside the champion where there is one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    dataset = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="+")
    champion = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    seed = models.BigIntegerField()
    resamples = models.PositiveIntegerField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    job_id = models.UUIDField(null=True)
    report = models.ForeignKey(Evidence, null=True, on_delete=models.PROTECT, related_name="+")
    golden = models.ForeignKey(Evidence, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["version", "-created_at"], name="evaluation_version")]


class ExplanationRun(models.Model):
    """One SHAP explanation of a version on rows of a snapshot."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="explanations")
    dataset = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="+")
    rows = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    job_id = models.UUIDField(null=True)
    report = models.ForeignKey(Evidence, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["version", "-created_at"], name="explanation_version")]
