"""The shapes of emergency grants in the API."""

import json
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from common.api import Input
from governance.emergencies.selectors import state_of
from governance.models import EmergencyCause, EmergencyGrant, EmergencyOutcome


class EmergencyEndIn(Input):
    """Why it ends before its time."""

    reason = serializers.CharField(max_length=4000)


class EmergencyReviewIn(Input):
    """Whether it was justified, and why."""

    outcome = serializers.ChoiceField(EmergencyOutcome.choices)
    reason = serializers.CharField(max_length=4000)


class EmergencyEndOut(serializers.Serializer[Any]):
    """How a grant ended."""

    cause = serializers.ChoiceField(EmergencyCause.choices)
    reason = serializers.CharField()
    name = serializers.CharField(source="by.person.name", allow_null=True, default=None)
    at = serializers.DateTimeField()


class EmergencyReviewOut(serializers.Serializer[Any]):
    """What a third person says of it."""

    outcome = serializers.ChoiceField(EmergencyOutcome.choices)
    reason = serializers.CharField()
    person = serializers.UUIDField(source="person_id")
    name = serializers.CharField(source="person.name")
    at = serializers.DateTimeField()


class EmergencyOut(serializers.ModelSerializer[EmergencyGrant]):
    """A version that two persons let answer under an alias without an approval."""

    model = serializers.CharField(source="version.model.name")
    version = serializers.IntegerField(source="version.number")
    state = serializers.SerializerMethodField()
    proposal = serializers.UUIDField(source="proposal_id")
    proposed_by = serializers.CharField(source="proposal.proposer.name")
    confirmed_by = serializers.CharField(source="proposal.decider.name")
    not_after = serializers.DateTimeField(
        source="attestation.not_after", allow_null=True, default=None
    )
    end = EmergencyEndOut(allow_null=True, default=None)
    review = EmergencyReviewOut(allow_null=True, default=None)

    class Meta:
        model = EmergencyGrant
        fields = [
            "id",
            "model",
            "version",
            "alias",
            "state",
            "proposal",
            "proposed_by",
            "confirmed_by",
            "at",
            "not_after",
            "end",
            "review",
        ]

    def get_state(self, grant: EmergencyGrant) -> str:
        """`waiting` for the notary, `in_force`, `over`, or `refused` by the notary."""
        return state_of(grant, timezone.now())


class EmergencyDetailOut(EmergencyOut):
    """With the notary's envelope (DSSE), if it signed."""

    envelope = serializers.SerializerMethodField()

    class Meta(EmergencyOut.Meta):
        fields = [*EmergencyOut.Meta.fields, "envelope"]

    def get_envelope(self, grant: EmergencyGrant) -> dict[str, Any] | None:
        """The signed statement of the type `urn:assay:emergency:v1`."""
        attestation = getattr(grant, "attestation", None)
        if attestation is None:
            return None
        found: dict[str, Any] = json.loads(bytes(attestation.envelope))
        return found
