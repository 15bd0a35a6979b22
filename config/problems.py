"""The one error handler of the REST API."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common.errors import DomainError, NotAllowed, NotFound
from common.problems import CONTENT_TYPE, problem, problem_of
from config.refusals import domain_error, note_refusal

_TITLES = {
    400: "The request is not well-formed",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "This method does not exist here",
    406: "No such form of reply",
    415: "This kind of body is not read here",
    422: "The input is not valid",
    429: "Too many requests",
}


def _flatten(detail: Any, path: str = "") -> list[dict[str, str]]:
    if isinstance(detail, dict):
        found = []
        for key, value in detail.items():
            name = path if key == "non_field_errors" else f"{path}.{key}".lstrip(".")
            found += _flatten(value, name)
        return found
    if isinstance(detail, list) and any(isinstance(item, dict | list) for item in detail):
        return [e for n, item in enumerate(detail) for e in _flatten(item, f"{path}[{n}]") if item]
    messages = detail if isinstance(detail, list) else [detail]
    return [{"field": path or "body", "detail": str(message)} for message in messages]


def _of_validation(error: exceptions.ValidationError) -> dict[str, Any]:
    errors = _flatten(error.detail)
    first = errors[0] if errors else {"field": "body", "detail": "The input is not valid."}
    return problem(
        status=422,
        slug="invalid",
        title=_TITLES[422],
        detail=first["detail"],
        field=first["field"],
        errors=errors,
    )


def _of_http(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return _of_validation(error)
    status = error.status_code
    return problem(
        status=status,
        slug=str(error.default_code).replace("_", "-"),
        title=_TITLES.get(status, "The request was refused"),
        detail=str(error.detail),
    )


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """A problem document for everything that is a refusal; None lets a defect surface."""
    request = context["request"]
    error: DomainError | None
    if isinstance(exc, Http404):
        error = NotFound("There is no such thing.")
    elif isinstance(exc, PermissionDenied):
        error = NotAllowed(str(exc) or "You may not do this.")
    else:
        error = domain_error(exc)
    set_rollback()
    if error is not None:
        if not transaction.get_connection().needs_rollback:
            note_refusal(request, error)
        return _reply(problem_of(error), request)
    if isinstance(exc, exceptions.APIException):
        if isinstance(exc, exceptions.PermissionDenied):
            note_refusal(request, NotAllowed(str(exc.detail)))
        return _reply(_of_http(exc), request, getattr(exc, "auth_header", None))
    return None


def _reply(document: dict[str, Any], request: Any, challenge: str | None = None) -> Response:
    document["request_id"] = getattr(request, "request_id", "")
    # A view that speaks YAML, say, still refuses in JSON.
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), CONTENT_TYPE
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    return Response(document, status=document["status"], content_type=CONTENT_TYPE, headers=headers)
