"""REST edges of findings."""

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView, once
from common.errors import Invalid
from common.etags import if_match, revision_shown, tag_of
from common.openapi import KEY, changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from governance.findings import selectors
from governance.findings import services as findings
from governance.findings.records import STATES, duty_of
from governance.findings.serializers import (
    AmendmentIn,
    AnswerIn,
    FindingAmendmentOut,
    FindingDetailOut,
    FindingIn,
    FindingMoveOut,
    FindingOut,
    JudgementIn,
)
from governance.models import Finding, FindingEffect
from registry.api import EvidenceView

_YES = {"true": True, "false": False}


class ByRaising(KeysetPagination):
    """Newest findings first."""

    ordering = ("-at", "pk")


class FindingsOfVersion(EvidenceView):
    """Findings about a version."""

    @extend_schema(operation_id="findings_of_version", responses=reads(page_schema(FindingOut)))
    def get(self, request: Request, name: str, number: int) -> Response:
        """Every finding about the version, newest first."""
        rows = selectors.findings_of(self.version(name, number))
        return page_of(rows, request, self, FindingOut, ByRaising)

    @extend_schema(
        operation_id="findings_raise",
        parameters=[KEY],
        request=FindingIn,
        responses=changes(201, FindingDetailOut),
    )
    @once
    def post(self, request: Request, name: str, number: int) -> Response:
        """Say what is wrong, who is to answer, and by which day."""
        fields = FindingIn.read(request.data)
        version = self.version(name, number)
        fields["owner"] = selectors.owner_named(version.model.team_id, fields["owner"])
        finding = findings.raise_finding(caller=self.caller, version=version, **fields)
        return Response(FindingDetailOut(finding).data, status=201)


class Findings(CallerView):
    """Findings of the caller's teams."""

    filters = ("state", "effect", "waiting")

    @extend_schema(
        operation_id="findings_list",
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=[*STATES, "overdue"]),
            OpenApiParameter("effect", OpenApiTypes.STR, enum=FindingEffect.values),
            OpenApiParameter(
                "waiting",
                OpenApiTypes.BOOL,
                description="Only what the caller is to answer, and answers that he is to judge.",
            ),
        ],
        responses=reads(page_schema(FindingOut)),
    )
    def get(self, request: Request) -> Response:
        """Findings, newest first."""
        wanted = request.query_params
        waiting = wanted.get("waiting", "false")
        if waiting not in _YES:
            raise Invalid("Say true or false.", field="waiting")
        rows = selectors.waiting_for if _YES[waiting] else selectors.findings_seen_by
        found = rows(self.caller)
        if "state" in wanted:
            found = selectors.in_state(found, wanted["state"])
        if "effect" in wanted:
            if wanted["effect"] not in FindingEffect.values:
                raise Invalid("The effect is blocking or condition.", field="effect")
            found = found.filter(effect=wanted["effect"])
        return page_of(found, request, self, FindingOut, ByRaising)


class FindingView(CallerView):
    """A view of one finding."""

    def finding(self, finding_id: UUID) -> Finding:
        """The finding, if the caller may see it. Raises NotFound."""
        return selectors.finding_by_id(self.caller, finding_id)


class FindingDetail(FindingView):
    """One finding."""

    @extend_schema(operation_id="findings_read", responses=reads(FindingDetailOut))
    def get(self, request: Request, finding_id: UUID) -> Response:
        """A finding with everything that was said about it; its ETag is that of owner and day."""
        finding = self.finding(finding_id)
        tag = tag_of(duty_of(finding).revision)
        return Response(FindingDetailOut(finding).data, headers=tag)


class Answer(FindingView):
    """Answers."""

    @extend_schema(
        operation_id="findings_answer",
        parameters=[KEY],
        request=AnswerIn,
        responses=changes(201, FindingMoveOut),
    )
    @once
    def post(self, request: Request, finding_id: UUID) -> Response:
        """Say what was done about it."""
        fields = AnswerIn.read(request.data)
        finding = self.finding(finding_id)
        move = findings.answer_finding(caller=self.caller, finding=finding, **fields)
        return Response(FindingMoveOut(move).data, status=201)


class Close(FindingView):
    """Settling a finding."""

    @extend_schema(
        operation_id="findings_close", request=JudgementIn, responses=changes(201, FindingMoveOut)
    )
    def post(self, request: Request, finding_id: UUID) -> Response:
        """Say that it is settled."""
        fields = JudgementIn.read(request.data)
        finding = self.finding(finding_id)
        move = findings.close_finding(caller=self.caller, finding=finding, **fields)
        return Response(FindingMoveOut(move).data, status=201)


class Reopen(FindingView):
    """Taking a closing back."""

    @extend_schema(
        operation_id="findings_reopen", request=JudgementIn, responses=changes(201, FindingMoveOut)
    )
    def post(self, request: Request, finding_id: UUID) -> Response:
        """Say that it is not settled after all."""
        fields = JudgementIn.read(request.data)
        finding = self.finding(finding_id)
        move = findings.reopen_finding(caller=self.caller, finding=finding, **fields)
        return Response(FindingMoveOut(move).data, status=201)


class Amend(FindingView):
    """Owner and day."""

    @extend_schema(
        operation_id="findings_amend",
        parameters=[if_match("finding")],
        request=AmendmentIn,
        responses=changes(201, FindingAmendmentOut, 412),
    )
    def post(self, request: Request, finding_id: UUID) -> Response:
        """Name another owner or day. Raises Outdated where they are not those of `If-Match`."""
        fields = AmendmentIn.read(request.data)
        finding, shown = self.finding(finding_id), revision_shown(request.headers.get("If-Match"))
        if "owner" in fields:
            team = finding.version.model.team_id
            fields["owner"] = selectors.owner_named(team, fields["owner"])
        row = findings.amend_finding(caller=self.caller, finding=finding, revision=shown, **fields)
        return Response(FindingAmendmentOut(row).data, status=201, headers=tag_of(row.position + 1))
