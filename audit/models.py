"""Tables of the log. All of them only grow: triggers refuse UPDATE, DELETE and TRUNCATE."""

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from audit.expressions import CurrentTransaction


class AuditEvent(models.Model):
    """One thing that happened, written in the transaction that did it."""

    id = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    occurred_at = models.DateTimeField()
    action = models.CharField(max_length=64)
    person_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    via = models.CharField(max_length=16)
    subject_type = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    related = models.JSONField(default=list)
    payload = models.JSONField(default=dict)
    leaf = models.BinaryField()
    leaf_hash = models.BinaryField()
    transaction = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="event_subject"),
            models.Index(fields=["action", "-id"], name="event_action"),
            models.Index(fields=["person_id", "-id"], name="event_person"),
            models.Index(fields=["occurred_at"], name="event_time"),
            models.Index(fields=["transaction"], name="event_transaction"),
            GinIndex(fields=["related"], name="event_related", opclasses=["jsonb_path_ops"]),
        ]


class AuditLeaf(models.Model):
    """The place of an event in the tree; written by the notary alone."""

    leaf_index = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="leaf_row")


class Checkpoint(models.Model):
    """A signed statement of the tree's size and root (C2SP checkpoint)."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    note = models.TextField()
    signed_at = models.DateTimeField(auto_now_add=True)


class Cosignature(models.Model):
    """A witness's signature under a checkpoint: it has seen the log do nothing but grow.

    `line` is the signature line of c2sp.org/tlog-cosignature, `at` the moment that it holds.
    """

    checkpoint = models.ForeignKey(
        Checkpoint, on_delete=models.PROTECT, related_name="cosignatures"
    )
    witness = models.CharField(max_length=200)
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "witness"], name="cosigned_once"),
        ]
