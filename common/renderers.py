"""Replies that are not JSON: they let a client ask for text or bytes by its Accept header."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer


class _AsIs(BaseRenderer):
    """The view gives the finished reply; only refusals pass through here, as JSON."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return bytes(JSONRenderer().render(data))


class PlainText(_AsIs):
    """text/plain"""

    media_type = "text/plain"
    format = "txt"


class Csv(_AsIs):
    """text/csv"""

    media_type = "text/csv"
    format = "csv"


class Octets(_AsIs):
    """application/octet-stream"""

    media_type = "application/octet-stream"
    format = "bin"
