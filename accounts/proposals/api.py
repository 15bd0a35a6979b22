"""REST edges of what takes two persons."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors
from accounts.edges import CallerView
from accounts.models import Proposal, ProposalState
from accounts.passkeys.serializers import AskOut
from accounts.proposals import services as proposing
from accounts.proposals.serializers import (
    AskToConfirmIn,
    AskToProposeIn,
    ComeInIn,
    ConfirmIn,
    DeclineIn,
    HalfOut,
    ProposalIn,
    ProposalOut,
    TakeHalfIn,
)
from accounts.ways_in import coming_in
from accounts.ways_in import services as ways_in
from common.errors import Invalid
from common.openapi import changes, reads
from common.paging import KeysetPagination, page_of, page_schema


class ByOpening(KeysetPagination):
    """Newest first."""

    ordering = ("-opened_at", "pk")


class Proposals(CallerView):
    """What is proposed, and a new proposal."""

    filters = ("state",)

    @extend_schema(
        operation_id="proposals_list",
        parameters=[OpenApiParameter("state", OpenApiTypes.STR, enum=ProposalState.values)],
        responses=reads(page_schema(ProposalOut)),
    )
    def get(self, request: Request) -> Response:
        """Proposals that the caller may see, newest first."""
        rows = selectors.proposals_seen_by(self.caller)
        state = request.query_params.get("state")
        if state is not None:
            if state not in ProposalState.values:
                raise Invalid("There is no such state.", field="state")
            rows = rows.filter(state=state)
        return page_of(rows, request, self, ProposalOut, ByOpening)

    @extend_schema(
        operation_id="proposals_open",
        request=ProposalIn,
        responses=changes(201, ProposalOut, 429),
    )
    def post(self, request: Request) -> Response:
        """Propose what takes two persons; nothing is done before another one confirms it."""
        proposal = proposing.propose(caller=self.caller, **ProposalIn.read(request.data))
        return Response(ProposalOut(proposal).data, status=201)


class AskToPropose(CallerView):
    """A challenge for a proposal."""

    @extend_schema(
        operation_id="proposals_challenge",
        request=AskToProposeIn,
        responses=changes(201, AskOut, 429),
    )
    def post(self, request: Request) -> Response:
        """What a passkey of the caller signs for exactly this wish, or where he signs in."""
        fields = AskToProposeIn.read(request.data)
        ask = proposing.ask_to_propose(caller=self.caller, **fields)
        return Response(AskOut(ask).data, status=201)


class ProposalView(CallerView):
    """A view of one proposal."""

    def proposal(self, proposal_id: UUID) -> Proposal:
        """The proposal, if the caller may see it. Raises NotFound."""
        return selectors.proposal_by_id(self.caller, proposal_id)


class Detail(ProposalView):
    """One proposal."""

    @extend_schema(operation_id="proposals_read", responses=reads(ProposalOut))
    def get(self, request: Request, proposal_id: UUID) -> Response:
        """A proposal with the document whose digest is confirmed."""
        return Response(ProposalOut(self.proposal(proposal_id)).data)


class Confirmation(ProposalView):
    """The second person's yes."""

    @extend_schema(
        operation_id="proposals_confirm",
        request=ConfirmIn,
        responses=changes(200, ProposalOut, 429),
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Confirm what another person proposed; it is done at once."""
        proposal = self.proposal(proposal_id)
        fields = ConfirmIn.read(request.data)
        proposing.confirm(caller=self.caller, proposal=proposal, **fields)
        return Response(ProposalOut(self.proposal(proposal_id)).data)


class AskToConfirm(ProposalView):
    """A challenge for a confirmation."""

    @extend_schema(
        operation_id="proposals_confirm_challenge",
        request=AskToConfirmIn,
        responses=changes(201, AskOut, 429),
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """What a passkey of the caller signs for exactly this proposal, or where he signs in."""
        proposal = self.proposal(proposal_id)
        fields = AskToConfirmIn.read(request.data)
        ask = proposing.ask_to_confirm(caller=self.caller, proposal=proposal, **fields)
        return Response(AskOut(ask).data, status=201)


class Refusal(ProposalView):
    """The second person's no."""

    @extend_schema(
        operation_id="proposals_decline", request=DeclineIn, responses=changes(200, ProposalOut)
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Decline what another person proposed."""
        proposal = self.proposal(proposal_id)
        proposing.decline(caller=self.caller, proposal=proposal, **DeclineIn.read(request.data))
        return Response(ProposalOut(self.proposal(proposal_id)).data)


class Withdrawal(ProposalView):
    """The proposer's end of it."""

    @extend_schema(
        operation_id="proposals_withdraw", request=None, responses=changes(200, ProposalOut)
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Withdraw what one proposed oneself."""
        proposing.take_back(caller=self.caller, proposal=self.proposal(proposal_id))
        return Response(ProposalOut(self.proposal(proposal_id)).data)


class Half(ProposalView):
    """A half of the way in that a confirmed proposal has made."""

    @extend_schema(
        operation_id="proposals_take_half", request=TakeHalfIn, responses=changes(201, HalfOut, 429)
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Take one's half: whoever proposed it the first, whoever confirmed it the second; once."""
        proposal = self.proposal(proposal_id)
        fields = TakeHalfIn.read(request.data)
        half = ways_in.take_half(caller=self.caller, proposal=proposal, **fields)
        return Response({"half": half}, status=201)


class WayInEnd(ProposalView):
    """The end of a way in before it was used."""

    @extend_schema(
        operation_id="proposals_end_way_in", request=None, responses=changes(200, ProposalOut)
    )
    def post(self, request: Request, proposal_id: UUID) -> Response:
        """Let nobody come in by the halves any more; one administrator alone may."""
        ways_in.end_way_in(caller=self.caller, proposal=self.proposal(proposal_id))
        return Response(ProposalOut(self.proposal(proposal_id)).data)


class ComeIn(APIView):
    """The way in itself: open to whoever is not signed in."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(operation_id="way_in", request=ComeInIn, responses=changes(204, None, 429))
    def post(self, request: Request) -> Response:
        """Set a password by both halves; nobody is signed in by it."""
        fields = ComeInIn.read(request.data)
        coming_in.set_password_by_halves(**fields, address=request.META["REMOTE_ADDR"])
        return Response(status=204)
