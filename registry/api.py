"""REST edges of models, versions, cards, evidence and datasets."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView, once
from accounts.selectors import team_named
from common.errors import Invalid, NotFound
from common.openapi import KEY, changes, reads, reads_as
from common.paging import KeysetPagination, page_of, page_schema
from common.renderers import Octets
from registry import policies, selectors, services
from registry.blobs import stream
from registry.intake import Piece, request_dataset, request_version
from registry.models import Evidence, ModelVersion, RegisteredModel, RiskTier
from registry.serializers import (
    AliasMoveOut,
    CardIn,
    CardOut,
    DatasetIn,
    DatasetOut,
    DatasetRequestOut,
    EvidenceOut,
    ModelChange,
    ModelIn,
    ModelOut,
    VersionDetailOut,
    VersionIn,
    VersionOut,
    VersionRequestOut,
)

_TIER = OpenApiParameter("risk_tier", OpenApiTypes.STR, enum=RiskTier.values)
_TAG = OpenApiParameter("tag", OpenApiTypes.STR)
_SEARCH = OpenApiParameter("q", OpenApiTypes.STR, description="Part of the name or purpose.")


class ByName(KeysetPagination):
    """Alphabetical pages."""

    ordering = ("name",)


class ByNumber(KeysetPagination):
    """Newest versions first."""

    ordering = ("-number",)


class Models(CallerView):
    """The register."""

    filters = ("q", "risk_tier", "tag")

    @extend_schema(
        operation_id="models_list",
        parameters=[_SEARCH, _TIER, _TAG],
        responses=reads(page_schema(ModelOut)),
    )
    def get(self, request: Request) -> Response:
        """Models of the caller's teams."""
        found = selectors.models_of(self.caller)
        return page_of(_filtered(found, request), request, self, ModelOut, ByName)

    @extend_schema(
        operation_id="models_register",
        parameters=[KEY],
        request=ModelIn,
        responses=changes(201, ModelOut),
    )
    @once
    def post(self, request: Request) -> Response:
        """Register a model."""
        fields = ModelIn.read(request.data)
        team = team_named(self.caller, fields.pop("team"))
        model = services.register_model(caller=self.caller, team=team, **fields)
        return Response(ModelOut(model).data, status=201)


def _filtered(found: QuerySet[RegisteredModel], request: Request) -> QuerySet[RegisteredModel]:
    asked = request.query_params
    if tier := asked.get("risk_tier"):
        if tier not in RiskTier.values:
            raise Invalid("The tier is low, medium or high.", field="risk_tier")
        found = found.filter(risk_tier=tier)
    if tag := asked.get("tag"):
        found = found.filter(tags__contains=[tag])
    if text := asked.get("q"):
        found = selectors.matching(found, text)
    return found


class Model(CallerView):
    """One model."""

    @extend_schema(operation_id="models_read", responses=reads(ModelOut))
    def get(self, request: Request, name: str) -> Response:
        """A model by its name."""
        return Response(ModelOut(selectors.model_named(self.caller, name)).data)

    @extend_schema(
        operation_id="models_change", request=ModelChange, responses=changes(200, ModelOut)
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change purpose, licence or tags."""
        model = selectors.model_named(self.caller, name)
        changed = ModelChange.read(request.data)
        if not changed:
            raise Invalid("Name at least one field that shall change.", field="body")
        services.change_model(caller=self.caller, model=model, changes=changed)
        return Response(ModelOut(model).data)


class AliasHistory(CallerView):
    """Where aliases pointed."""

    @extend_schema(operation_id="aliases_history", responses=reads(AliasMoveOut(many=True)))
    def get(self, request: Request, name: str) -> Response:
        """The last 200 moves of the model's aliases, newest first."""
        model = selectors.model_named(self.caller, name)
        return Response(AliasMoveOut(selectors.alias_history(model)[:200], many=True).data)


class Versions(CallerView):
    """The versions of a model."""

    @extend_schema(operation_id="versions_list", responses=reads(page_schema(VersionOut)))
    def get(self, request: Request, name: str) -> Response:
        """Versions, newest first."""
        model = selectors.model_named(self.caller, name)
        return page_of(selectors.versions_of(model), request, self, VersionOut, ByNumber)

    @extend_schema(
        operation_id="versions_register",
        parameters=[KEY],
        request=VersionIn,
        responses=changes(202, VersionRequestOut),
    )
    @once
    def post(self, request: Request, name: str) -> Response:
        """Ask for a version from finished uploads; a job checks the files and registers it."""
        model = selectors.model_named(self.caller, name)
        fields = VersionIn.read(request.data)
        asked = request_version(
            caller=self.caller,
            model=model,
            pieces=[Piece(**piece) for piece in fields["artifacts"]],
            signature=_signature(fields.get("signature")),
            declared=fields["declared"],
            note=fields["note"],
        )
        return Response(VersionRequestOut(asked).data, status=202)


def _signature(given: Any) -> dict[str, Any] | None:
    if given is not None and not isinstance(given, dict):
        raise Invalid("A signature is an object.", field="signature")
    return given


class Version(CallerView):
    """One version."""

    @extend_schema(operation_id="versions_read", responses=reads(VersionDetailOut))
    def get(self, request: Request, name: str, number: int) -> Response:
        """A version with its files."""
        version = selectors.version_numbered(self.caller, name, number)
        return Response(VersionDetailOut(version).data)


class EvidenceView(CallerView):
    """A view of a version's evidence, which consumers do not see."""

    def version(self, name: str, number: int) -> ModelVersion:
        """The version, if the caller may read its evidence. Raises NotFound, NotAllowed."""
        version = selectors.version_numbered(self.caller, name, number)
        policies.may_read_evidence(self.caller, version.model.team_id).enforce()
        return version


class Manifest(EvidenceView):
    """The manifest's bytes."""

    @extend_schema(operation_id="versions_manifest", responses=reads(OpenApiTypes.OBJECT))
    def get(self, request: Request, name: str, number: int) -> HttpResponse:
        """The canonical manifest; its SHA-256 is the version digest."""
        version = self.version(name, number)
        return HttpResponse(bytes(version.manifest), content_type="application/json")


class ArtifactBytes(EvidenceView):
    """The bytes of a file."""

    renderer_classes = [JSONRenderer, Octets]

    @extend_schema(
        operation_id="artifacts_download",
        responses=reads_as("application/octet-stream", OpenApiTypes.BINARY, 409),
    )
    def get(
        self, request: Request, name: str, number: int, role: str, file: str
    ) -> StreamingHttpResponse:
        """Download one file of a version."""
        version = self.version(name, number)
        artifact = version.artifacts.filter(role=role, name=file).first()
        if artifact is None:
            raise NotFound("The version has no such file.")
        return attachment(artifact.blob_id, artifact.size, artifact.name)


def attachment(sha256: str, size: int, name: str) -> StreamingHttpResponse:
    """A download that no browser renders. Raises Corrupt, Missing."""
    return StreamingHttpResponse(
        stream(sha256),
        content_type="application/octet-stream",
        headers={
            "Content-Length": str(size),
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Digest-SHA256": sha256,
        },
    )


class Card(EvidenceView):
    """The model card."""

    @extend_schema(operation_id="cards_read", responses=reads(CardOut))
    def get(self, request: Request, name: str, number: int) -> Response:
        """The newest revision of the card."""
        card = selectors.latest_card(self.version(name, number))
        if card is None:
            raise NotFound("This version has no model card yet.")
        return Response(CardOut(card).data)

    @extend_schema(operation_id="cards_edit", request=CardIn, responses=changes(200, CardOut))
    def put(self, request: Request, name: str, number: int) -> Response:
        """Write a new revision; its author becomes a contributor and can no longer sign."""
        version = selectors.version_numbered(self.caller, name, number)
        content = CardIn.read(request.data)["content"]
        card = services.edit_card(caller=self.caller, version=version, content=content)
        return Response(CardOut(card).data)


class EvidenceList(EvidenceView):
    """The reports about a version."""

    @extend_schema(operation_id="evidence_list", responses=reads(EvidenceOut(many=True)))
    def get(self, request: Request, name: str, number: int) -> Response:
        """Reports, newest first."""
        rows = self.version(name, number).evidence.defer("body").order_by("-created_at")[:200]
        return Response(EvidenceOut(rows, many=True).data)


class EvidenceBody(EvidenceView):
    """A report."""

    @extend_schema(operation_id="evidence_read", responses=reads(OpenApiTypes.OBJECT))
    def get(self, request: Request, name: str, number: int, digest: str) -> HttpResponse:
        """The canonical bytes of a report; their SHA-256 is the digest in the address."""
        wanted = digest.removeprefix("sha256:")
        row = Evidence.objects.filter(version=self.version(name, number), digest=wanted).first()
        if row is None:
            raise NotFound("The version has no such report.")
        return HttpResponse(bytes(row.body), content_type="application/json")


class Datasets(CallerView):
    """Dataset snapshots."""

    @extend_schema(operation_id="datasets_list", responses=reads(page_schema(DatasetOut)))
    def get(self, request: Request) -> Response:
        """Snapshots of the caller's teams, newest first."""
        return page_of(
            selectors.datasets_of(self.caller), request, self, DatasetOut, KeysetPagination
        )

    @extend_schema(
        operation_id="datasets_register",
        parameters=[KEY],
        request=DatasetIn,
        responses=changes(202, DatasetRequestOut),
    )
    @once
    def post(self, request: Request) -> Response:
        """Ask for a snapshot from a finished upload; a job reads the rows and registers it."""
        fields = DatasetIn.read(request.data)
        team = team_named(self.caller, fields.pop("team"))
        file_format = fields.pop("format")
        asked = request_dataset(caller=self.caller, team=team, file_format=file_format, **fields)
        return Response(DatasetRequestOut(asked).data, status=202)


class Dataset(CallerView):
    """One snapshot."""

    @extend_schema(operation_id="datasets_read", responses=reads(DatasetOut))
    def get(self, request: Request, dataset_id: UUID) -> Response:
        """A snapshot with its schema."""
        return Response(DatasetOut(selectors.dataset_by_id(self.caller, dataset_id)).data)
