"""What exists: models, versions, their bytes, evidence, cards, datasets and aliases."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Proposal, Team


class RiskTier(models.TextChoices):
    """How much harm a wrong answer does; selects the approval policy."""

    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")


class Origin(models.TextChoices):
    """Where a model comes from."""

    IN_HOUSE = "in-house", _("In-house")
    OPEN_SOURCE = "open-source", _("Open-source")
    COMMERCIAL = "commercial", _("Commercial")


class Status(models.TextChoices):
    """What people see of a version. A projection of records; nothing authorises from it."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    QUORUM = "quorum", _("Quorum reached")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    REVOKED = "revoked", _("Revoked")
    EXPIRED = "expired", _("Expired")
    RETIRED = "retired", _("Retired")
    QUARANTINED = "quarantined", _("Quarantined")


class RegisteredModel(models.Model):
    """The named line of versions for one purpose."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(max_length=100, unique=True)
    purpose = models.TextField(max_length=4000)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="models")
    risk_tier = models.CharField(max_length=8, choices=RiskTier.choices)
    licence = models.CharField(max_length=100)
    origin = models.CharField(max_length=16, choices=Origin.choices)
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [GinIndex(fields=["tags"], name="model_tags")]

    def __str__(self) -> str:
        return self.name


class Hosting(models.TextChoices):
    """Whether a model can be served by this instance at all."""

    SERVED = "served", _("Served here")
    INVENTORY = "inventory", _("Inventory only")


class Life(models.TextChoices):
    """Where a model stands between its first draft and its end, as its owner declares it."""

    IN_DEVELOPMENT = "in_development", _("In development")
    IN_USE = "in_use", _("In use")
    RETIRED = "retired", _("Retired")


class RegisterEntry(models.Model):
    """What the register says of a model since this revision; the newest one holds."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="entries")
    revision = models.PositiveIntegerField()
    hosting = models.CharField(max_length=16, choices=Hosting.choices)
    place = models.CharField(max_length=200, blank=True)
    technology = models.CharField(max_length=200, blank=True)
    life = models.CharField(max_length=16, choices=Life.choices)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    validator = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    validated_on = models.DateField(null=True, blank=True)
    revalidate_on = models.DateField(null=True, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "revision"], name="entry_revision_once"),
            models.CheckConstraint(
                condition=models.Q(hosting__in=Hosting.values) & models.Q(life__in=Life.values),
                name="entry_words_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(hosting="inventory")
                | ~models.Q(place="") & ~models.Q(technology=""),
                name="entry_says_where",
            ),
            models.CheckConstraint(
                condition=~models.Q(life="in_use") | models.Q(revalidate_on__isnull=False),
                name="entry_in_use_has_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(validator__isnull=True) | ~models.Q(validator=models.F("owner")),
                name="entry_owner_does_not_validate",
            ),
        ]


class Blob(models.Model):
    """Bytes in the blob store, named by their SHA-256."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    size = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)


class Tombstone(models.Model):
    """What is left of bytes that two persons had deleted: digest and size stay, in the blob's row.

    They were a file of a version, or the rows of a snapshot. Only added; the trigger wants their
    confirmed proposal, and that nothing else keeps the bytes.
    """

    blob = models.OneToOneField(
        Blob, on_delete=models.PROTECT, related_name="tombstone", primary_key=True
    )
    version = models.ForeignKey(
        "registry.ModelVersion", null=True, on_delete=models.PROTECT, related_name="tombstones"
    )
    dataset = models.ForeignKey(
        "registry.DatasetSnapshot", null=True, on_delete=models.PROTECT, related_name="tombstones"
    )
    what = models.CharField(max_length=16)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(version__isnull=False, dataset=None)
                | models.Q(version=None, dataset__isnull=False, what="snapshot"),
                name="tombstone_of_one_thing",
            ),
        ]


class DatasetSnapshot(models.Model):
    """An immutable table of rows or images, by digest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(max_length=100)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="datasets")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    format = models.CharField(max_length=8)
    split = models.CharField(max_length=16)
    target = models.CharField(max_length=200)
    schema = models.JSONField()
    rows = models.BigIntegerField()
    origin = models.CharField(max_length=500)
    licence = models.CharField(max_length=100)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name", "split", "blob"], name="snapshot_once"),
        ]


class ModelVersion(models.Model):
    """One immutable set of artifacts with its manifest; everything but the status is frozen."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    manifest = models.BinaryField()
    signature = models.JSONField(null=True)
    lineage = models.JSONField(default=dict)
    kind = models.CharField(max_length=16)
    servable = models.BooleanField()
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.DRAFT)
    status_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="number_once"),
            models.UniqueConstraint(fields=["digest"], name="digest_once"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="number_positive"),
            models.CheckConstraint(
                condition=models.Q(status__in=Status.values), name="status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} v{self.number}"


class Artifact(models.Model):
    """One file of a version, by role and digest."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="artifacts")
    role = models.CharField(max_length=16)
    name = models.CharField(max_length=128)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    size = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "role", "name"], name="artifact_once"),
        ]


class Evidence(models.Model):
    """A report about a version: canonical JSON, by digest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=16)
    digest = models.CharField(max_length=64)
    body = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["version", "kind", "-created_at"], name="evidence_latest")]
        constraints = [
            models.UniqueConstraint(fields=["version", "kind", "digest"], name="evidence_once"),
        ]


class VersionContributor(models.Model):
    """A person who had a hand in a version and can therefore not sign for it."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="contributors")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=32)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "person", "reason"], name="contribution_once"
            ),
        ]


class CardRevision(models.Model):
    """A revision of a version's model card."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="cards")
    revision = models.PositiveIntegerField()
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    body = models.BinaryField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "revision"], name="card_revision_once"),
        ]


class Alias(models.Model):
    """A movable name that points at one version of a model."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="aliases")
    name = models.SlugField(max_length=64)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="aliases")
    moved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "name"], name="one_holder_per_alias"),
            models.CheckConstraint(condition=~models.Q(name="latest"), name="latest_is_computed"),
        ]


class AliasMove(models.Model):
    """A move of an alias; the history that is never rewritten."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="+")
    alias = models.CharField(max_length=64)
    from_version = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    to_version = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approval_id = models.UUIDField(null=True)
    reason = models.TextField(max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["model", "alias", "-at"], name="alias_history")]


class Upload(models.Model):
    """A file on its way in, resumable by offset."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads"
    )
    name = models.CharField(max_length=128)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    job_id = models.UUIDField(null=True)


class VersionRequest(models.Model):
    """A version that somebody asked for, from these uploads; a job looks at them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="requests")
    pieces = models.JSONField()
    signature = models.JSONField(null=True)
    declared = models.JSONField(null=True)
    note = models.CharField(max_length=1000, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    job_id = models.UUIDField(unique=True)
    version = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")

    @property
    def team_id(self) -> uuid.UUID:
        """The team that will own it."""
        return self.model.team_id


class DatasetRequest(models.Model):
    """A snapshot that somebody asked for, from this upload; a job reads its rows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    upload = models.UUIDField()
    name = models.SlugField(max_length=100)
    format = models.CharField(max_length=8)
    split = models.CharField(max_length=16)
    target = models.CharField(max_length=200)
    origin = models.CharField(max_length=500)
    licence = models.CharField(max_length=100)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    job_id = models.UUIDField(unique=True)
    dataset = models.ForeignKey(
        DatasetSnapshot, null=True, on_delete=models.PROTECT, related_name="+"
    )
