"""REST edges of plans, and of what a snapshot was used for."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView, once
from common.openapi import KEY, changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from evaluation import plans, selectors
from evaluation.serializers import ModelUsesOut, PlanIn, PlanOut
from registry.api import EvidenceView
from registry.selectors import dataset_by_id, version_numbered


class BySeal(KeysetPagination):
    """The last plan first."""

    ordering = ("-sealed_at", "pk")


class Plans(EvidenceView):
    """Plans of a version's evaluation."""

    @extend_schema(operation_id="plans_list", responses=reads(page_schema(PlanOut)))
    def get(self, request: Request, name: str, number: int) -> Response:
        """Every plan ever sealed for the version, the last first."""
        rows = selectors.plans_of(self.version(name, number))
        return page_of(rows, request, self, PlanOut, BySeal)

    @extend_schema(
        operation_id="plans_seal",
        parameters=[KEY],
        request=PlanIn,
        responses=changes(201, PlanOut),
    )
    @once
    def post(self, request: Request, name: str, number: int) -> Response:
        """Seal what a measurement has to show; it supersedes the plan before it."""
        fields = PlanIn.read(request.data)
        version = version_numbered(self.caller, name, number)
        dataset = dataset_by_id(self.caller, fields.pop("dataset"))
        plan = plans.seal_plan(caller=self.caller, version=version, dataset=dataset, **fields)
        return Response(PlanOut(plan).data, status=201)


class DatasetUses(CallerView):
    """What a snapshot was measured on for."""

    @extend_schema(operation_id="datasets_uses", responses=reads(ModelUsesOut(many=True)))
    def get(self, request: Request, dataset_id: UUID) -> Response:
        """Evaluation runs on these rows, under whatever name, for each model of the team."""
        dataset = dataset_by_id(self.caller, dataset_id)
        return Response(ModelUsesOut(selectors.uses_by_model(dataset), many=True).data)
