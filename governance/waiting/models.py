"""Whether a person wants mail, and what the last one told."""

from django.conf import settings
from django.db import models

from accounts.models import Person


class Mailing(models.Model):
    """One row for each person who chose, or was written to. Who has none gets mail."""

    person = models.OneToOneField(
        Person, on_delete=models.PROTECT, related_name="mailing", primary_key=True
    )
    wanted = models.BooleanField(default=True)
    language = models.CharField(max_length=16, choices=settings.LANGUAGES, default="en")
    told = models.JSONField(default=list)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(language__in=[code for code, _name in settings.LANGUAGES]),
                name="mailing_language_known",
            ),
        ]
