"""REST edges of the discussion of a review."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import once
from common.errors import Invalid, NotFound
from common.openapi import KEY, changes, reads
from governance.api import ReviewView
from governance.models import Comment, Review
from governance.reviewing import commenting
from governance.reviewing.serializers_commenting import CommentIn, CommentOut

MOST_COMMENTS = 500


class Comments(ReviewView):
    """Remarks."""

    @extend_schema(operation_id="comments_list", responses=reads(CommentOut(many=True)))
    def get(self, request: Request, review_id: UUID) -> Response:
        """Remarks and replies in order."""
        rows = commenting.comments_of(self.review(review_id))
        return Response(CommentOut(rows[:MOST_COMMENTS], many=True).data)

    @extend_schema(
        operation_id="comments_write",
        parameters=[KEY],
        request=CommentIn,
        responses=changes(201, CommentOut),
    )
    @once
    def post(self, request: Request, review_id: UUID) -> Response:
        """Write a remark, or a reply to the first one of a thread."""
        fields = CommentIn.read(request.data)
        review = self.review(review_id)
        fields["reply_to"] = _named(review, fields["reply_to"])
        row = commenting.comment(caller=self.caller, review=review, **fields)
        return Response(CommentOut(row).data, status=201)


def _named(review: Review, comment_id: int | None) -> Comment | None:
    if comment_id is None:
        return None
    try:
        return commenting.comment_by_id(review, comment_id)
    except NotFound as error:
        raise Invalid(error.reason, field="reply_to") from None


class ThreadView(ReviewView):
    """A view of one thread."""

    def comment(self, review_id: UUID, comment_id: int) -> Comment:
        """The comment, if the caller may see its review. Raises NotFound."""
        return commenting.comment_by_id(self.review(review_id), comment_id)


class Resolve(ThreadView):
    """Settling a thread."""

    @extend_schema(
        operation_id="comments_resolve", request=None, responses=changes(200, CommentOut)
    )
    def post(self, request: Request, review_id: UUID, comment_id: int) -> Response:
        """Say that the thread of this comment is settled."""
        row = self.comment(review_id, comment_id)
        commenting.resolve(caller=self.caller, comment=row)
        return Response(CommentOut(row).data)


class Reopen(ThreadView):
    """Taking it back."""

    @extend_schema(operation_id="comments_reopen", request=None, responses=changes(200, CommentOut))
    def post(self, request: Request, review_id: UUID, comment_id: int) -> Response:
        """Say that the thread is not settled after all."""
        row = self.comment(review_id, comment_id)
        commenting.reopen(caller=self.caller, comment=row)
        return Response(CommentOut(row).data)
