"""REST edges of challenges: what a passkey is asked to sign, before the act."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from accounts.passkeys.serializers import AskOut, by_field
from common.api import Input
from common.openapi import changes
from governance.api import ReviewView
from governance.models import SignDecision
from governance.reviewing import asking
from registry.api import EvidenceView
from registry.selectors import version_numbered


class AskToSignIn(Input):
    """What is going to be signed."""

    statement_digest = serializers.CharField(max_length=71, help_text="Of what was shown.")
    annex_digest = serializers.CharField(
        max_length=71, required=False, allow_blank=True, default="", help_text="As for a signature."
    )
    decision = serializers.ChoiceField(SignDecision.choices)
    reason = serializers.CharField(max_length=4000)
    by = by_field()


class AskToWaiveIn(Input):
    """What is going to be waived."""

    gate_digest = serializers.CharField(max_length=71, help_text="Of the finding that was shown.")
    reason = serializers.CharField(max_length=4000)
    expires_on = serializers.DateField(help_text="The day, in UTC, on which it no longer holds.")
    by = by_field()


class AskToRevokeIn(Input):
    """Why an approval is going to be ended."""

    reason = serializers.CharField(max_length=2000)
    by = by_field()


class AskToSign(ReviewView):
    """A challenge for a signature."""

    @extend_schema(
        operation_id="reviews_sign_challenge",
        request=AskToSignIn,
        responses=changes(201, AskOut, 429),
    )
    def post(self, request: Request, review_id: UUID) -> Response:
        """What a passkey of the caller signs for exactly these words, or where he signs in."""
        fields = AskToSignIn.read(request.data)
        review = self.review(review_id)
        ask = asking.ask_to_sign(caller=self.caller, review=review, **fields)
        return Response(AskOut(ask).data, status=201)


class AskToWaive(EvidenceView):
    """A challenge for a waiver."""

    @extend_schema(
        operation_id="waivers_challenge",
        request=AskToWaiveIn,
        responses=changes(201, AskOut, 429),
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """What a passkey of the caller signs for exactly these words, or where he signs in."""
        fields = AskToWaiveIn.read(request.data)
        version = self.version(name, number)
        ask = asking.ask_to_waive(caller=self.caller, version=version, **fields)
        return Response(AskOut(ask).data, status=201)


class AskToRevoke(CallerView):
    """A challenge for a revocation."""

    @extend_schema(
        operation_id="versions_revoke_challenge",
        request=AskToRevokeIn,
        responses=changes(201, AskOut, 429),
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """What a passkey of the caller signs for exactly these words, or where he signs in."""
        fields = AskToRevokeIn.read(request.data)
        version = version_numbered(self.caller, name, number)
        ask = asking.ask_to_revoke(caller=self.caller, version=version, **fields)
        return Response(AskOut(ask).data, status=201)
