"""Bundles and packs that were asked for."""

import uuid

from django.conf import settings
from django.db import models

from compliance.retention import models as retention  # noqa: F401 - Django looks for tables here
from registry.models import Blob, ModelVersion


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


class Pack(models.Model):
    """A document for an examiner about one version: by which template, who asked for it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="packs")
    template = models.CharField(max_length=64)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    job_id = models.UUIDField(unique=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="pack_newest")]


class PackFile(models.Model):
    """A pack in one form; once made it stays."""

    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="files")
    form = models.CharField(max_length=8)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pack", "form"], name="one_file_of_a_form"),
        ]
