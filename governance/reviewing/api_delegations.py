"""REST edges of delegations."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from common.openapi import changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from governance.reviewing import delegations
from governance.reviewing.serializers_delegations import DelegationIn, DelegationOut


class ByNaming(KeysetPagination):
    """Newest delegations first."""

    ordering = ("-at", "pk")


class Delegations(CallerView):
    """The caller's delegations."""

    @extend_schema(operation_id="delegations_list", responses=reads(page_schema(DelegationOut)))
    def get(self, request: Request) -> Response:
        """The caller's own and those in which he stands in, newest first."""
        rows = delegations.delegations_of(self.caller)
        return page_of(rows, request, self, DelegationOut, ByNaming)

    @extend_schema(
        operation_id="delegations_make", request=DelegationIn, responses=changes(201, DelegationOut)
    )
    def post(self, request: Request) -> Response:
        """Have another person asked in one's place; he signs with his own role or not at all."""
        fields = DelegationIn.read(request.data)
        delegations.may_delegate(self.caller).enforce()
        fields["delegate"] = delegations.delegate_named(self.caller, fields["delegate"])
        row = delegations.name_delegate(caller=self.caller, **fields)
        return Response(DelegationOut(row).data, status=201)


class EndDelegation(CallerView):
    """Being back."""

    @extend_schema(
        operation_id="delegations_end", request=None, responses=changes(200, DelegationOut)
    )
    def post(self, request: Request, delegation_id: UUID) -> Response:
        """End one's own before its day."""
        row = delegations.delegation_by_id(self.caller, delegation_id)
        ended = delegations.end_delegation(caller=self.caller, delegation=row)
        return Response(DelegationOut(ended).data)
