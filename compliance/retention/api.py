"""REST edges of what must be kept, and of what may go."""

from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView
from common.errors import Invalid
from common.openapi import changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from compliance.retention import selectors
from compliance.retention.dependents import dependents_of
from compliance.retention.due import KINDS, counts_in, due_in
from compliance.retention.rules import rules
from compliance.retention.serializers import (
    DependentsOut,
    DueListOut,
    HoldIn,
    HoldOut,
    LiftIn,
    RuleOut,
    TombstoneOut,
)
from compliance.retention.services import lift_hold, place_hold
from registry.selectors import dataset_by_id

_YES = {"true": True, "false": False}


class ByPlacing(KeysetPagination):
    """Newest first."""

    ordering = ("-at", "pk")


class Holds(CallerView):
    """Legal holds of the caller's teams."""

    filters = ("in_force",)

    @extend_schema(
        operation_id="holds_list",
        parameters=[
            OpenApiParameter(
                "in_force",
                OpenApiTypes.BOOL,
                description="Only those that nobody has lifted, or only those that were.",
            )
        ],
        responses=reads(page_schema(HoldOut)),
    )
    def get(self, request: Request) -> Response:
        """Legal holds, newest first."""
        rows = selectors.holds_seen_by(self.caller)
        if "in_force" in request.query_params:
            wanted = request.query_params["in_force"]
            if wanted not in _YES:
                raise Invalid("Say true or false.", field="in_force")
            rows = rows.filter(lift__isnull=_YES[wanted])
        return page_of(rows, request, self, HoldOut, ByPlacing)

    @extend_schema(operation_id="holds_place", request=HoldIn, responses=changes(201, HoldOut))
    def post(self, request: Request) -> Response:
        """Keep everything of a model, version, dataset, or period of predictions."""
        given = HoldIn.read(request.data)
        said = {name: given.pop(name) for name in ("reference", "reason")}
        thing = selectors.thing_asked_for(self.caller, **given)
        hold = place_hold(caller=self.caller, thing=thing, **said)
        return Response(HoldOut(selectors.hold_by_id(self.caller, hold.pk)).data, status=201)


class HoldDetail(CallerView):
    """One legal hold."""

    @extend_schema(operation_id="holds_read", responses=reads(HoldOut))
    def get(self, request: Request, hold_id: UUID) -> Response:
        """A legal hold with its end, if it has one."""
        return Response(HoldOut(selectors.hold_by_id(self.caller, hold_id)).data)


class HoldLifting(CallerView):
    """The end of a hold."""

    @extend_schema(operation_id="holds_lift", request=LiftIn, responses=changes(200, HoldOut))
    def post(self, request: Request, hold_id: UUID) -> Response:
        """Lift a hold that another person placed."""
        hold = selectors.hold_by_id(self.caller, hold_id)
        lift_hold(caller=self.caller, hold=hold, **LiftIn.read(request.data))
        return Response(HoldOut(selectors.hold_by_id(self.caller, hold_id)).data)


class Rules(CallerView):
    """The rules of retention."""

    @extend_schema(operation_id="retention_rules", responses=reads(RuleOut(many=True)))
    def get(self, request: Request) -> Response:
        """How long what is kept at least; two administrators change a rule by a proposal."""
        names = ("tier", "kind", "days", "least")
        lines = [dict(zip(names, rule, strict=True)) for rule in rules()]
        return Response(RuleOut(lines, many=True).data)


class DatasetDependents(CallerView):
    """What depends on a snapshot's rows."""

    @extend_schema(operation_id="datasets_dependents", responses=reads(DependentsOut))
    def get(self, request: Request, dataset_id: UUID) -> Response:
        """What depends on the rows of a snapshot, and what keeps them."""
        dataset = dataset_by_id(self.caller, dataset_id)
        return Response(DependentsOut(dependents_of(dataset)).data)


class DueForDeletion(CallerView):
    """What is past its rule and kept by nothing."""

    filters = ("kind", "team")

    @extend_schema(
        operation_id="retention_due",
        parameters=[
            OpenApiParameter("kind", OpenApiTypes.STR, enum=KINDS),
            OpenApiParameter("team", OpenApiTypes.STR, description="Slug of one team."),
        ],
        responses=reads(DueListOut),
    )
    def get(self, request: Request) -> Response:
        """What two persons may delete now, the longest due first; 100 at most, with the counts."""
        kind = request.query_params.get("kind", "")
        if kind and kind not in KINDS:
            raise Invalid(f"Say one of {', '.join(KINDS)}.", field="kind")
        teams = selectors.teams_read_by(self.caller, request.query_params.get("team", ""))
        said = {"counts": counts_in(teams), "results": due_in(teams, kind)}
        return Response(DueListOut(said).data)


class Tombstones(CallerView):
    """Deleted files and rows of the caller's teams."""

    @extend_schema(operation_id="tombstones_list", responses=reads(page_schema(TombstoneOut)))
    def get(self, request: Request) -> Response:
        """What is left of deleted files and rows, newest first."""
        rows = selectors.tombstones_seen_by(self.caller)
        return page_of(rows, request, self, TombstoneOut, ByPlacing)


urlpatterns = [
    path("retention-rules", Rules.as_view(), name="retention-rules"),
    path(
        "datasets/<uuid:dataset_id>/dependents",
        DatasetDependents.as_view(),
        name="dataset-dependents",
    ),
    path("retention/due", DueForDeletion.as_view(), name="retention-due"),
    path("tombstones", Tombstones.as_view(), name="tombstones"),
    path("holds", Holds.as_view(), name="holds"),
    path("holds/<uuid:hold_id>", HoldDetail.as_view(), name="hold"),
    path("holds/<uuid:hold_id>/lift", HoldLifting.as_view(), name="hold-lift"),
]
