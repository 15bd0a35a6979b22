"""REST edges of the time machine."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from accounts.edges import CallerView
from common.openapi import reads
from common.paging import KeysetPagination, page_schema
from compliance.api import ByWriting
from compliance.past import datasets, persons
from compliance.past.alias import alias_then
from compliance.past.uses import approved_then
from compliance.scopes import read_moment
from compliance.serializers_past import ActOut, AliasThenOut, UsesPage, UsesThenOut

_AT = OpenApiParameter("at", OpenApiTypes.STR, description="A moment (ISO 8601); else now.")


class AliasPast(CallerView):
    """An alias in the past."""

    filters = ("at",)

    @extend_schema(operation_id="aliases_past", parameters=[_AT], responses=reads(AliasThenOut))
    def get(self, request: Request, name: str, alias: str) -> Response:
        """What was live for this alias at a moment; approved by whom, on what, until when."""
        text = request.query_params.get("at")
        moment = timezone.now() if text is None else read_moment(text, "at")
        return Response(AliasThenOut(alias_then(self.caller, name, alias, moment)).data)


class ModelPast(CallerView):
    """A model in the past."""

    filters = ("at",)

    @extend_schema(operation_id="models_past", parameters=[_AT], responses=reads(UsesThenOut))
    def get(self, request: Request, name: str) -> Response:
        """Which versions were approved for use at a moment, here or elsewhere, and by whom."""
        text = request.query_params.get("at")
        moment = timezone.now() if text is None else read_moment(text, "at")
        return Response(UsesThenOut(approved_then(self.caller, name, moment)).data)


class PersonActs(CallerView):
    """A person in the past."""

    @extend_schema(operation_id="persons_acts", responses=reads(page_schema(ActOut)))
    def get(self, request: Request, person_id: UUID) -> Response:
        """What this person signed or answers for, newest first, as far as you read the log."""
        rows = persons.acts_of(self.caller, persons.person_by_id(person_id))
        paginator = ByWriting()
        page = paginator.paginate_queryset(rows, request, self) or []
        acts = list(persons.with_records(page))
        return paginator.get_paginated_response(ActOut(acts, many=True).data)


class DatasetDecisions(CallerView):
    """Some rows in the past."""

    @extend_schema(operation_id="datasets_decisions", responses=reads(UsesPage))
    def get(self, request: Request, rows: str) -> Response:
        """Every decision that used these rows, by their digest, newest first."""
        digest, size = datasets.read_digest(rows), KeysetPagination().get_page_size(request)
        text = request.query_params.get("cursor")
        after = None if text is None else datasets.read_place(text, "cursor")
        snapshots = datasets.snapshots_of(self.caller, digest)
        found = datasets.decisions_on(self.caller, digest, after=after, size=size + 1)
        page, address = found[:size], request.build_absolute_uri()
        following = None
        if len(found) > size:
            place = datasets.write_place(page[-1].key)
            following = replace_query_param(address, "cursor", place)
        answer = {
            "digest": f"sha256:{digest}",
            "snapshots": snapshots,
            "next": following,
            "results": page,
        }
        return Response(UsesPage(answer).data)
