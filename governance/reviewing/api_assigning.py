"""REST edges of who is asked to sign a review."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from common.openapi import changes
from governance.api import ReviewView
from governance.reviewing.assigning import assign
from governance.reviewing.assignments import assignees_named
from governance.reviewing.serializers_assigning import AssignmentIn, AssignmentOut


class Assign(ReviewView):
    """Who is asked."""

    @extend_schema(
        operation_id="reviews_assign", request=AssignmentIn, responses=changes(200, AssignmentOut)
    )
    def put(self, request: Request, review_id: UUID) -> Response:
        """Say who is asked to sign and by when; anybody else with the role may sign as before."""
        fields = AssignmentIn.read(request.data)
        review = self.review(review_id)
        people = assignees_named(review, fields["assignees"])
        made = assign(caller=self.caller, review=review, assignees=people, due_on=fields["due_on"])
        return Response(AssignmentOut(made).data)
