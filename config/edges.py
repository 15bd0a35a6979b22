"""Replies where no view answers: unknown addresses, wrong hosts, defects, health."""

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.errors import DomainError, NotAllowed, NotFound
from common.problems import CONTENT_TYPE, problem, problem_of

log = logging.getLogger("assay.refusals")


def among_pages(request: HttpRequest) -> bool:
    """Whether the address is one for people; the inference process has none."""
    return bool(settings.TEMPLATES) and not request.path.startswith("/api/")


def for_scripts(request: HttpRequest) -> bool:
    """Whether a script of a page asks, which shows the reason itself."""
    return request.headers.get("Accept", "") == "application/json"


def _wants_page(request: HttpRequest) -> bool:
    return among_pages(request) and "text/html" in request.headers.get("Accept", "")


def problem_reply(request: HttpRequest, error: DomainError) -> JsonResponse:
    """A problem document with the request's number."""
    document = problem_of(error) | {"request_id": getattr(request, "request_id", "")}
    return JsonResponse(document, status=error.status, content_type=CONTENT_TYPE)


def _refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    if _wants_page(request):
        return render(request, "errors/refused.html", {"error": error}, status=error.status)
    return problem_reply(request, error)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, for a Host that is not ours or a body that is no form. Never a page: it asks nothing
    of the request that may be wrong again."""
    log.warning("%s: %s", type(exception).__name__, str(exception)[:200])
    return problem_reply(request, DomainError("The request is not well-formed."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 as a page or a problem document."""
    return _refusal(request, NotAllowed("You may not do this."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404 as a page or a problem document."""
    return _refusal(request, NotFound("There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """500 without anything of the inside; the request's number leads to the log."""
    number: Any = getattr(request, "request_id", "")
    document = problem(
        status=500,
        slug="defect",
        title="Something went wrong inside",
        detail="This is a defect of the application; its log says more under the request's number.",
        request_id=number,
    )
    if _wants_page(request):
        return render(request, "errors/500.html", {"request_id": number}, status=500)
    return JsonResponse(document, status=500, content_type=CONTENT_TYPE)


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Whether the web process answers and reaches the database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    return JsonResponse({"status": "ok"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 where a form was sent without the page's secret, as a page or a problem document."""
    if _wants_page(request):
        return render(request, "errors/csrf.html", status=403)
    error = NotAllowed("The request does not carry the secret of the page that it comes from.")
    return JsonResponse(problem_of(error), status=403, content_type=CONTENT_TYPE)
