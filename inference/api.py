"""The REST edge of the inference process."""

import re
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.errors import DomainError, Invalid
from common.openapi import changes
from common.parsers import read_body, read_json
from inference.authentication import TableAuthentication
from inference.predicting import predict
from inference.records import MOST
from inference.refusals import Refused
from inference.segments import damaged_segments
from inference.serializers import PredictionIn, PredictionOut
from inference.serving import follower, writer
from inference.sharing import STICKY_HEADER, read_sticky
from inference.table import Asked, Table, UserRights

_LONG_INTEGER = re.compile(rb"[\[,:\s]-?[0-9]{16,}[\],}\s]")

_ALIAS = OpenApiParameter(
    "alias", OpenApiTypes.STR, description="The alias that answers; champion by default."
)

_STICKY = OpenApiParameter(
    STICKY_HEADER,
    {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]{1,128}$"},
    OpenApiParameter.HEADER,
    description="Where a challenger answers a share of the alias: calls with the same key, such as "
    "a customer's number, get the same version while the shares stay. It is not kept. Without it "
    "each request is drawn by its id.",
)


class FastJSONParser(BaseParser):
    """JSON bodies, as strict as everywhere; the slow reader is asked only in case of doubt."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The body's value. Raises TooLarge, Invalid."""
        body = read_body(stream)
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Invalid(f"The body is not valid JSON: {error}", field="body") from None
        if not isinstance(value, dict):
            raise Invalid("The body must be a JSON object.", field="body")
        return value if _is_plain(body, value) else read_json(body)


def _is_plain(body: bytes, value: dict[str, Any]) -> bool:
    """Whether every colon of the body stands behind a key that was kept, and no character is
    written as an escape: then no key stands twice and no NUL is in it. No integer is so long that
    other readers, as the verifier of its record, might take it for another."""
    if b"\\u" in body or _LONG_INTEGER.search(body):
        return False
    rows = value.get("rows")
    rows = rows if isinstance(rows, list) else []
    keys = len(value) + sum(len(row) for row in rows if isinstance(row, dict))
    return body.count(b":") == keys


def _is_alias(table: Table, name: str, alias: str) -> bool:
    return (name, alias) in table.pointing or (name, alias) in table.emergencies


class _Predict(APIView):
    authentication_classes = [TableAuthentication]
    parser_classes = [FastJSONParser]

    def handle_exception(self, exc: Exception) -> Response:
        """What is refused is counted, in memory alone; then it is answered as everywhere."""
        if isinstance(exc, DomainError | APIException):
            follower().refusals.count(self._refused(exc))
        return super().handle_exception(exc)

    def _refused(self, exc: DomainError | APIException) -> Refused:
        """What callers may invent as they like is left out: names that are none of ours, and the
        numbers of whoever is nobody. A number that no version can have would stop the log."""
        table, name = follower().table, self.kwargs["name"]
        number = self.kwargs.get("number")
        alias = self.request.query_params.get("alias", "champion") if number is None else ""
        # A caller who could not be made out is nobody; asking again would only fail again.
        user = getattr(self.request, "_user", None)
        is_known = isinstance(user, UserRights)
        model = table.models.get(name)
        is_number = is_known and model is not None and number is not None and number <= MOST
        return Refused(
            person=str(user.person) if isinstance(user, UserRights) else "",
            token=str(getattr(self.request, "_auth", "") or "") if is_known else "",
            model=str(model) if model else "",
            alias=alias if model and _is_alias(table, name, alias) else "",
            number=number if is_number else None,
            reason=exc.slug if isinstance(exc, DomainError) else exc.default_code,
        )

    def _answer(self, request: Request, name: str, number: int | None) -> HttpResponse:
        user: Any = request.user
        assert isinstance(user, UserRights)
        asked = Asked(
            user=user,
            name=name,
            alias=request.query_params.get("alias", "champion"),
            number=number,
            request_id=getattr(request, "request_id", ""),
            token=str(request.auth or ""),
            sticky=read_sticky(request.headers.get(STICKY_HEADER)),
        )
        now = follower()
        answer = predict(now.table, asked, request.data, silence_s=now.silence_s, writer=writer())
        return HttpResponse(
            orjson.dumps(answer.body),
            content_type="application/json",
            headers={
                "X-Assay-Version-Digest": answer.version_digest,
                "X-Assay-Emergency" if answer.in_emergency else "X-Assay-Approval": answer.approval,
            },
        )


class PredictByAlias(_Predict):
    """Ask the version behind an alias."""

    @extend_schema(
        operation_id="predict",
        summary="Ask the version behind an alias",
        request=PredictionIn,
        responses=changes(200, PredictionOut),
        parameters=[_ALIAS, _STICKY],
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        """Answers only under a valid, signed approval or an emergency grant for the alias; headers
        name the version and which of the two."""
        return self._answer(request, name, None)


class PredictByNumber(_Predict):
    """Ask one version by its number."""

    @extend_schema(
        operation_id="predict_version",
        summary="Ask one version",
        request=PredictionIn,
        responses=changes(200, PredictionOut),
    )
    def post(self, request: Request, name: str, number: int) -> HttpResponse:
        """Answers only under a valid, signed approval; headers name version and approval."""
        return self._answer(request, name, number)


class Health(APIView):
    """Whether this process serves, and how fresh its knowledge is."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> JsonResponse:
        """200 once a first table was read, else 503."""
        now = follower()
        body = {
            "status": "ok" if now.ready else "starting",
            "generation": now.table.generation,
            "loaded": len(now.table.loaded),
            "refused": len(now.table.refused),
            "database_silent_s": round(now.silence_s, 3),
            "records_flushed_every_ms": settings.SEGMENT_SYNC_MS,
            "damaged_segments": damaged_segments(settings.SEGMENT_DIR),
        }
        return JsonResponse(body, status=200 if now.ready else 503)
