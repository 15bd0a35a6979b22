"""REST edges of what a reviewer saw, and of what has changed since."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from common.openapi import changes, reads
from governance.api import ReviewView
from governance.evidence.differences import differences
from governance.reviewing.looks import last_seen, note_look
from governance.reviewing.serializers_looks import LookOut, SinceOut


class Look(ReviewView):
    """Looks at a review."""

    @extend_schema(operation_id="reviews_look", request=None, responses=changes(200, LookOut))
    def put(self, request: Request, review_id: UUID) -> Response:
        """Say that the statement was read; the first time counts."""
        look = note_look(caller=self.caller, review=self.review(review_id))
        return Response(LookOut(look).data)


class Changes(ReviewView):
    """Statement against statement."""

    @extend_schema(operation_id="reviews_changes", responses=reads(SinceOut))
    def get(self, request: Request, review_id: UUID) -> Response:
        """What differs from the statement of the model that the caller saw last."""
        review = self.review(review_id)
        look = last_seen(self.caller, review)
        found = differences(look.review, review) if look else []
        return Response(SinceOut({"since": look, "changes": found}).data)
