"""The shape of attached files in the API."""

from rest_framework import serializers

from governance.attachments.models import Attachment
from registry.serializers import DigestField


class AttachmentOut(serializers.ModelSerializer[Attachment]):
    """A file attached to what was written; `GET /attachments/{id}` gives its bytes."""

    digest = DigestField(source="blob_id")

    class Meta:
        model = Attachment
        fields = ["id", "name", "size", "digest"]


def attachments_in() -> serializers.ListField:
    """The ids of finished uploads that are to be attached."""
    return serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        default=list,
        help_text="Ids of finished uploads of yours.",
    )
