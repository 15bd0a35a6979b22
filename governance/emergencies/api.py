"""REST edges of emergency grants; they are proposed and confirmed as proposals are."""

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from common.errors import Invalid
from common.openapi import changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from governance.emergencies import selectors
from governance.emergencies.serializers import (
    EmergencyDetailOut,
    EmergencyEndIn,
    EmergencyOut,
    EmergencyReviewIn,
)
from governance.emergencies.services import end_emergency, review_emergency

_YES = {"true": True, "false": False}


class ByGranting(KeysetPagination):
    """Newest grants first."""

    ordering = ("-at", "pk")


class Emergencies(CallerView):
    """Emergency grants of the caller's teams."""

    filters = ("reviewed",)

    @extend_schema(
        operation_id="emergencies_list",
        parameters=[
            OpenApiParameter(
                "reviewed",
                OpenApiTypes.BOOL,
                description="Only those that a third person has "
                "reviewed, or only those that wait for it.",
            )
        ],
        responses=reads(page_schema(EmergencyOut)),
    )
    def get(self, request: Request) -> Response:
        """Emergency grants, newest first."""
        rows = selectors.grants_seen_by(self.caller)
        if "reviewed" in request.query_params:
            wanted = request.query_params["reviewed"]
            if wanted not in _YES:
                raise Invalid("Say true or false.", field="reviewed")
            rows = rows.filter(review__isnull=not _YES[wanted])
        return page_of(rows, request, self, EmergencyOut, ByGranting)


class EmergencyDetail(CallerView):
    """One emergency grant."""

    @extend_schema(operation_id="emergencies_read", responses=reads(EmergencyDetailOut))
    def get(self, request: Request, emergency_id: UUID) -> Response:
        """A grant with what the notary signed."""
        return Response(EmergencyDetailOut(selectors.grant_by_id(self.caller, emergency_id)).data)


class EmergencyEnding(CallerView):
    """The end before its time."""

    @extend_schema(
        operation_id="emergencies_end",
        request=EmergencyEndIn,
        responses=changes(200, EmergencyDetailOut),
    )
    def post(self, request: Request, emergency_id: UUID) -> Response:
        """Stop what answers under the grant."""
        grant = selectors.grant_by_id(self.caller, emergency_id)
        end_emergency(caller=self.caller, grant=grant, **EmergencyEndIn.read(request.data))
        return Response(EmergencyDetailOut(selectors.grant_by_id(self.caller, emergency_id)).data)


class EmergencyReviewing(CallerView):
    """The look afterwards."""

    @extend_schema(
        operation_id="emergencies_review",
        request=EmergencyReviewIn,
        responses=changes(200, EmergencyDetailOut),
    )
    def post(self, request: Request, emergency_id: UUID) -> Response:
        """Say as a third person whether a grant that is over was justified."""
        grant = selectors.grant_by_id(self.caller, emergency_id)
        review_emergency(caller=self.caller, grant=grant, **EmergencyReviewIn.read(request.data))
        return Response(EmergencyDetailOut(selectors.grant_by_id(self.caller, emergency_id)).data)
