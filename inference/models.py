"""What was answered, and what makes the serving processes look again."""

import uuid

from django.db import models


class ServingState(models.Model):
    """One row; triggers raise `generation` whenever anything that serving follows changes."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    generation = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_serving_state")]


class PredictionBatch(models.Model):
    """Prediction records shipped together, of one team's models; their digest is in the log.

    A segment is shipped as a batch for each team. Batches from before that may hold several teams'.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    count = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    digest = models.CharField(max_length=64, unique=True)
    segment = models.CharField(max_length=128)
    shipped_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["segment"], name="batch_segment")]


class Prediction(models.Model):
    """The complete record of one answered request; `record` holds its canonical bytes.

    It was answered under an approval, or else under an emergency grant.
    """

    id = models.UUIDField(primary_key=True)
    batch = models.ForeignKey(PredictionBatch, on_delete=models.PROTECT, related_name="records")
    position = models.PositiveIntegerField()
    at = models.DateTimeField()
    model_id = models.UUIDField()
    number = models.PositiveIntegerField()
    version_digest = models.CharField(max_length=64)
    approval_id = models.UUIDField(null=True)
    emergency_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    rows = models.PositiveIntegerField()
    record = models.BinaryField()

    class Meta:
        indexes = [
            models.Index(fields=["model_id", "-at"], name="prediction_model"),
            models.Index(fields=["approval_id", "-at"], name="prediction_approval"),
            models.Index(fields=["at"], name="prediction_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(approval_id__isnull=True, emergency_id__isnull=False)
                | models.Q(approval_id__isnull=False, emergency_id__isnull=True),
                name="prediction_under_one_thing",
            )
        ]


class LoadRefusal(models.Model):
    """Why a process refused to load an approved version; the newest one shows on the page."""

    version_id = models.UUIDField()
    approval_id = models.UUIDField()
    reason = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["version_id", "-at"], name="refusal_version")]
