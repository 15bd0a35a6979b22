"""The document of the API, made once for each process: it costs a second and anybody may ask."""

from functools import cache
from typing import Any

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView


@cache
def _document(renderer: Any) -> bytes:
    generator: Any = SchemaGenerator
    made = generator().get_schema(request=None, public=True)
    body: bytes = renderer().render(made, renderer_context={})
    return body


class Schema(APIView):
    """OpenAPI as YAML, or as JSON to those who ask for it; the same whatever the address says."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    renderer_classes = SpectacularAPIView.renderer_classes

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The document."""
        chosen: Any = request.accepted_renderer
        kind: Any = type(chosen)
        return HttpResponse(_document(kind), content_type=chosen.media_type)
