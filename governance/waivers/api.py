"""REST edges of waivers."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from common.openapi import changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from governance import selectors
from governance.waivers import services as waivers
from governance.waivers.serializers import (
    WaiveIn,
    WaiverOut,
    WaiverWithdrawalOut,
    WithdrawWaiverIn,
)
from registry.api import EvidenceView


class ByGiving(KeysetPagination):
    """Newest waivers first."""

    ordering = ("-at", "pk")


class Waivers(EvidenceView):
    """Waivers of a version's gates."""

    @extend_schema(operation_id="waivers_list", responses=reads(page_schema(WaiverOut)))
    def get(self, request: Request, name: str, number: int) -> Response:
        """Every waiver ever given for the version, newest first."""
        rows = selectors.waivers_of(self.version(name, number))
        return page_of(rows, request, self, WaiverOut, ByGiving)

    @extend_schema(
        operation_id="waivers_give", request=WaiveIn, responses=changes(201, WaiverOut, 429)
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """Answer for a gate that has not passed, with the password in the same request."""
        fields = WaiveIn.read(request.data)
        version = self.version(name, number)
        waiver = waivers.waive(caller=self.caller, version=version, **fields)
        return Response(WaiverOut(waiver).data, status=201)


class Withdraw(EvidenceView):
    """Ending a waiver."""

    @extend_schema(
        operation_id="waivers_withdraw",
        request=WithdrawWaiverIn,
        responses=changes(201, WaiverWithdrawalOut),
    )
    def post(self, request: Request, name: str, number: int, waiver_id: UUID) -> Response:
        """End a waiver before its time; the approval that rests on it ends with it."""
        fields = WithdrawWaiverIn.read(request.data)
        waiver = selectors.waiver_by_id(self.version(name, number), waiver_id)
        withdrawal = waivers.withdraw_waiver(caller=self.caller, waiver=waiver, **fields)
        return Response(WaiverWithdrawalOut(withdrawal).data, status=201)
