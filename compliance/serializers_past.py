"""The shapes of the time machine's answers."""

from typing import Any

from rest_framework import serializers

from audit.models import AuditEvent
from compliance.past.alias import AliasThen
from compliance.past.approvals import Spoken
from compliance.past.datasets import KINDS
from compliance.serializers import EventOut
from governance.models import Approval
from registry.models import DatasetSnapshot, ModelVersion
from registry.serializers import DigestField


class VersionThenOut(serializers.ModelSerializer[ModelVersion]):
    """A version by number and digest."""

    model = serializers.CharField(source="model.name")
    digest = DigestField()

    class Meta:
        model = ModelVersion
        fields = ["id", "model", "number", "digest"]


class SpokenOut(serializers.Serializer[Any]):
    """A signature or waiver: printed name, meaning, reason, moment, method, and its digest."""

    printed_name = serializers.CharField(source="row.printed_name")
    person = serializers.UUIDField(source="row.person_id")
    role = serializers.CharField(source="row.role")
    gate = serializers.SerializerMethodField()
    meaning = serializers.CharField()
    reason = serializers.CharField(source="row.reason")
    at = serializers.DateTimeField(source="row.at")
    method = serializers.CharField()
    digest = DigestField(source="row.digest")

    def get_gate(self, spoken: Spoken) -> str | None:
        """The gate that was waived; null for a signature."""
        return getattr(spoken.row, "gate", None)


class EvidenceThenOut(serializers.Serializer[Any]):
    """A report by kind and digest."""

    kind = serializers.CharField()
    digest = serializers.CharField()


class PolicyThenOut(serializers.Serializer[Any]):
    """The policy revision that the statement names."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    revision = serializers.IntegerField()
    digest = serializers.CharField()


class ApprovalThenOut(serializers.ModelSerializer[Approval]):
    """The approval that the gate went by; `revoked_at` only if it was by then."""

    review = serializers.UUIDField(source="review_id")
    statement_digest = DigestField(source="review.statement_digest")
    envelope_digest = DigestField()

    class Meta:
        model = Approval
        fields = ["id", "review", "statement_digest", "envelope_digest", "issued_at", "not_after"]


class TellingOut(serializers.ModelSerializer[AuditEvent]):
    """An event of the log that says so."""

    id = serializers.UUIDField(source="uuid")
    index = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField(source="occurred_at")

    class Meta:
        model = AuditEvent
        fields = ["id", "index", "action", "at"]


class ChallengerThenOut(serializers.Serializer[Any]):
    """Who was to answer a share of the calls. Where `state` is not live, the holder did."""

    version = VersionThenOut()
    percent = serializers.IntegerField()
    state = serializers.CharField()
    reason = serializers.CharField()
    since = serializers.DateTimeField(source="move.at")
    until = serializers.DateTimeField(allow_null=True)
    given_by = serializers.CharField(source="move.by.person.name", allow_null=True, default=None)
    given_for = serializers.CharField(source="move.reason")
    approval = ApprovalThenOut(allow_null=True)


class AliasThenOut(serializers.Serializer[Any]):
    """What stood behind an alias. `state` is live, unset, or why it was not served."""

    model = serializers.CharField(source="model.name")
    alias = serializers.CharField()
    at = serializers.DateTimeField(source="moment")
    state = serializers.CharField()
    reason = serializers.CharField()
    version = VersionThenOut(allow_null=True)
    share = serializers.IntegerField(help_text="Percent of the calls that it was to answer.")
    challenger = ChallengerThenOut(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    served_since = serializers.DateTimeField(allow_null=True)
    served_until = serializers.DateTimeField(allow_null=True)
    last_answer = serializers.DateTimeField(allow_null=True)
    moved_by = serializers.SerializerMethodField()
    moved_for = serializers.SerializerMethodField()
    approval = ApprovalThenOut(allow_null=True)
    revoked_at = serializers.SerializerMethodField()
    policy = PolicyThenOut(allow_null=True)
    signatures = SpokenOut(source="behind.signatures", many=True, default=[])
    waivers = SpokenOut(source="behind.waivers", many=True, default=[])
    evidence = EvidenceThenOut(source="behind.evidence", many=True, default=[])
    events = TellingOut(many=True)
    contradictions = serializers.ListField(child=serializers.CharField())

    def get_moved_by(self, then: AliasThen) -> str | None:
        """The name of whoever pointed the alias there."""
        return then.move.by.person.name if then.move else None

    def get_moved_for(self, then: AliasThen) -> str | None:
        """The reason that was given."""
        return then.move.reason if then.move else None

    def get_revoked_at(self, then: AliasThen) -> str | None:
        """When the approval was revoked, if it had been by then."""
        if then.approval is None or not then.revoked:
            return None
        return serializers.DateTimeField().to_representation(then.approval.revocation.at)


class UseThenOut(serializers.Serializer[Any]):
    """A version that was approved, with who signed it; `elsewhere`: not to be served here."""

    version = VersionThenOut()
    elsewhere = serializers.BooleanField()
    scope = serializers.JSONField()
    approval = ApprovalThenOut()
    policy = PolicyThenOut()
    signatures = SpokenOut(source="behind.signatures", many=True)
    waivers = SpokenOut(source="behind.waivers", many=True)
    evidence = EvidenceThenOut(source="behind.evidence", many=True)


class UsesThenOut(serializers.Serializer[Any]):
    """The versions of a model whose approval held at a moment, the newest first."""

    model = serializers.CharField(source="model.name")
    at = serializers.DateTimeField(source="moment")
    uses = UseThenOut(many=True)
    more = serializers.BooleanField(help_text="Only the newest fifty versions were looked at.")


class ActOut(serializers.Serializer[Any]):
    """What a person did, with the words of the signed record where there is one."""

    event = EventOut()
    digest = serializers.CharField(allow_blank=True)
    said = serializers.DictField(child=serializers.CharField())


class UsedOut(serializers.Serializer[Any]):
    """A decision that used the rows; `digest` is of its report, plan, statement or envelope."""

    kind = serializers.ChoiceField(KINDS)
    id = serializers.UUIDField(source="row.pk")
    at = serializers.DateTimeField()
    how = serializers.ListField(child=serializers.CharField())
    version = VersionThenOut(allow_null=True)
    by = serializers.CharField(allow_null=True)
    digest = serializers.CharField(allow_null=True)


class SnapshotThenOut(serializers.ModelSerializer[DatasetSnapshot]):
    """A name under which the rows were registered."""

    team = serializers.CharField(source="team.slug")
    by = serializers.CharField(source="created_by.person.name")
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
            "split",
            "team",
            "origin",
            "licence",
            "by",
            "created_at",
            "deleted_at",
        ]


class UsesPage(serializers.Serializer[Any]):
    """The snapshots of these rows, and a page of the decisions that used them."""

    digest = serializers.CharField()
    snapshots = SnapshotThenOut(many=True)
    next = serializers.URLField(allow_null=True)
    results = UsedOut(many=True)
