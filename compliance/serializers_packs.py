"""The shapes of the API of packs."""

from typing import Any

from rest_framework import serializers

from common.api import Input
from common.errors import Invalid
from compliance.models import Pack, PackFile
from compliance.packs.templates import Template
from compliance.scopes import read_moment
from registry.serializers import DigestField


class MomentIn(serializers.CharField):
    """A day or a moment in ISO 8601, UTC where no zone is given."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """The moment. Raises ValidationError."""
        try:
            return read_moment(super().to_internal_value(data), "")
        except Invalid as error:
            raise serializers.ValidationError(error.reason) from None


class PackIn(Input):
    """A pack to be made. The template says which parts belong to it: `about` of pack-templates."""

    template = serializers.SlugField(max_length=64, help_text="A name of pack-templates.")
    model = serializers.SlugField(
        max_length=100,
        required=False,
        allow_null=True,
        help_text="Of a pack about a version or a model; about a period, if it is about one model.",
    )
    number = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=2**31 - 1,
        help_text="Of a pack about a version; without it, about the champion.",
    )
    team = serializers.SlugField(
        max_length=64,
        required=False,
        allow_null=True,
        help_text="Of a pack about a period or the register; without it, about all that are yours.",
    )
    since = MomentIn(help_text="Of a pack about a period: included.")
    until = MomentIn(help_text="Of a pack about a period: not included.")


class PackFileOut(serializers.ModelSerializer[PackFile]):
    """A pack in one form, at `files/{form}`."""

    sha256 = DigestField(source="blob_id")
    size = serializers.IntegerField(source="blob.size")

    class Meta:
        model = PackFile
        fields = ["form", "sha256", "size"]


class PackOut(serializers.ModelSerializer[Pack]):
    """A pack and how its job stands; `files` is empty until it is made."""

    model = serializers.SerializerMethodField()
    number = serializers.IntegerField(source="version.number", allow_null=True, default=None)
    version_digest = DigestField(source="version.digest", allow_null=True, default=None)
    teams = serializers.ListField(child=serializers.CharField())
    requested_by = serializers.CharField(source="requested_by.username")
    job = serializers.UUIDField(source="job_id")
    status = serializers.CharField(allow_null=True)
    progress = serializers.DictField(allow_null=True)
    failure = serializers.CharField(allow_null=True)
    files = PackFileOut(many=True)

    class Meta:
        model = Pack
        fields = [
            "id",
            "template",
            "kind",
            "model",
            "number",
            "version_digest",
            "teams",
            "since",
            "until",
            "requested_by",
            "created_at",
            "job",
            "status",
            "progress",
            "failure",
            "files",
        ]

    def get_model(self, pack: Pack) -> str | None:
        """The model's name, where it is about one."""
        model = pack.version.model if pack.version else pack.model
        return model.name if model else None


class PackTemplateOut(serializers.Serializer[Any]):
    """A template. `about` is version, model, period or register; `was_reread` says whether its
    text was compared with the source."""

    name = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    citation = serializers.CharField()
    was_reread = serializers.BooleanField()
    note = serializers.CharField()
    digest = DigestField()
    fields_count = serializers.SerializerMethodField()
    without_source = serializers.SerializerMethodField()

    def get_fields_count(self, template: Template) -> int:
        """How many fields it has."""
        return sum(len(section.fields) for section in template.sections)

    def get_without_source(self, template: Template) -> int:
        """How many of them nothing in the records can fill: they are always missing."""
        return sum(
            not (field.source or field.card)
            for section in template.sections
            for field in section.fields
        )
