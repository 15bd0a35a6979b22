"""The tables of holds and rules. Rows are only added; the triggers refuse every change."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Proposal
from inference.models import PredictionBatch
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel, RiskTier


class Held(models.TextChoices):
    """What a hold is on."""

    MODEL = "model", _("A model with all of its versions and predictions")
    VERSION = "version", _("One version")
    DATASET = "dataset", _("A dataset snapshot")
    PREDICTIONS = "predictions", _("A model's predictions in a period")


class LegalHold(models.Model):
    """Nothing of what a hold is on can be deleted until another person has lifted it.

    `record` is what the log names by digest. `until` empty is a period without an end.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=Held.choices)
    model = models.ForeignKey(
        RegisteredModel, null=True, on_delete=models.PROTECT, related_name="holds"
    )
    version = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="holds"
    )
    dataset = models.ForeignKey(
        DatasetSnapshot, null=True, on_delete=models.PROTECT, related_name="holds"
    )
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    reference = models.CharField(max_length=200)
    reason = models.TextField(max_length=4000)
    record = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-at", "id"], name="hold_newest")]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(kind="model", model__isnull=False, version=None, dataset=None, since=None)
                    | Q(kind="version", model__isnull=False, version__isnull=False)
                    & Q(dataset=None, since=None)
                    | Q(kind="dataset", model=None, version=None, dataset__isnull=False, since=None)
                    | Q(kind="predictions", model__isnull=False, version=None, dataset=None)
                    & Q(since__isnull=False)
                ),
                name="hold_on_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(kind="predictions", until__gt=models.F("since")),
                name="hold_period_in_order",
            ),
        ]


class HoldLift(models.Model):
    """The end of a hold, by another person than the one who placed it; the trigger says so too."""

    hold = models.OneToOneField(
        LegalHold, on_delete=models.PROTECT, related_name="lift", primary_key=True
    )
    reason = models.TextField(max_length=4000)
    record = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class Kept(models.TextChoices):
    """What a rule of retention is about."""

    UNAPPROVED = "unapproved", _("Files of versions that were never approved")
    APPROVED = "approved", _("Files of versions that were approved once")
    PREDICTIONS = "predictions", _("Inputs and outputs of prediction records")
    DATASETS = "datasets", _("Rows of dataset snapshots")


class RetentionRule(models.Model):
    """For how many days at least something of a risk tier is kept; the newest revision holds.

    Without days, or without a rule, it is kept for ever.
    """

    tier = models.CharField(max_length=8, choices=RiskTier.choices)
    kind = models.CharField(max_length=16, choices=Kept.choices)
    revision = models.PositiveIntegerField()
    days = models.PositiveIntegerField(null=True)
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tier", "kind", "revision"], name="rule_revision_once"),
        ]


class EmptiedBatch(models.Model):
    """What two persons had deleted of a batch of prediction records: inputs and outputs.

    `digest` is of the records as they are since; the batch keeps the one that was sealed.
    """

    batch = models.OneToOneField(
        PredictionBatch, on_delete=models.PROTECT, related_name="emptied", primary_key=True
    )
    digest = models.CharField(max_length=64)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
