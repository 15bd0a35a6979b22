"""The shapes of validation reports in the API."""

from typing import Any

from rest_framework import serializers

from common.api import Input
from governance.validating.models import ValidationReport
from governance.validating.selectors import said_in
from governance.validating.services import LONGEST_SECTION
from governance.validating.template import template
from registry.serializers import DigestField


class DraftIn(Input):
    """A draft: Markdown by the name of the section, and the overall rating."""

    sections = serializers.DictField(
        child=serializers.CharField(
            max_length=LONGEST_SECTION, allow_blank=True, trim_whitespace=False
        ),
        help_text=f"By name: {', '.join(part.name for part in template().sections)}.",
    )
    rating = serializers.ChoiceField(
        [(part.name, part.title) for part in template().ratings],
        required=False,
        allow_blank=True,
        default="",
    )


class DraftOut(serializers.ModelSerializer[ValidationReport]):
    """What one has saved; the ETag names its revision."""

    class Meta:
        model = ValidationReport
        fields = ["id", "sections", "rating", "revision", "at"]


class ValidationOut(serializers.ModelSerializer[ValidationReport]):
    """A finished report; its document has the digest by which statements name it."""

    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    person = serializers.UUIDField(source="person_id")
    name = serializers.CharField(source="person.name", help_text="Of the validator.")
    digest = DigestField(source="evidence.digest")

    class Meta:
        model = ValidationReport
        fields = [
            "id",
            "model",
            "version",
            "review",
            "number",
            "rating",
            "person",
            "name",
            "digest",
            "at",
        ]


class ValidationDetailOut(ValidationOut):
    """A finished report with what it says."""

    document = serializers.SerializerMethodField()

    class Meta(ValidationOut.Meta):
        fields = [*ValidationOut.Meta.fields, "document"]

    def get_document(self, report: ValidationReport) -> dict[str, Any]:
        """The canonical document, parsed."""
        return said_in(report)
