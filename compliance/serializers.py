"""The shapes of the API of the log, prediction records and exports."""

from base64 import b64encode
from typing import Any

import orjson
from rest_framework import serializers

from audit.actions import Action
from audit.models import AuditEvent, Checkpoint, Cosignature
from common.api import Input
from compliance.models import Export
from inference.models import Prediction
from registry.serializers import DigestField
from trust.bundle_layout import SCOPE_KINDS

SENTENCES = {action.value: action.sentence for action in Action}


class Base64Field(serializers.CharField):
    """Bytes in base64."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        return b64encode(bytes(value)).decode()


class ActorOut(serializers.Serializer[Any]):
    """Who did it; all null for the system."""

    person = serializers.UUIDField(source="person_id", allow_null=True)
    name = serializers.CharField(source="actor_name", allow_null=True)
    user = serializers.UUIDField(source="user_id", allow_null=True)
    via = serializers.CharField()


class SubjectOut(serializers.Serializer[Any]):
    """What it was done to."""

    type = serializers.CharField(source="subject_type")
    id = serializers.CharField(source="subject_id")


class EventOut(serializers.ModelSerializer[AuditEvent]):
    """An event of the log; `index` is its place in the tree, null until it has one."""

    id = serializers.UUIDField(source="uuid")
    index = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField(source="occurred_at")
    meaning = serializers.SerializerMethodField()
    actor = ActorOut(source="*")
    subject = SubjectOut(source="*")
    related = serializers.ListField(child=serializers.CharField())
    payload = serializers.DictField()

    class Meta:
        model = AuditEvent
        fields = [
            "id",
            "index",
            "at",
            "action",
            "meaning",
            "actor",
            "subject",
            "related",
            "payload",
        ]

    def get_meaning(self, event: AuditEvent) -> str:
        """The action as a sentence."""
        return SENTENCES.get(event.action, event.action)


class EventDetailOut(EventOut):
    """An event with the canonical text that the tree holds."""

    leaf = serializers.SerializerMethodField()
    leaf_hash = serializers.SerializerMethodField()

    class Meta(EventOut.Meta):
        fields = [*EventOut.Meta.fields, "leaf", "leaf_hash"]

    def get_leaf(self, event: AuditEvent) -> str:
        """The canonical JSON; its UTF-8 bytes are what is hashed."""
        return bytes(event.leaf).decode()

    def get_leaf_hash(self, event: AuditEvent) -> str:
        """SHA-256 of 0x00 and those bytes, in hex."""
        return bytes(event.leaf_hash).hex()


class CosignatureOut(serializers.ModelSerializer[Cosignature]):
    """A witness's signature line under the checkpoint, and the moment that it holds."""

    class Meta:
        model = Cosignature
        fields = ["witness", "at", "line"]


class CheckpointOut(serializers.ModelSerializer[Checkpoint]):
    """A signed head of the log; `note` is the whole signed text."""

    root_hash = Base64Field(source="root")
    cosignatures = CosignatureOut(many=True, read_only=True)

    class Meta:
        model = Checkpoint
        fields = ["size", "root_hash", "signed_at", "note", "cosignatures"]


class ConsistencyOut(serializers.Serializer[Any]):
    """The proof that a tree begins with a smaller one (RFC 6962 2.1.2); base64 hashes."""

    old_size = serializers.IntegerField()
    new_size = serializers.IntegerField()
    old_root = Base64Field()
    new_root = Base64Field()
    hashes = serializers.ListField(child=Base64Field())


class PredictionOut(serializers.ModelSerializer[Prediction]):
    """A prediction record in a list."""

    model = serializers.CharField(source="model_name")
    version = serializers.IntegerField(source="number")
    version_digest = DigestField()
    approval = serializers.UUIDField(source="approval_id", allow_null=True)
    emergency = serializers.UUIDField(source="emergency_id", allow_null=True)
    user = serializers.UUIDField(source="user_id", allow_null=True)
    batch = serializers.UUIDField(source="batch_id")

    class Meta:
        model = Prediction
        fields = [
            "id",
            "at",
            "model",
            "version",
            "version_digest",
            "approval",
            "emergency",
            "user",
            "rows",
            "batch",
            "position",
        ]


class RefusedOut(serializers.Serializer[Any]):
    """One kind of refusal, and how often it came."""

    person = serializers.CharField(help_text="Empty for a caller who could not be made out.")
    token = serializers.CharField(help_text="`token:ID`, or empty.")
    alias = serializers.CharField(help_text="Empty where it is none of the model's.")
    number = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(help_text="The last part of `type` in the refusal.")
    count = serializers.IntegerField()


class RefusedPredictionsOut(serializers.ModelSerializer[AuditEvent]):
    """What one process refused in a minute, of one model; an event of the log."""

    event = serializers.UUIDField(source="uuid")
    model = serializers.CharField(source="model_name")
    since = serializers.DateTimeField(source="payload.since")
    until = serializers.DateTimeField(source="payload.until")
    counts = RefusedOut(many=True, source="payload.counts")
    others = serializers.IntegerField(
        source="payload.others", help_text="Refusals of kinds beyond the first 200."
    )

    class Meta:
        model = AuditEvent
        fields = ["event", "model", "since", "until", "counts", "others"]


class PredictionDetailOut(PredictionOut):
    """A prediction record with request and answer; the batch's digest stands in the log."""

    batch_digest = DigestField(source="batch.digest")
    record = serializers.SerializerMethodField()

    class Meta(PredictionOut.Meta):
        fields = [*PredictionOut.Meta.fields, "batch_digest", "record"]

    def get_record(self, row: Prediction) -> dict[str, Any]:
        """The record as it was written before the answer was given."""
        record: dict[str, Any] = orjson.loads(bytes(row.record))
        return record


class ScopeIn(Input):
    """What the bundle covers; which fields belong depends on the kind."""

    kind = serializers.ChoiceField(SCOPE_KINDS)
    model = serializers.CharField(required=False, help_text="For model and version.")
    number = serializers.IntegerField(required=False, min_value=1, help_text="For version.")
    team = serializers.CharField(
        required=False, help_text="For register; of all teams where it is left out."
    )

    def get_fields(self) -> dict[str, Any]:
        """Also `from`, which is no name in Python, and `to`."""
        period = {
            name: serializers.CharField(required=False, help_text="For period: ISO 8601.")
            for name in ("from", "to")
        }
        return super().get_fields() | period


class ExportIn(Input):
    """A bundle to be made."""

    scope = ScopeIn()


class ExportOut(serializers.ModelSerializer[Export]):
    """An export and how its job stands; `sha256` and `size` are set when it can be fetched."""

    scope = serializers.DictField()
    requested_by = serializers.CharField(source="requested_by.username")
    job = serializers.UUIDField(source="job_id")
    status = serializers.CharField(allow_null=True)
    progress = serializers.DictField(allow_null=True)
    failure = serializers.CharField(allow_null=True)
    sha256 = serializers.SerializerMethodField()
    size = serializers.SerializerMethodField()
    manifest_digest = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = [
            "id",
            "scope",
            "requested_by",
            "created_at",
            "job",
            "status",
            "progress",
            "failure",
            "events",
            "manifest_digest",
            "sha256",
            "size",
        ]

    def get_sha256(self, export: Export) -> str | None:
        """Digest of the archive."""
        return f"sha256:{export.blob_id}" if export.blob_id else None

    def get_size(self, export: Export) -> int | None:
        """Bytes of the archive."""
        return export.blob.size if export.blob else None

    def get_manifest_digest(self, export: Export) -> str | None:
        """The digest that the log holds."""
        return f"sha256:{export.manifest_digest}" if export.manifest_digest else None
