"""Requests to make versions: by training, or by compressing another version."""

import uuid

from django.conf import settings
from django.db import models

from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel


class TrainingRun(models.Model):
    """One training of a recipe on a snapshot; its result is a version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="trainings")
    recipe = models.CharField(max_length=32)
    params = models.JSONField()
    dataset = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="+")
    validation = models.ForeignKey(
        DatasetSnapshot, null=True, on_delete=models.PROTECT, related_name="+"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    job_id = models.UUIDField(null=True)
    version = models.OneToOneField(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="training"
    )
    history = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["model", "-created_at"], name="training_model")]


class CompressionMethod(models.TextChoices):
    """How a version is made smaller."""

    INT8_DYNAMIC = "int8-dynamic", "int8 dynamic"
    INT8_STATIC = "int8-static", "int8 static"
    PRUNE = "prune", "structured pruning"


class CompressionRun(models.Model):
    """One compression of a parent version; its result is a derived version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    parent = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="compressions")
    method = models.CharField(max_length=16, choices=CompressionMethod.choices)
    params = models.JSONField()
    calibration = models.ForeignKey(
        DatasetSnapshot, null=True, on_delete=models.PROTECT, related_name="+"
    )
    holdout = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    job_id = models.UUIDField(null=True)
    version = models.OneToOneField(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="compression"
    )

    class Meta:
        indexes = [models.Index(fields=["parent", "-created_at"], name="compression_parent")]
