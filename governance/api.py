"""REST edges of policies, reviews, signatures and releases."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView, once
from common.errors import Invalid, NotFound
from common.openapi import KEY, changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from governance import selectors, services
from governance.approvals import releases
from governance.approvals.answering import answers_of
from governance.findings.records import annex_of
from governance.findings.selectors import of_versions
from governance.models import Review, ReviewState
from governance.policy import validity
from governance.policy.validity import RENEWAL
from governance.reviewing import assignments
from governance.reviewing.etags import etag_of, require_match
from governance.serializers import (
    AnswerOut,
    EndingOut,
    GateOut,
    PolicyOut,
    PromoteIn,
    RetireIn,
    ReviewDetailOut,
    ReviewOut,
    RevocationOut,
    RevokeIn,
    SignatureOut,
    SignIn,
    SubmitIn,
)
from registry.api import EvidenceView
from registry.selectors import model_named, version_numbered
from registry.serializers import AliasMoveOut, VersionOut

LONGEST_LOOK = 366
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag of the review that was shown; refused by 412 where that has changed.",
)


class ByOpening(KeysetPagination):
    """Newest reviews first."""

    ordering = ("-opened_at", "pk")


class ByPublication(KeysetPagination):
    """Newest policies first."""

    ordering = ("-published_at", "pk")


class ByEnd(KeysetPagination):
    """What ends first."""

    ordering = ("not_after", "pk")


class Gates(EvidenceView):
    """The gates as they stand."""

    @extend_schema(operation_id="gates_dry_run", responses=reads(GateOut(many=True), 409))
    def get(self, request: Request, name: str, number: int) -> Response:
        """What a submission would freeze now; changes nothing."""
        gates = services.dry_run(self.version(name, number))
        return Response(GateOut(gates, many=True).data)


class Submit(CallerView):
    """Ask for approval."""

    @extend_schema(
        operation_id="reviews_open",
        parameters=[KEY],
        request=SubmitIn,
        responses=changes(201, ReviewDetailOut),
    )
    @once
    def post(self, request: Request, name: str, number: int) -> Response:
        """Freeze bytes, evidence, policy, gates and scope into one statement for review."""
        fields = SubmitIn.read(request.data)
        version = version_numbered(self.caller, name, number)
        review = services.submit(caller=self.caller, version=version, **fields)
        return Response(_detail(review), status=201)


def _detail(review: Review) -> Any:
    statement = selectors.statement_of(review)
    context = {
        "statement": statement,
        "waivers": selectors.waivers_named(statement),
        "measured": selectors.measured_in(review, statement),
        "annex": annex_of(review.version_id),
        "findings": of_versions([review.version_id]),
    }
    return ReviewDetailOut(review, context=context).data


class Reviews(CallerView):
    """Reviews of the caller's teams."""

    filters = ("state", "assigned_to", "overdue")

    @extend_schema(
        operation_id="reviews_list",
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=ReviewState.values),
            OpenApiParameter(
                "assigned_to",
                OpenApiTypes.STR,
                enum=["me"],
                description="Only open reviews that the caller is asked to sign.",
            ),
            OpenApiParameter(
                "overdue", OpenApiTypes.BOOL, description="Whether their day has passed."
            ),
        ],
        responses=reads(page_schema(ReviewOut)),
    )
    def get(self, request: Request) -> Response:
        """Reviews, newest first."""
        rows = selectors.reviews_seen_by(self.caller)
        state = request.query_params.get("state")
        if state is not None:
            if state not in ReviewState.values:
                raise Invalid("There is no such state.", field="state")
            rows = rows.filter(state=state)
        wanted = {name: request.query_params.get(name) for name in ("assigned_to", "overdue")}
        rows = assignments.narrowed(rows, self.caller, **wanted)
        return page_of(rows, request, self, ReviewOut, ByOpening)


class ReviewView(CallerView):
    """A view of one review."""

    def review(self, review_id: UUID) -> Review:
        """The review, if the caller may see it. Raises NotFound."""
        return selectors.review_by_id(self.caller, review_id)


class ReviewDetail(ReviewView):
    """One review."""

    @extend_schema(operation_id="reviews_read", responses=reads(ReviewDetailOut))
    def get(self, request: Request, review_id: UUID) -> Response:
        """A review with its statement, signatures and approval; its ETag goes with a signature."""
        review = self.review(review_id)
        tag = etag_of(review, annex_of(review.version_id))
        return Response(_detail(review), headers={"ETag": tag})


class Statement(ReviewView):
    """The statement's bytes."""

    @extend_schema(operation_id="reviews_statement", responses=reads(OpenApiTypes.OBJECT))
    def get(self, request: Request, review_id: UUID) -> HttpResponse:
        """The canonical statement; its SHA-256 is what persons sign."""
        body = bytes(self.review(review_id).statement)
        return HttpResponse(body, content_type="application/json")


class Envelope(ReviewView):
    """The approval's bytes."""

    @extend_schema(operation_id="reviews_approval", responses=reads(OpenApiTypes.OBJECT))
    def get(self, request: Request, review_id: UUID) -> HttpResponse:
        """The DSSE envelope of the approval."""
        approval = getattr(self.review(review_id), "approval", None)
        if approval is None:
            raise NotFound("This review has no approval.")
        return HttpResponse(bytes(approval.envelope), content_type="application/json")


class Sign(ReviewView):
    """Signatures."""

    @extend_schema(
        operation_id="reviews_sign",
        parameters=[IF_MATCH],
        request=SignIn,
        responses=changes(201, SignatureOut, 412, 429),
    )
    def post(self, request: Request, review_id: UUID) -> Response:
        """Sign what was shown, with the password in the same request."""
        fields = SignIn.read(request.data)
        review = self.review(review_id)
        if "If-Match" in request.headers:
            require_match(request.headers["If-Match"], review, annex_of(review.version_id))
        signature = services.sign(caller=self.caller, review=review, **fields)
        return Response(SignatureOut(signature).data, status=201)


class Withdraw(ReviewView):
    """Taking a review back."""

    @extend_schema(
        operation_id="reviews_withdraw", request=None, responses=changes(200, ReviewDetailOut)
    )
    def post(self, request: Request, review_id: UUID) -> Response:
        """Close the review without a decision."""
        review = services.withdraw(caller=self.caller, review=self.review(review_id))
        return Response(_detail(review))


class Aliases(CallerView):
    """What callers of a model reach."""

    @extend_schema(operation_id="aliases_list", responses=reads(AnswerOut(many=True)))
    def get(self, request: Request, name: str) -> Response:
        """The model's aliases by name, and whether the version behind each answers."""
        model = model_named(self.caller, name)
        answers = answers_of([model], now=timezone.now())[model.pk]
        return Response(AnswerOut(answers, many=True).data)


class AliasView(CallerView):
    """One alias of a model."""

    @extend_schema(
        operation_id="aliases_move", request=PromoteIn, responses=changes(200, AliasMoveOut)
    )
    def put(self, request: Request, name: str, alias: str) -> Response:
        """Point the alias at an approved version."""
        fields = PromoteIn.read(request.data)
        version = version_numbered(self.caller, name, fields.pop("version"))
        move = releases.promote(caller=self.caller, version=version, alias=alias, **fields)
        return Response(AliasMoveOut(move).data)


class Revoke(CallerView):
    """Stopping a model."""

    @extend_schema(
        operation_id="versions_revoke",
        request=RevokeIn,
        responses=changes(201, RevocationOut, 429),
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """End the version's approval; serving follows within a second."""
        fields = RevokeIn.read(request.data)
        version = version_numbered(self.caller, name, number)
        revocation = releases.revoke(caller=self.caller, version=version, **fields)
        return Response(RevocationOut(revocation).data, status=201)


class Retire(CallerView):
    """Taking a version out of use."""

    @extend_schema(
        operation_id="versions_retire", request=RetireIn, responses=changes(200, VersionOut)
    )
    def post(self, request: Request, name: str, number: int) -> Response:
        """Retire a version that no alias points at."""
        fields = RetireIn.read(request.data)
        version = version_numbered(self.caller, name, number)
        return Response(
            VersionOut(releases.retire(caller=self.caller, version=version, **fields)).data
        )


class Ending(CallerView):
    """Approvals that end soon."""

    filters = ("days",)

    @extend_schema(
        operation_id="approvals_ending",
        parameters=[
            OpenApiParameter(
                "days",
                {"type": "integer", "minimum": 1, "maximum": LONGEST_LOOK, "default": RENEWAL.days},
                description="How far to look ahead.",
            )
        ],
        responses=reads(page_schema(EndingOut)),
    )
    def get(self, request: Request) -> Response:
        """Approvals in force that end within so many days, soonest first; not those renewed."""
        now = timezone.now()
        until = now + timedelta(days=_days(request.query_params.get("days")))
        rows = validity.ending_seen_by(self.caller, now, until)
        return page_of(rows, request, self, EndingOut, ByEnd)


def _days(text: str | None) -> int:
    if text is None:
        return RENEWAL.days
    if not re.fullmatch("[1-9][0-9]{0,2}", text) or int(text) > LONGEST_LOOK:
        raise Invalid(f"Give 1 to {LONGEST_LOOK} days.", field="days")
    return int(text)


class Policies(CallerView):
    """Approval policies."""

    @extend_schema(operation_id="policies_list", responses=reads(page_schema(PolicyOut)))
    def get(self, request: Request) -> Response:
        """Revisions that concern the caller's teams, newest first."""
        rows = selectors.policies_seen_by(self.caller)
        return page_of(rows, request, self, PolicyOut, ByPublication)


class PolicyDetail(CallerView):
    """One revision."""

    @extend_schema(operation_id="policies_read", responses=reads(PolicyOut))
    def get(self, request: Request, policy_id: UUID) -> Response:
        """A revision of a policy."""
        return Response(PolicyOut(selectors.policy_by_id(self.caller, policy_id)).data)
