"""What the documentation of every REST operation shares."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from common.problems import CONTENT_TYPE

_MEANINGS = {
    400: "The request is not well-formed.",
    401: "No valid token or session.",
    403: "The caller may not do this; the detail says why.",
    404: "There is no such thing that the caller may see.",
    405: "This method does not exist here.",
    406: "No such form of reply.",
    409: "The thing is in a state in which this cannot be done.",
    412: "It has changed since it was shown.",
    413: "Over a stated limit.",
    415: "This kind of body is not read here.",
    422: "The input is not valid; `field` names the place.",
    429: "Too many tries.",
    503: "Something that is needed does not answer now.",
}
_ALWAYS = (400, 401, 403, 404, 405, 406, 422, 503)
_WITH_BODY = (409, 413, 415)
MOST_OF_A_PAGE = 200


class Problem(serializers.Serializer[Any]):
    """A problem document (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    field = serializers.CharField(required=False)
    remedy = serializers.CharField(
        required=False, help_text="What the person can do so that it is allowed, where that is all."
    )
    request_id = serializers.CharField(required=False)


KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[A-Za-z0-9._:-]{8,128}$"},
    OpenApiParameter.HEADER,
    description="8 to 128 characters; the same key with the same request gets the first reply.",
)


def reads(answer: Any, *also: int) -> dict[Any, Any]:
    """Responses of an operation that changes nothing."""
    return {200: answer} | problems(*also)


def reads_as(media_type: str, answer: Any, *also: int) -> dict[Any, Any]:
    """Responses of an operation whose answer is no JSON."""
    return {(200, media_type): answer} | problems(*also)


def changes(status: int, answer: Any, *also: int) -> dict[Any, Any]:
    """Responses of an operation that changes something."""
    return {status: answer} | problems(*_WITH_BODY, *also)


def problems(*also: int) -> dict[Any, Any]:
    """The refusals that every operation knows, and further ones by their codes."""
    return {
        (code, CONTENT_TYPE): OpenApiResponse(Problem, description=_MEANINGS[code])
        for code in sorted({*_ALWAYS, *also})
    }


def complete(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """Give every operation a summary (its description's first line) and lists their paging.

    A hook of the schema generator. What may be anything may be null: said once, not as a choice
    of which both sides hold.
    """
    _plain_anything(result)
    for path in result["paths"].values():
        for operation in path.values():
            first = operation.get("description", "").partition("\n")[0]
            operation.setdefault("summary", first.partition(";")[0].rstrip("."))
            if _is_page(operation):
                operation.setdefault("parameters", []).extend(_paging())
    return result


def _plain_anything(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("oneOf") == [{}, {"type": "null"}]:
            del node["oneOf"]
        for item in node.values():
            _plain_anything(item)
    elif isinstance(node, list):
        for item in node:
            _plain_anything(item)


def _is_page(operation: dict[str, Any]) -> bool:
    content = operation["responses"].get("200", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    return str(reference).endswith("Page")


def _paging() -> list[dict[str, Any]]:
    return [
        {
            "in": "query",
            "name": "cursor",
            "schema": {"type": "string"},
            "description": "Stands in the `next` and `previous` of a page.",
        },
        {
            "in": "query",
            "name": "limit",
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST_OF_A_PAGE},
            "description": "Rows of a page; 50 if left out.",
        },
    ]
