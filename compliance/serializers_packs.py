"""The shapes of the API of packs."""

from typing import Any

from rest_framework import serializers

from common.api import Input
from compliance.models import Pack, PackFile
from compliance.packs.templates import Template
from registry.serializers import DigestField


class PackIn(Input):
    """A pack to be made; without a number it is about the champion."""

    template = serializers.SlugField(max_length=64, help_text="A name of pack-templates.")
    model = serializers.SlugField(max_length=100)
    number = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**31 - 1
    )


class PackFileOut(serializers.ModelSerializer[PackFile]):
    """A pack in one form, at `files/{form}`."""

    sha256 = DigestField(source="blob_id")
    size = serializers.IntegerField(source="blob.size")

    class Meta:
        model = PackFile
        fields = ["form", "sha256", "size"]


class PackOut(serializers.ModelSerializer[Pack]):
    """A pack and how its job stands; `files` is empty until it is made."""

    model = serializers.CharField(source="version.model.name")
    number = serializers.IntegerField(source="version.number")
    version_digest = DigestField(source="version.digest")
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
            "model",
            "number",
            "version_digest",
            "requested_by",
            "created_at",
            "job",
            "status",
            "progress",
            "failure",
            "files",
        ]


class PackTemplateOut(serializers.Serializer[Any]):
    """A template; `was_reread` says whether its text was compared with the source."""

    name = serializers.CharField()
    title = serializers.CharField()
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
