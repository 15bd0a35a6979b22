"""The shapes of what a reviewer saw, and of what has changed since."""

from typing import Any

from rest_framework import serializers

from governance.models import ReviewLook
from registry.serializers import DigestField


class LookOut(serializers.ModelSerializer[ReviewLook]):
    """A reviewer's first look at a statement."""

    review = serializers.UUIDField(source="review_id")
    statement_digest = DigestField(source="review.statement_digest")
    version = serializers.IntegerField(source="review.version.number")

    class Meta:
        model = ReviewLook
        fields = ["review", "version", "statement_digest", "at"]


class DifferenceOut(serializers.Serializer[Any]):
    """One thing that is not as it was."""

    part = serializers.CharField(
        help_text="version, artifact, evidence, gate, waiver, card, criteria, policy, contributor "
        "or term."
    )
    name = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class SinceOut(serializers.Serializer[Any]):
    """What differs from the statement that the caller saw last."""

    since = LookOut(allow_null=True, help_text="Null where the caller has seen none before.")
    changes = DifferenceOut(many=True)
