"""Bundles and packs that were asked for."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from compliance.retention import models as retention  # noqa: F401 - Django looks for tables here
from registry.models import Blob, ModelVersion, RegisteredModel


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


def _about(kind: str, *given: str) -> models.Q:
    """A pack of the kind, for which exactly these columns are filled."""
    columns = ("version", "model", "since", "until")
    empty = {f"{name}__isnull": name not in given for name in columns}
    teams = models.Q(teams__len__gt=0) if "teams" in given else models.Q(teams__len=0)
    return models.Q(kind=kind, **empty) & teams


_WHOLE = (
    _about("version", "version")
    | _about("model", "model")
    | _about("register", "teams")
    | _about("period", "model", "since", "until")
    | _about("period", "teams", "since", "until")
)


class Pack(models.Model):
    """A document for an examiner: by which template, about what, who asked for it.

    About a version, a model, a period or the register; the last two about the models of `teams`,
    by slug, unless a period is about one `model`. `since` is included, `until` is not.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8)
    version = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="packs"
    )
    model = models.ForeignKey(
        RegisteredModel, null=True, on_delete=models.PROTECT, related_name="packs"
    )
    teams = ArrayField(models.SlugField(max_length=64), default=list)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    template = models.CharField(max_length=64)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    job_id = models.UUIDField(unique=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="pack_newest")]
        constraints = [
            models.CheckConstraint(condition=_WHOLE, name="pack_is_about_one_thing"),
            models.CheckConstraint(
                condition=models.Q(until=None) | models.Q(until__gt=models.F("since")),
                name="pack_ends_after_it_begins",
            ),
        ]


class PackFile(models.Model):
    """A pack in one form; once made it stays."""

    pack = models.ForeignKey(Pack, on_delete=models.PROTECT, related_name="files")
    form = models.CharField(max_length=8)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pack", "form"], name="one_file_of_a_form"),
        ]
