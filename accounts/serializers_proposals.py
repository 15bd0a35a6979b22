"""The shapes of proposals in the API."""

import json
from typing import Any

from rest_framework import serializers

from accounts.kinds import KIND_CHOICES
from accounts.models import Proposal, ProposalState
from accounts.proposing import said_in
from accounts.serializers_passkeys import ProvedIn, by_field
from common.api import Input


class AskToProposeIn(Input):
    """What is going to be proposed."""

    kind = serializers.ChoiceField(KIND_CHOICES)
    wish = serializers.DictField(help_text="As for the proposal.")
    reason = serializers.CharField(max_length=4000)
    by = by_field()


class AskToConfirmIn(Input):
    """What is going to be confirmed."""

    digest = serializers.CharField(max_length=71, help_text="As for the confirmation.")
    by = by_field()


class ProposalIn(ProvedIn):
    """What is wanted; which words belong into it hangs on the kind (docs/api.md)."""

    kind = serializers.ChoiceField(KIND_CHOICES)
    wish = serializers.DictField(
        help_text='For example `{"team": "credit", "grants": [{"username": "ben", "role": '
        '"reviewer"}]}` of the kind `roles`, or `{"username": "ben"}`.'
    )
    reason = serializers.CharField(max_length=4000)


class ConfirmIn(ProvedIn):
    """The digest of what was read, and who says so."""

    digest = serializers.CharField(
        max_length=71, help_text="`digest` of the proposal as it was shown."
    )


class DeclineIn(Input):
    """Why not."""

    reason = serializers.CharField(max_length=4000)


class ProposalOut(serializers.ModelSerializer[Proposal]):
    """A proposal: exactly what is done on confirmation, by whom it was wanted and decided."""

    team = serializers.CharField(source="team.slug", allow_null=True, default=None)
    state = serializers.ChoiceField(ProposalState.choices)
    digest = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    document = serializers.SerializerMethodField()
    proposer = serializers.UUIDField(source="proposer_id")
    proposed_by = serializers.CharField(source="proposer.name")
    decider = serializers.UUIDField(source="decider_id", allow_null=True)
    decided_by = serializers.CharField(source="decider.name", allow_null=True, default=None)

    class Meta:
        model = Proposal
        fields = [
            "id",
            "kind",
            "team",
            "state",
            "reason",
            "digest",
            "document",
            "proposer",
            "proposed_by",
            "opened_at",
            "not_after",
            "decider",
            "decided_by",
            "decided_at",
            "decided_method",
            "answer",
        ]

    def get_digest(self, proposal: Proposal) -> str:
        """SHA-256 of the document in canonical form: what is confirmed."""
        return f"sha256:{proposal.digest}"

    def get_reason(self, proposal: Proposal) -> str:
        """Why it is wanted."""
        return said_in(proposal).reason

    def get_document(self, proposal: Proposal) -> dict[str, Any]:
        """What is done on confirmation, and what it builds on."""
        document: dict[str, Any] = json.loads(bytes(proposal.document))
        return document
