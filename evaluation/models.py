"""Plans of evaluations, and requests to measure or explain; the results are evidence."""

import uuid

from django.conf import settings
from django.db import models

from registry.models import DatasetSnapshot, Evidence, ModelVersion


class EvaluationPlan(models.Model):
    """Criteria of a version's evaluation, sealed before its run; the document is its evidence.

    A version's plans are one line: the first supersedes nothing, each other one the one before it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="plans")
    dataset = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="+")
    document = models.OneToOneField(Evidence, on_delete=models.PROTECT, related_name="plan")
    seed = models.BigIntegerField()
    resamples = models.PositiveIntegerField()
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    sealed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version"],
                condition=models.Q(supersedes=None),
                name="one_first_plan",
            ),
        ]


class EvaluationRun(models.Model):
    """One measurement of a version on a snapshot, beside the champion where there is one.

    Under a plan, if that was sealed before: of the same version, rows, seed, resamples, slices.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    dataset = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="+")
    champion = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    plan = models.ForeignKey(
        EvaluationPlan, null=True, on_delete=models.PROTECT, related_name="runs"
    )
    seed = models.BigIntegerField()
    resamples = models.PositiveIntegerField()
    slices = models.JSONField(default=list)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    job_id = models.UUIDField(null=True)
    report = models.ForeignKey(Evidence, null=True, on_delete=models.PROTECT, related_name="+")
    golden = models.ForeignKey(Evidence, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["version", "-created_at"], name="evaluation_version"),
        ]


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
