"""Bundles that were asked for."""

import uuid

from django.conf import settings
from django.db import models

from registry.models import Blob


class Export(models.Model):
    """One bundle: what it covers, who asked, and where its bytes are."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.JSONField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    job_id = models.UUIDField(null=True)
    blob = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    manifest_digest = models.CharField(max_length=64, blank=True)
    events = models.BigIntegerField(null=True)
