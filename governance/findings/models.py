"""The table of other owners and days of findings."""

import uuid

from django.conf import settings
from django.db import models

from accounts.models import Person


class FindingAmendment(models.Model):
    """Another owner of a finding, another day, or both, and what they were before.

    The finding is never changed: the last of these says who is to answer it, and by when. The
    trigger refuses contributors, whoever owns or owned it, and more time than an approval in force
    was signed with.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    finding = models.ForeignKey(
        "governance.Finding", on_delete=models.PROTECT, related_name="amendments"
    )
    position = models.PositiveIntegerField()
    was_owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    was_due_on = models.DateField()
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    text = models.TextField(max_length=4000)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    record = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["finding", "position"], name="finding_amendment_once"),
            models.CheckConstraint(
                condition=~models.Q(owner=models.F("was_owner"))
                | ~models.Q(due_on=models.F("was_due_on")),
                name="finding_amendment_changes",
            ),
        ]
