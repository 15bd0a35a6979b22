"""REST edges of measuring and explaining."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import once
from common.openapi import KEY, changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from evaluation import selectors, services
from evaluation.serializers import EvaluationIn, EvaluationOut, ExplanationIn, ExplanationOut
from registry.api import EvidenceView
from registry.selectors import dataset_by_id, version_numbered


class Evaluations(EvidenceView):
    """Measurements of a version."""

    @extend_schema(operation_id="evaluations_list", responses=reads(page_schema(EvaluationOut)))
    def get(self, request: Request, name: str, number: int) -> Response:
        """Measurements, newest first."""
        rows = selectors.evaluations_of(self.version(name, number))
        return page_of(rows, request, self, EvaluationOut, KeysetPagination)

    @extend_schema(
        operation_id="evaluations_request",
        parameters=[KEY],
        request=EvaluationIn,
        responses=changes(202, EvaluationOut),
    )
    @once
    def post(self, request: Request, name: str, number: int) -> Response:
        """Ask for a measurement on a held-out snapshot or under a plan; a job does it."""
        version = version_numbered(self.caller, name, number)
        fields = EvaluationIn.read(request.data)
        if "dataset" in fields:
            fields["dataset"] = dataset_by_id(self.caller, fields["dataset"])
        if "plan" in fields:
            fields["plan"] = selectors.plan_by_id(version, fields["plan"])
        run = services.request_run(caller=self.caller, version=version, **fields)
        return Response(EvaluationOut(run).data, status=202)


class Explanations(EvidenceView):
    """Explanations of a version."""

    @extend_schema(operation_id="explanations_list", responses=reads(page_schema(ExplanationOut)))
    def get(self, request: Request, name: str, number: int) -> Response:
        """Explanations, newest first."""
        rows = selectors.explanations_of(self.version(name, number))
        return page_of(rows, request, self, ExplanationOut, KeysetPagination)

    @extend_schema(
        operation_id="explanations_request",
        parameters=[KEY],
        request=ExplanationIn,
        responses=changes(202, ExplanationOut),
    )
    @once
    def post(self, request: Request, name: str, number: int) -> Response:
        """Ask for a SHAP explanation; a job does it."""
        version = version_numbered(self.caller, name, number)
        fields = ExplanationIn.read(request.data)
        dataset = dataset_by_id(self.caller, fields.pop("dataset"))
        run = services.request_explanation(
            caller=self.caller, version=version, dataset=dataset, **fields
        )
        return Response(ExplanationOut(run).data, status=202)
