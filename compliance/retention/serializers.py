"""What goes in and out of the REST edges of retention."""

from typing import Any

from rest_framework import serializers

from accounts.serializers import Reauthenticated
from common.api import Input
from compliance.retention.dependents import MOST_NAMED, Dependents
from compliance.retention.due import DATASETS, KINDS, Due
from compliance.retention.models import Held, LegalHold
from compliance.retention.selectors import team_of
from compliance.retention.services import LONGEST_REFERENCE
from registry.models import DatasetSnapshot, Tombstone
from registry.serializers import DigestField


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
    """What is left of a version's file, or of a snapshot's rows, that was deleted."""

    digest = serializers.SerializerMethodField()
    size = serializers.IntegerField(source="blob.size")
    model = serializers.CharField(source="version.model.name", allow_null=True, default=None)
    version = serializers.IntegerField(source="version.number", allow_null=True, default=None)
    dataset = serializers.UUIDField(source="dataset_id", allow_null=True)
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
            "dataset",
            "at",
            "proposal",
            "proposed_by",
            "confirmed_by",
        ]

    def get_digest(self, tombstone: Tombstone) -> str:
        """Of the bytes that were there."""
        return f"sha256:{tombstone.pk}"


class SnapshotNameOut(serializers.ModelSerializer[DatasetSnapshot]):
    """A name that a team gave to some rows."""

    class Meta:
        model = DatasetSnapshot
        fields = ["id", "name", "split"]


class DependentVersionOut(serializers.Serializer[Any]):
    """A version that learned from the rows, or was measured, explained or planned on them."""

    model = serializers.CharField(source="model.name")
    number = serializers.IntegerField()
    digest = DigestField()
    status = serializers.CharField()


class DependentOut(serializers.Serializer[Any]):
    """An approval, a review or a plan of such a version."""

    id = serializers.UUIDField()
    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")


class DependentHoldOut(serializers.Serializer[Any]):
    """A legal hold that covers the rows."""

    id = serializers.UUIDField()
    reference = serializers.CharField()


class DependentsOut(serializers.Serializer[Dependents]):
    """What depends on the rows of a snapshot, and what keeps them."""

    kept_by = serializers.ChoiceField(
        ["", "deleted", "held", "review", "plan", "job", "rule", "shared"],
        help_text="What keeps the rows now; empty where nothing does.",
    )
    why = serializers.CharField(help_text="The same as a sentence.")
    kept_until = serializers.DateTimeField(
        source="until", allow_null=True, help_text="By the rules of retention; null is for ever."
    )
    snapshots = SnapshotNameOut(many=True, help_text="The team's names for the same bytes.")
    versions = DependentVersionOut(many=True, help_text=f"The newest {MOST_NAMED} at most.")
    approvals = DependentOut(many=True, help_text="Not revoked; they stay valid without the rows.")
    reviews = DependentOut(many=True, help_text="Open ones; each keeps the rows.")
    plans = DependentOut(many=True, help_text="Not measured yet; each keeps the rows.")
    holds = DependentHoldOut(many=True)


class DueOut(serializers.Serializer[Due]):
    """A snapshot whose rows, or a version whose files, two persons may delete."""

    kind = serializers.ChoiceField(KINDS)
    id = serializers.UUIDField(source="thing.pk")
    name = serializers.SerializerMethodField()
    number = serializers.IntegerField(
        source="thing.number", allow_null=True, default=None, help_text="Of a version."
    )
    team = serializers.CharField(source="team.slug")
    since = serializers.DateTimeField(help_text="When its rule ran out.")

    def get_name(self, due: Due) -> str:
        """Of the snapshot, or of the version's model."""
        return str(due.thing.name if due.kind == DATASETS else due.thing.model.name)


class DueCountsOut(serializers.Serializer[Any]):
    """How many of each kind are due."""

    datasets = serializers.IntegerField()
    versions = serializers.IntegerField()


class DueListOut(serializers.Serializer[Any]):
    """What is due for deletion, the longest first, 100 at most, and how many there are."""

    counts = DueCountsOut()
    results = DueOut(many=True)
