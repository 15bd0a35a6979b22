"""The table of attached files."""

import uuid

from django.db import models

from registry.models import Blob


class Attachment(models.Model):
    """A file that somebody attached to a comment, a finding or an answer when he wrote it.

    The record of a finding or an answer and the event of a comment name it by digest; the trigger
    refuses a file that the record does not name.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    comment = models.ForeignKey(
        "governance.Comment", null=True, on_delete=models.PROTECT, related_name="attachments"
    )
    finding = models.ForeignKey(
        "governance.Finding", null=True, on_delete=models.PROTECT, related_name="attachments"
    )
    answer = models.ForeignKey(
        "governance.FindingMove", null=True, on_delete=models.PROTECT, related_name="attachments"
    )
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=128)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    size = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(comment__isnull=False, finding=None, answer=None)
                | models.Q(comment=None, finding__isnull=False, answer=None)
                | models.Q(comment=None, finding=None, answer__isnull=False),
                name="attachment_of_one_thing",
            ),
            models.UniqueConstraint(fields=["comment", "position"], name="comment_file_once"),
            models.UniqueConstraint(fields=["finding", "position"], name="finding_file_once"),
            models.UniqueConstraint(fields=["answer", "position"], name="answer_file_once"),
        ]
