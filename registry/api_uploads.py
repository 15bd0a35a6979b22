"""REST addresses of resumable uploads: begin, send at an offset, look, remove."""

import re
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.callers import Caller, caller_for
from accounts.models import ApiToken, User
from common.api import Input
from common.errors import Invalid
from common.openapi import changes, reads
from registry import uploads
from trust.times import format_moment

SUGGESTED_CHUNK = 64 * 2**20
_OFFSET = re.compile(r"[0-9]{1,18}")
_BINARY = "application/octet-stream"


class UploadInput(Input):
    """What is going to be sent."""

    name = serializers.CharField(max_length=128, help_text="File name, for display only.")
    size = serializers.IntegerField(min_value=1, help_text="Length of the whole file in bytes.")
    sha256 = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=71,
        help_text="Digest of the whole file, if known; the upload is refused if it differs.",
    )


class UploadOutput(serializers.Serializer[Any]):
    """How far an upload is."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    offset = serializers.IntegerField(help_text="Bytes kept; the next request continues here.")
    sha256 = serializers.CharField(help_text="Digest of the whole file; empty until it is whole.")
    chunk = serializers.IntegerField(help_text="Suggested length of one request in bytes.")
    expires_at = serializers.CharField(help_text="When it is removed unless it was used.")


def _caller(request: Request) -> Caller:
    assert isinstance(request.user, User), "the default permission lets in only signed-in people"
    token = request.auth if isinstance(request.auth, ApiToken) else None
    return caller_for(request.user, via="token" if token else "session", token=token)


def _reply(progress: uploads.Progress, code: int = status.HTTP_200_OK) -> Response:
    upload = progress.upload
    body = {
        "id": str(upload.pk),
        "name": upload.name,
        "size": upload.size,
        "offset": progress.offset,
        "sha256": progress.sha256,
        "chunk": SUGGESTED_CHUNK,
        "expires_at": format_moment(upload.expires_at),
    }
    return Response(body, status=code, headers={"Upload-Offset": str(progress.offset)})


def _offset(request: Request) -> int:
    given = request.headers.get("Upload-Offset", "")
    if not _OFFSET.fullmatch(given):
        raise Invalid("Say in the header at which byte this body begins.", field="Upload-Offset")
    return int(given)


def _length(request: Request) -> int | None:
    """The announced length of the body, or None where it comes in chunks."""
    given = request.META.get("CONTENT_LENGTH") or ""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        return None
    if not _OFFSET.fullmatch(given):
        raise Invalid("The request has no valid Content-Length.", field="Content-Length")
    return int(given)


class UploadList(APIView):
    """Where uploads begin."""

    @extend_schema(
        operation_id="upload_start",
        request=UploadInput,
        responses=changes(201, UploadOutput),
    )
    def post(self, request: Request) -> Response:
        """Announce a file. Send its bytes with PATCH, then name the upload's id where a version
        or a dataset is registered."""
        fields = UploadInput.read(request.data)
        upload = uploads.start(caller=_caller(request), **fields)
        return _reply(uploads.Progress(upload, 0), status.HTTP_201_CREATED)


class UploadDetail(APIView):
    """One upload of the caller's."""

    @extend_schema(operation_id="upload_read", responses=reads(UploadOutput))
    def get(self, request: Request, upload_id: UUID) -> Response:
        """How far the upload is; what is counted in `offset` is safely stored."""
        return _reply(uploads.find(caller=_caller(request), upload_id=upload_id))

    @extend_schema(
        operation_id="upload_send",
        request={_BINARY: OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter(
                "Upload-Offset",
                OpenApiTypes.INT,
                OpenApiParameter.HEADER,
                required=True,
                description="The byte of the file at which the body begins.",
            )
        ],
        responses=changes(200, UploadOutput),
    )
    def patch(self, request: Request, upload_id: UUID) -> Response:
        """Send the next bytes as a raw body of any length; what arrived of a body that breaks off
        is kept."""
        if request.content_type.partition(";")[0].strip().lower() != _BINARY:
            raise UnsupportedMediaType(request.content_type)
        progress = uploads.append(
            caller=_caller(request),
            upload_id=upload_id,
            offset=_offset(request),
            # Straight from the server: Django's and DRF's ways to a body would hold it in memory,
            # and Django's stream has no bytes where the body comes in chunks.
            body=request.META["wsgi.input"],
            length=_length(request),
        )
        return _reply(progress)

    @extend_schema(operation_id="upload_remove", responses=changes(204, None))
    def delete(self, request: Request, upload_id: UUID) -> Response:
        """Give the upload up; its bytes are removed."""
        uploads.cancel(caller=_caller(request), upload_id=upload_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("uploads", UploadList.as_view(), name="uploads"),
    path("uploads/<uuid:upload_id>", UploadDetail.as_view(), name="upload"),
]
