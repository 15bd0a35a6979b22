"""Sessions on pages: one's own, and those of a person whom one looks after."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import BrowserSession, User
from accounts.sessions.services import end_session, end_sessions, is_own_seat, sessions_of
from accounts.sessions.user_agents import program_and_system
from common.errors import NotFound
from web.access.sections import sections
from web.base import PageView


def in_words(session: BrowserSession) -> str:
    """Firefox on Linux, and the like."""
    program, system = program_and_system(session.agent)
    words = {"program": program or _("Another program"), "system": system}
    return _("%(program)s on %(system)s") % words if system else words["program"]


class _SessionsPage(PageView):
    def show(self, user: User, *, own: bool) -> HttpResponse:
        """The page of a login."""
        names = {"one": "session-end", "all": "sessions-end"}
        keys: list[Any] = []
        if not own:
            names = {"one": "person-session-end", "all": "person-sessions-end"}
            keys = [user.pk]
        entries = [
            {
                "row": row,
                "words": in_words(row),
                "own": is_own_seat(self.caller, row),
                "end": reverse(f"web:{names['one']}", args=[*keys, row.pk]),
            }
            for row in sessions_of(user)
        ]
        context = {
            "login": user,
            "own": own,
            "entries": entries,
            "others": [entry for entry in entries if not entry["own"]],
            "end_all": reverse(f"web:{names['all']}", args=keys),
            "sections": sections(self.caller, "web:sessions" if own else "web:people"),
        }
        return self.page("access/sessions.html", context)

    def login(self, pk: UUID) -> User:
        """A login whose sessions the person may end. Raises NotAllowed, NotFound."""
        user = User.objects.select_related("person").filter(pk=pk).first()
        if user is None or not policies.may_manage_sessions(self.caller, user):
            policies.keeps_sessions(self.caller).enforce()
            raise NotFound("There is no such login.")
        return user


class Sessions(_SessionsPage):
    """Where I am signed in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return self.show(self.caller.user, own=True)


class SessionEnd(_SessionsPage):
    """Signing out elsewhere."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """End one."""
        end_session(caller=self.caller, user=self.caller.user, session_id=pk)
        messages.success(request, _("The session is ended."))
        return redirect("web:sessions")


class SessionsEnd(_SessionsPage):
    """Signing out everywhere else."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """End all but this one."""
        end_sessions(caller=self.caller, user=self.caller.user)
        messages.success(request, _("All other sessions are ended."))
        return redirect("web:sessions")


class PersonSessions(_SessionsPage):
    """Where somebody is signed in whom the person looks after."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page."""
        return self.show(self.login(pk), own=False)


class PersonSessionEnd(_SessionsPage):
    """Signing somebody out of one browser."""

    def post(self, request: HttpRequest, pk: UUID, session_pk: UUID) -> HttpResponse:
        """End one."""
        end_session(caller=self.caller, user=self.login(pk), session_id=session_pk)
        messages.success(request, _("The session is ended."))
        return redirect("web:person-sessions", pk)


class PersonSessionsEnd(_SessionsPage):
    """Signing somebody out everywhere."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """End all."""
        end_sessions(caller=self.caller, user=self.login(pk))
        messages.success(request, _("All sessions are ended."))
        return redirect("web:person-sessions", pk)
