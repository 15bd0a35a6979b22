"""The table of validation reports."""

import uuid

from django.conf import settings
from django.db import models

from accounts.models import Person
from registry.models import Evidence, ModelVersion


class ValidationReport(models.Model):
    """What a validator writes about a version: a draft of his own until it is finished.

    Finished it is evidence of the version, and the triggers refuse any change; they refuse
    contributors throughout. `revision` counts what was saved.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="validations")
    review = models.ForeignKey(
        "governance.Review", on_delete=models.PROTECT, related_name="validations"
    )
    number = models.PositiveIntegerField(null=True)
    rating = models.CharField(max_length=32, blank=True)
    sections = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    evidence = models.OneToOneField(
        Evidence, null=True, on_delete=models.PROTECT, related_name="validation"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="validation_number_once"),
            models.UniqueConstraint(
                fields=["review", "person"],
                condition=models.Q(evidence__isnull=True),
                name="one_validation_draft",
            ),
            models.CheckConstraint(
                condition=models.Q(number__isnull=True, evidence__isnull=True)
                | models.Q(number__isnull=False, evidence__isnull=False),
                name="validation_numbered_when_finished",
            ),
        ]
