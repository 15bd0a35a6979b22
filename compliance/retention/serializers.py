"""What goes in and out of the REST edges of retention."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import Reauthenticated
from common.api import Input
from compliance.retention.models import Held, LegalHold
from compliance.retention.selectors import team_of
from compliance.retention.services import LONGEST_REFERENCE
from registry.models import Tombstone


class HoldIn(Input):
    """What shall be held, for which matter, and why."""

    kind = serializers.ChoiceField(Held.choices)
    model = serializers.CharField(max_length=100, required=False)
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    dataset = serializers.UUIDField(required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    reference = serializers.CharField(
        max_length=LONGEST_REFERENCE, help_text="The matter, as it is called elsewhere."
    )
    reason = serializers.CharField(max_length=4000)


class LiftIn(Reauthenticated):
    """Why it is lifted, and who says so."""

    reason = serializers.CharField(max_length=4000)


class LiftOut(serializers.Serializer[Any]):
    """The end of a hold."""

    reason = serializers.CharField()
    name = serializers.CharField(source="person.name")
    at = serializers.DateTimeField()
    digest = serializers.SerializerMethodField()

    def get_digest(self, lift: Any) -> str:
        """Of its record."""
        return f"sha256:{lift.digest}"


class HoldOut(serializers.ModelSerializer[LegalHold]):
    """A legal hold."""

    team = serializers.SerializerMethodField()
    model = serializers.CharField(source="model.name", allow_null=True, default=None)
    version = serializers.IntegerField(source="version.number", allow_null=True, default=None)
    dataset = serializers.UUIDField(source="dataset_id", allow_null=True)
    name = serializers.CharField(source="person.name", help_text="Who placed it.")
    digest = serializers.SerializerMethodField()
    lift = LiftOut(allow_null=True, default=None)

    class Meta:
        model = LegalHold
        fields = [
            "id",
            "kind",
            "team",
            "model",
            "version",
            "dataset",
            "since",
            "until",
            "reference",
            "reason",
            "name",
            "at",
            "digest",
            "lift",
        ]

    def get_team(self, hold: LegalHold) -> str:
        """The owner team of what it is on."""
        return team_of(hold).slug

    def get_digest(self, hold: LegalHold) -> str:
        """Of its record."""
        return f"sha256:{hold.digest}"


class RuleOut(serializers.Serializer[Any]):
    """How long something of a risk tier is kept at least."""

    tier = serializers.CharField()
    kind = serializers.CharField()
    days = serializers.IntegerField(allow_null=True, help_text="Null is for ever.")
    least = serializers.IntegerField(help_text="The fewest days that a rule may say.")


class TombstoneOut(serializers.ModelSerializer[Tombstone]):
    """What is left of a file that was deleted."""

    digest = serializers.SerializerMethodField()
    size = serializers.IntegerField(source="blob.size")
    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    proposal = serializers.UUIDField(source="proposal_id")
    proposed_by = serializers.CharField(source="proposal.proposer.name")
    confirmed_by = serializers.CharField(source="proposal.decider.name")

    class Meta:
        model = Tombstone
        fields = [
            "digest",
            "size",
            "what",
            "model",
            "version",
            "at",
            "proposal",
            "proposed_by",
            "confirmed_by",
        ]

    def get_digest(self, tombstone: Tombstone) -> str:
        """Of the bytes that were there."""
        return f"sha256:{tombstone.pk}"
