"""REST edges of one's own second factor."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from accounts.factors import services as second_factors
from accounts.factors.codes import state_of
from accounts.serializers import (
    FactorIn,
    FactorOfferOut,
    FactorOut,
    ProofIn,
    RecoveryCodesOut,
)
from common.openapi import changes, reads


class Factor(CallerView):
    """The caller's own second factor."""

    @extend_schema(operation_id="second_factor_read", responses=reads(FactorOut))
    def get(self, request: Request) -> Response:
        """Whether there is one, since when, and how many recovery codes are left."""
        return Response(FactorOut(state_of(self.caller.person_id)).data)

    @extend_schema(
        operation_id="second_factor_enrol",
        request=FactorIn,
        responses=changes(201, RecoveryCodesOut, 429),
    )
    def post(self, request: Request) -> Response:
        """Set up the app that shows the code; the recovery codes are shown this once."""
        fields = FactorIn.read(request.data)
        codes = second_factors.enrol_factor(caller=self.caller, **fields)
        return Response({"recovery_codes": codes}, status=201)


class Offer(CallerView):
    """A secret for an app."""

    @extend_schema(
        operation_id="second_factor_offer", request=None, responses=changes(201, FactorOfferOut)
    )
    def post(self, request: Request) -> Response:
        """A new secret; nothing is kept until it comes back with its first code."""
        offer = second_factors.offer_factor(caller=self.caller)
        return Response(FactorOfferOut(offer).data, status=201)


class RecoveryCodes(CallerView):
    """The caller's own recovery codes."""

    @extend_schema(
        operation_id="recovery_codes_renew",
        request=ProofIn,
        responses=changes(201, RecoveryCodesOut, 429),
    )
    def post(self, request: Request) -> Response:
        """New ones in place of the former ones, shown this once."""
        fields = ProofIn.read(request.data)
        codes = second_factors.renew_recovery_codes(caller=self.caller, **fields)
        return Response({"recovery_codes": codes}, status=201)


class Removal(CallerView):
    """The end of the caller's own second factor."""

    @extend_schema(
        operation_id="second_factor_remove",
        request=ProofIn,
        responses=changes(200, FactorOut, 429),
    )
    def post(self, request: Request) -> Response:
        """Remove it, with the password and a code of the app or a recovery code."""
        fields = ProofIn.read(request.data)
        second_factors.remove_factor(caller=self.caller, **fields)
        return Response(FactorOut(state_of(self.caller.person_id)).data)
