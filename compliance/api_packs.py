"""REST edges of packs."""

from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.edges import CallerView, once
from common.openapi import KEY, changes, problems, reads
from common.paging import KeysetPagination, page_of, page_schema
from common.renderers import Octets
from compliance import packing
from compliance.packs import seen
from compliance.packs.templates import templates
from compliance.serializers_packs import PackIn, PackOut, PackTemplateOut
from registry.api import attachment


class PackTemplates(CallerView):
    """Templates of packs."""

    @extend_schema(operation_id="pack_templates_list", responses=reads(PackTemplateOut(many=True)))
    def get(self, request: Request) -> Response:
        """What packs there are, and how far each was compared with its source."""
        return Response(PackTemplateOut(list(templates().values()), many=True).data)


class Packs(CallerView):
    """Documents for an examiner."""

    @extend_schema(operation_id="packs_list", responses=reads(page_schema(PackOut)))
    def get(self, request: Request) -> Response:
        """Packs of models whose records the caller may export, newest first."""
        rows = seen.packs_seen_by(self.caller)
        return page_of(rows, request, self, PackOut, KeysetPagination)

    @extend_schema(
        operation_id="packs_request",
        parameters=[KEY],
        request=PackIn,
        responses=changes(202, PackOut),
    )
    @once
    def post(self, request: Request) -> Response:
        """Ask for a pack about what its template is about; a job makes it."""
        pack = packing.request_pack(caller=self.caller, **PackIn.read(request.data))
        return Response(PackOut(seen.pack_by_id(self.caller, pack.pk)).data, status=202)


class PackDetail(CallerView):
    """One pack."""

    @extend_schema(operation_id="packs_read", responses=reads(PackOut))
    def get(self, request: Request, pack_id: UUID) -> Response:
        """A pack, how its job stands, and its files by digest."""
        return Response(PackOut(seen.pack_by_id(self.caller, pack_id)).data)


class PackFile(CallerView):
    """The bytes of a pack."""

    renderer_classes = [JSONRenderer, Octets]

    @extend_schema(
        operation_id="packs_file",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY} | problems(409),
    )
    def get(self, request: Request, pack_id: UUID, form: str) -> StreamingHttpResponse:
        """Download a form: html, pdf, csv, json (by the schema /static/schemas/pack-2.json), or cdx
        of the ML-BOM."""
        pack = seen.pack_by_id(self.caller, pack_id)
        blob = seen.file_of(pack, form).blob
        return attachment(blob.sha256, blob.size, seen.file_name(pack, form))
