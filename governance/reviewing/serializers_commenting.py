"""The shapes of the discussion in the API."""

from typing import Any

from rest_framework import serializers

from common.api import Input
from governance.attachments.serializers import AttachmentOut, attachments_in
from governance.models import Comment
from governance.reviewing.commenting import is_resolved


class CommentIn(Input):
    """A remark, at a gate, section or figure if `anchor` names one, or a reply."""

    body = serializers.CharField(max_length=4000)
    anchor = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    reply_to = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=2**63 - 1,
        help_text="The id of the first comment of a thread.",
    )
    attachments = attachments_in()


class CommentOut(serializers.ModelSerializer[Comment]):
    """A remark in a review."""

    author = serializers.CharField(source="author.username")
    reply_to: Any = serializers.IntegerField(source="parent_id", allow_null=True)
    resolved = serializers.SerializerMethodField()
    attachments = AttachmentOut(many=True)

    class Meta:
        model = Comment
        fields = ["id", "author", "body", "anchor", "reply_to", "resolved", "attachments", "at"]

    def get_resolved(self, row: Comment) -> bool:
        """Whether the thread that it begins is resolved; false of a reply."""
        return is_resolved(row)
