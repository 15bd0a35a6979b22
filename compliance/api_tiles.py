"""REST edges of the log's tiles (c2sp.org/tlog-tiles); the log's prefix there is /api/v1/audit."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from accounts.edges import CallerView
from audit import tiles
from common.openapi import reads
from common.renderers import Octets
from compliance import policies

# A tile of one width never changes. Not for shared caches: whoever asks has signed in.
_FOR_EVER = "private, max-age=31536000, immutable"


def _reads_tiles() -> dict[Any, Any]:
    answers: dict[Any, Any] = reads(OpenApiTypes.BINARY, 409)
    return {(200, "application/octet-stream"): answers.pop(200)} | answers


def _octets(body: bytes) -> HttpResponse:
    reply = HttpResponse(body, content_type="application/octet-stream")
    reply["Cache-Control"] = _FOR_EVER
    return reply


class TileView(CallerView):
    """A view that answers with bytes."""

    renderer_classes = [JSONRenderer, Octets]


class HashTile(TileView):
    """Hashes of the tree."""

    @extend_schema(operation_id="audit_tile", responses=_reads_tiles())
    def get(self, request: Request, level: str, index: str) -> HttpResponse:
        """A tile of hashes; `index` as `067`, `x001/x234/067` or, for 8 of 256, `067.p/8`."""
        policies.may_read_tree(self.caller).enforce()
        return _octets(tiles.hashes(tiles.Tile.read(level, index)))


class EntryTile(TileView):
    """Events of the log."""

    @extend_schema(operation_id="audit_tile_entries", responses=_reads_tiles())
    def get(self, request: Request, index: str) -> HttpResponse:
        """The events of a tile of level 0, for those who read the whole log."""
        policies.may_read_whole_log(self.caller).enforce()
        return _octets(tiles.entries(tiles.Tile.read("0", index)))
