"""The shapes of proposals in the API."""

import json
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Proposal, ProposalState, WayIn
from accounts.passkeys.serializers import ProvedIn, by_field
from accounts.proposals.kinds import KIND_CHOICES
from accounts.proposals.services import said_in
from accounts.serializers import Reauthenticated
from accounts.ways_in.services import STATES, state_of
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


class TakeHalfIn(Reauthenticated):
    """Password and code of whoever takes a half."""


class HalfOut(serializers.Serializer[Any]):
    """A half of a way in, shown this once."""

    half = serializers.CharField()


class WayInOut(serializers.Serializer[Any]):
    """How far a way in has come; never a half of it."""

    login = serializers.CharField(source="user.username")
    state = serializers.SerializerMethodField()
    not_after = serializers.DateTimeField()
    first_taken = serializers.SerializerMethodField()
    second_taken = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(STATES))
    def get_state(self, way_in: WayIn) -> str:
        """Whether it is open still, or how it came to its end."""
        return state_of(way_in, timezone.now())

    def get_first_taken(self, way_in: WayIn) -> bool:
        """Whether whoever proposed it has taken a half."""
        return bool(way_in.first)

    def get_second_taken(self, way_in: WayIn) -> bool:
        """Whether whoever confirmed it has taken a half."""
        return bool(way_in.second)


class ComeInIn(Input):
    """Both halves, in whatever order, and the password that the person has chosen."""

    login = serializers.CharField(max_length=150)
    first = serializers.CharField(max_length=64, write_only=True)
    second = serializers.CharField(max_length=64, write_only=True)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, write_only=True)
    code = serializers.CharField(
        max_length=64,
        required=False,
        allow_blank=True,
        default="",
        write_only=True,
        help_text="What the authenticator app shows now, or a recovery code; left out by who has "
        "none.",
    )


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
    way_in = WayInOut(allow_null=True, default=None)

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
            "way_in",
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
