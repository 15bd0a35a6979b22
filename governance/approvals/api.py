"""REST: what a move of an alias would do, and what consumers are told of it."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from common.openapi import reads
from governance.approvals.moves import changes_told_to, outlook
from governance.approvals.serializers import MoveChangeOut, OutlookOut
from registry.selectors import version_numbered


class Outlook(CallerView):
    """A dry run of a move."""

    @extend_schema(operation_id="aliases_outlook", responses=reads(OutlookOut, 409))
    def get(self, request: Request, name: str, alias: str, number: int) -> Response:
        """Whether the alias could be moved to the version now, and what callers would notice."""
        version = version_numbered(self.caller, name, number)
        return Response(OutlookOut(outlook(caller=self.caller, version=version, alias=alias)).data)


class Changes(CallerView):
    """Changes of inputs and outputs that a consumer is told of."""

    @extend_schema(operation_id="aliases_changes", responses=reads(MoveChangeOut(many=True)))
    def get(self, request: Request) -> Response:
        """Moves of the last 30 days after which callers of an alias must send or expect something
        else; for those who are consumers of the model's team, newest first, at most 50."""
        return Response(MoveChangeOut(changes_told_to(self.caller, timezone.now()), many=True).data)
