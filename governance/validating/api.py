"""REST edges of validation reports."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from common.errors import NotFound
from common.etags import if_match, revision_shown, tag_of
from common.openapi import changes, reads
from governance.api import ReviewView
from governance.validating import selectors, services
from governance.validating.models import ValidationReport
from governance.validating.serializers import (
    DraftIn,
    DraftOut,
    ValidationDetailOut,
    ValidationOut,
)

MOST_REPORTS = 100
_MATCH = if_match("draft")


def _reply(draft: ValidationReport) -> Response:
    return Response(DraftOut(draft).data, headers=tag_of(draft.revision))


class Draft(ReviewView):
    """The caller's own draft in a review."""

    @extend_schema(operation_id="validations_draft", responses=reads(DraftOut))
    def get(self, request: Request, review_id: UUID) -> Response:
        """The draft; nobody else sees it."""
        draft = selectors.draft_of(self.caller, self.review(review_id))
        if draft is None:
            raise NotFound("You have no draft in this review.")
        return _reply(draft)

    @extend_schema(
        operation_id="validations_save",
        parameters=[_MATCH],
        request=DraftIn,
        responses=changes(200, DraftOut, 412),
    )
    def put(self, request: Request, review_id: UUID) -> Response:
        """Save the draft. Raises Outdated where it is not the one that `If-Match` names."""
        fields = DraftIn.read(request.data)
        review, shown = self.review(review_id), revision_shown(request.headers.get("If-Match"))
        return _reply(
            services.save_report(caller=self.caller, review=review, revision=shown, **fields)
        )


class Finish(ReviewView):
    """Making it evidence."""

    @extend_schema(
        operation_id="validations_finish",
        parameters=[_MATCH],
        request=None,
        responses=changes(201, ValidationDetailOut, 412),
    )
    def post(self, request: Request, review_id: UUID) -> Response:
        """Finish the draft that `If-Match` names: it never changes afterwards."""
        review, shown = self.review(review_id), revision_shown(request.headers.get("If-Match"))
        row = services.finish_report(caller=self.caller, review=review, revision=shown)
        return Response(ValidationDetailOut(row).data, status=201)


class Validations(ReviewView):
    """Finished reports."""

    @extend_schema(operation_id="validations_list", responses=reads(ValidationOut(many=True)))
    def get(self, request: Request, review_id: UUID) -> Response:
        """Every finished report about the version of the review, the newest first."""
        rows = selectors.finished_of(self.review(review_id))[:MOST_REPORTS]
        return Response(ValidationOut(rows, many=True).data)


class ValidationDetail(CallerView):
    """One finished report."""

    @extend_schema(operation_id="validations_read", responses=reads(ValidationDetailOut))
    def get(self, request: Request, validation_id: UUID) -> Response:
        """A finished report with what it says."""
        row = selectors.finished_by_id(self.caller, validation_id)
        return Response(ValidationDetailOut(row).data)
