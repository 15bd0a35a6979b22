"""REST edge of attached files."""

from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from accounts.edges import CallerView
from common.openapi import reads_as
from common.renderers import Octets
from governance.attachments.selectors import attachment_by_id
from registry.api import attachment


class AttachedFile(CallerView):
    """The bytes of an attached file."""

    renderer_classes = [JSONRenderer, Octets]

    @extend_schema(
        operation_id="attachments_download",
        responses=reads_as("application/octet-stream", OpenApiTypes.BINARY, 409),
    )
    def get(self, request: Request, attachment_id: UUID) -> StreamingHttpResponse:
        """Download a file that is attached to a comment, a finding or an answer."""
        row = attachment_by_id(self.caller, attachment_id)
        return attachment(row.blob_id, row.size, row.name)
