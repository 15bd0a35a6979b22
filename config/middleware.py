"""Request numbers, and pages for refusals."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from accounts.sessions.services import Use, note_use
from common.errors import Invalid
from config.edges import among_pages, for_scripts, problem_reply
from config.refusals import domain_error, note_refusal

Handler = Callable[[HttpRequest], HttpResponse]
_GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


class RequestId:
    """Gives every request a number that stands in the reply, the log and the problem document."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        number = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = number  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = number
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        # Replies of the middleware between (a wrong Host, static files) never reach Django's own.
        response.setdefault("X-Frame-Options", "DENY")
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        return response


class NotedSession:
    """Remembers where a session is used, so that its person sees it among the others."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self._note(request)
        response = self.get_response(request)
        # A session that begins here would be seen by nobody, nor be ended, until its first use.
        self._note(request)
        return response

    @staticmethod
    def _note(request: HttpRequest) -> None:
        key = request.session.session_key
        if key and isinstance(request.user, User):
            agent = request.headers.get("User-Agent", "").replace("\x00", "")
            note_use(request.user, Use(key, agent, request.META.get("REMOTE_ADDR") or None))


class Refusals:
    """Shows what a service refused as a page with the reason, or as a problem document."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        place = _place_of_nul(request)
        if place is not None:
            return problem_reply(request, Invalid("This holds a NUL character.", field=place))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> Any:
        """A reply for a refusal; None lets a defect surface."""
        error = domain_error(exception)
        if error is None:
            return None
        note_refusal(request, error)
        if not among_pages(request) or for_scripts(request):
            return problem_reply(request, error)
        return render(request, "errors/refused.html", {"error": error}, status=error.status)


def _place_of_nul(request: HttpRequest) -> str | None:
    """Where the address or a cookie holds a character that no text of the database can hold."""
    if "\x00" in request.path_info:
        return "path"
    if "%00" in request.META.get("QUERY_STRING", ""):
        return "query"
    return next((name for name, value in request.COOKIES.items() if "\x00" in value), None)
