"""The shapes of the registry's REST API."""

from typing import Any

from rest_framework import serializers

from common.api import Input
from registry.manifests import ROLES
from registry.models import (
    AliasMove,
    CardRevision,
    DatasetRequest,
    DatasetSnapshot,
    Evidence,
    ModelVersion,
    Origin,
    RegisteredModel,
    RiskTier,
    VersionRequest,
)
from registry.tables.schema import FORMATS, SPLITS


class DigestField(serializers.CharField):
    """A stored hex digest, written `sha256:<hex>`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return f"sha256:{value}"


class ModelIn(Input):
    """A new registered model."""

    name = serializers.SlugField(max_length=100)
    team = serializers.SlugField(max_length=64, help_text="Slug of the owner team.")
    purpose = serializers.CharField(max_length=4000)
    risk_tier = serializers.ChoiceField(RiskTier.choices)
    licence = serializers.CharField(max_length=100)
    origin = serializers.ChoiceField(Origin.choices)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=50), max_length=20, required=False, default=list
    )


class ModelChange(Input):
    """What of a model may change."""

    purpose = serializers.CharField(max_length=4000, required=False)
    licence = serializers.CharField(max_length=100, required=False)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=50), max_length=20, required=False
    )


class ModelOut(serializers.ModelSerializer[RegisteredModel]):
    """A registered model."""

    team = serializers.CharField(source="team.slug")
    aliases = serializers.SerializerMethodField()
    versions = serializers.IntegerField(source="version_count", default=0)
    latest = serializers.IntegerField(source="latest_number", allow_null=True, default=None)

    class Meta:
        model = RegisteredModel
        fields = [
            "id",
            "name",
            "team",
            "purpose",
            "risk_tier",
            "licence",
            "origin",
            "tags",
            "aliases",
            "versions",
            "latest",
            "created_at",
        ]

    def get_aliases(self, model: RegisteredModel) -> dict[str, int]:
        """Alias -> version number."""
        return {alias.name: alias.version.number for alias in model.aliases.all()}


class PieceIn(Input):
    """A finished upload and its part in the version."""

    upload = serializers.UUIDField()
    role = serializers.ChoiceField(ROLES)


class DeclaredIn(Input):
    """What a version is that this instance never runs."""

    vendor = serializers.CharField(max_length=200, help_text="Whoever made it.")
    product = serializers.CharField(max_length=200)
    release = serializers.CharField(max_length=200, help_text="Its own version or date.")


class VersionIn(Input):
    """A new version from uploads."""

    artifacts = serializers.ListField(child=PieceIn(), max_length=16)
    declared = DeclaredIn(
        required=False,
        allow_null=True,
        default=None,
        help_text="Of a model that is inventory only; then there may be no file.",
    )
    signature = serializers.JSONField(
        required=False, allow_null=True, help_text="Derived from the graph where it is left out."
    )
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class VersionRequestOut(serializers.ModelSerializer[VersionRequest]):
    """A version that was asked for: its job, and its number once that has succeeded."""

    model = serializers.CharField(source="model.name")
    artifacts = PieceIn(source="pieces", many=True)
    signature = serializers.JSONField(allow_null=True)
    declared = DeclaredIn(allow_null=True)
    version = serializers.IntegerField(source="version.number", allow_null=True, default=None)

    class Meta:
        model = VersionRequest
        fields = [
            "id",
            "model",
            "artifacts",
            "signature",
            "declared",
            "note",
            "job_id",
            "version",
            "created_at",
        ]


class ArtifactOut(serializers.Serializer[Any]):
    """One file of a version."""

    role = serializers.CharField()
    name = serializers.CharField()
    sha256 = DigestField(source="blob_id")
    size = serializers.IntegerField()


class VersionOut(serializers.ModelSerializer[ModelVersion]):
    """A model version."""

    model = serializers.CharField(source="model.name")
    digest = DigestField()
    parent: Any = serializers.SerializerMethodField()
    created_by = serializers.CharField(source="created_by.username")
    aliases: Any = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)
    signature = serializers.JSONField(allow_null=True)
    lineage = serializers.JSONField()

    class Meta:
        model = ModelVersion
        fields = [
            "id",
            "model",
            "number",
            "digest",
            "kind",
            "status",
            "status_reason",
            "servable",
            "parent",
            "aliases",
            "signature",
            "lineage",
            "created_by",
            "created_at",
        ]

    def get_parent(self, version: ModelVersion) -> int | None:
        """Number of the version that this one was derived from."""
        return version.parent.number if version.parent else None


class VersionDetailOut(VersionOut):
    """A model version with its files."""

    artifacts = ArtifactOut(many=True)

    class Meta(VersionOut.Meta):
        fields = [*VersionOut.Meta.fields, "artifacts"]


class CardIn(Input):
    """A new revision of the card; fields that are left out are empty."""

    content = serializers.DictField(child=serializers.CharField(allow_blank=True))


class CardOut(serializers.ModelSerializer[CardRevision]):
    """A revision of a model card."""

    digest = DigestField()
    author = serializers.CharField(source="author.username")
    content = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = CardRevision
        fields = ["revision", "digest", "author", "created_at", "content"]


class EvidenceOut(serializers.ModelSerializer[Evidence]):
    """A report about a version; its bytes are at `evidence/{digest}`."""

    digest = DigestField()

    class Meta:
        model = Evidence
        fields = ["id", "kind", "digest", "created_at"]


class DatasetIn(Input):
    """A new snapshot from a finished upload."""

    upload = serializers.UUIDField()
    team = serializers.SlugField(max_length=64)
    name = serializers.SlugField(max_length=100)
    format = serializers.ChoiceField(FORMATS)
    split = serializers.ChoiceField(SPLITS)
    target = serializers.CharField(max_length=200, help_text="Column of the labels; y for NPZ.")
    origin = serializers.CharField(max_length=500)
    licence = serializers.CharField(max_length=100)


class DatasetRequestOut(serializers.ModelSerializer[DatasetRequest]):
    """A snapshot that was asked for: its job, and its id once that has succeeded."""

    team = serializers.CharField(source="team.slug")

    class Meta:
        model = DatasetRequest
        fields = [
            "id",
            "team",
            "upload",
            "name",
            "format",
            "split",
            "target",
            "origin",
            "licence",
            "job_id",
            "dataset",
            "created_at",
        ]


class DatasetOut(serializers.ModelSerializer[DatasetSnapshot]):
    """A dataset snapshot."""

    team = serializers.CharField(source="team.slug")
    digest = DigestField(source="blob_id")
    size = serializers.IntegerField(source="blob.size")
    created_by = serializers.CharField(source="created_by.username")
    schema = serializers.JSONField()
    deleted_at = serializers.DateTimeField(
        source="blob.tombstone.at",
        allow_null=True,
        default=None,
        help_text="When two persons had the rows deleted; null while they are there.",
    )

    class Meta:
        model = DatasetSnapshot
        fields = [
            "id",
            "name",
            "team",
            "split",
            "format",
            "digest",
            "size",
            "rows",
            "target",
            "schema",
            "origin",
            "licence",
            "created_by",
            "created_at",
            "deleted_at",
        ]


class AliasMoveOut(serializers.ModelSerializer[AliasMove]):
    """A move of an alias."""

    from_version = serializers.SerializerMethodField()
    to_version = serializers.SerializerMethodField()
    by = serializers.CharField(source="by.username")

    class Meta:
        model = AliasMove
        fields = ["alias", "from_version", "to_version", "approval_id", "reason", "by", "at"]

    def get_from_version(self, move: AliasMove) -> int | None:
        """Number of the former holder."""
        return move.from_version.number if move.from_version else None

    def get_to_version(self, move: AliasMove) -> int | None:
        """Number of the new holder."""
        return move.to_version.number if move.to_version else None
