"""REST: what a move of an alias would do, and what consumers are told of it."""

import re

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from common.errors import Invalid
from common.openapi import reads
from governance.approvals.moves import changes_told_to, outlook
from governance.approvals.serializers import ChangeOut, OutlookOut
from registry.selectors import version_numbered

LARGEST_NUMBER = 2**31 - 1


class Outlook(CallerView):
    """A dry run of a move."""

    filters = ("version",)

    @extend_schema(
        operation_id="aliases_outlook",
        parameters=[
            OpenApiParameter(
                "version",
                {"type": "integer", "minimum": 1, "maximum": LARGEST_NUMBER},
                required=True,
                description="The version that the alias would be moved to.",
            )
        ],
        responses=reads(OutlookOut, 409),
    )
    def get(self, request: Request, name: str, alias: str) -> Response:
        """Whether the alias could be moved to a version now, and what its callers would notice."""
        text = request.query_params.get("version", "")
        if not re.fullmatch("[1-9][0-9]{0,9}", text) or int(text) > LARGEST_NUMBER:
            raise Invalid("Give the number of a version.", field="version")
        version = version_numbered(self.caller, name, int(text))
        return Response(OutlookOut(outlook(caller=self.caller, version=version, alias=alias)).data)


class Changes(CallerView):
    """Changes of inputs and outputs that a consumer is told of."""

    @extend_schema(operation_id="aliases_changes", responses=reads(ChangeOut(many=True)))
    def get(self, request: Request) -> Response:
        """Moves of the last 30 days after which callers of an alias must send or expect something
        else; for those who are consumers of the model's team, newest first, at most 50."""
        return Response(ChangeOut(changes_told_to(self.caller, timezone.now()), many=True).data)
