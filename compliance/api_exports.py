"""REST edges of prediction records and exports."""

from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView, once
from common.errors import Conflict
from common.openapi import KEY, changes, reads
from common.paging import KeysetPagination, page_of, page_schema
from common.renderers import Octets
from compliance import selectors, services
from compliance.api import PERIOD, period_of
from compliance.serializers import (
    ExportIn,
    ExportOut,
    PredictionDetailOut,
    PredictionOut,
    RefusedPredictionsOut,
)
from registry.api import attachment
from registry.selectors import model_named


class ByAnswer(KeysetPagination):
    """Newest answers first."""

    ordering = ("-at", "pk")


class Predictions(CallerView):
    """Prediction records."""

    filters = ("model", "from", "to")

    @extend_schema(
        operation_id="predictions_list",
        parameters=[OpenApiParameter("model", OpenApiTypes.STR), *PERIOD],
        responses=reads(page_schema(PredictionOut)),
    )
    def get(self, request: Request) -> Response:
        """Records of the caller's models, newest first."""
        rows = selectors.records_seen_by(self.caller).defer("record")
        name, period = request.query_params.get("model"), period_of(request)
        if name:
            rows = rows.filter(model_id=model_named(self.caller, name).pk)
        if period["since"]:
            rows = rows.filter(at__gte=period["since"])
        if period["until"]:
            rows = rows.filter(at__lt=period["until"])
        return page_of(rows, request, self, PredictionOut, ByAnswer)


class ByTelling(KeysetPagination):
    """What was told last comes first."""

    ordering = ("-id",)


class RefusedPredictions(CallerView):
    """Counts of refused predictions."""

    filters = ("model",)

    @extend_schema(
        operation_id="predictions_refused",
        parameters=[OpenApiParameter("model", OpenApiTypes.STR)],
        responses=reads(page_schema(RefusedPredictionsOut)),
    )
    def get(self, request: Request) -> Response:
        """How often predictions of the caller's models were refused, and why: newest first."""
        rows = selectors.refusals_seen_by(self.caller)
        name = request.query_params.get("model")
        if name:
            rows = rows.filter(subject_id=str(model_named(self.caller, name).pk))
        return page_of(rows, request, self, RefusedPredictionsOut, ByTelling)


class PredictionDetail(CallerView):
    """One prediction record."""

    @extend_schema(operation_id="predictions_read", responses=reads(PredictionDetailOut))
    def get(self, request: Request, prediction_id: UUID) -> Response:
        """A record with request and answer."""
        row = selectors.record_by_id(self.caller, prediction_id)
        return Response(PredictionDetailOut(row).data)


class Exports(CallerView):
    """Bundles."""

    @extend_schema(operation_id="exports_list", responses=reads(page_schema(ExportOut)))
    def get(self, request: Request) -> Response:
        """Exports whose scope the caller may ask for, newest first."""
        rows = selectors.exports_seen_by(self.caller)
        return page_of(rows, request, self, ExportOut, KeysetPagination)

    @extend_schema(
        operation_id="exports_request",
        parameters=[KEY],
        request=ExportIn,
        responses=changes(202, ExportOut),
    )
    @once
    def post(self, request: Request) -> Response:
        """Ask for a bundle of a team's model, or of all teams' records; a job makes it."""
        scope = ExportIn.read(request.data)["scope"]
        export = services.request_export(caller=self.caller, scope=scope)
        shown = selectors.exports_seen_by(self.caller).get(pk=export.pk)
        return Response(ExportOut(shown).data, status=202)


class ExportDetail(CallerView):
    """One bundle."""

    @extend_schema(operation_id="exports_read", responses=reads(ExportOut))
    def get(self, request: Request, export_id: UUID) -> Response:
        """An export and how its job stands."""
        return Response(ExportOut(selectors.export_by_id(self.caller, export_id)).data)


class Bundle(CallerView):
    """The bytes of a bundle."""

    renderer_classes = [JSONRenderer, Octets]

    @extend_schema(
        operation_id="exports_bundle",
        responses={
            key: answer for key, answer in reads(OpenApiTypes.BINARY, 409).items() if key != 200
        }
        | {(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, export_id: UUID) -> StreamingHttpResponse:
        """Download the archive; `verify.py` checks it."""
        export = selectors.export_by_id(self.caller, export_id)
        if export.blob is None:
            raise Conflict("This export has no bundle yet; its job has not succeeded.")
        name = f"audit-{export.created_at:%Y-%m-%d}-{export.pk.hex[:8]}.zip"
        return attachment(export.blob.sha256, export.blob.size, name)
