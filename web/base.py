"""What every page shares: somebody is signed in, times are in his zone, refusals stand in forms."""

from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth.mixins import AccessMixin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from accounts.callers import Caller, caller_for
from accounts.models import User
from accounts.selectors import proposals_seen_by
from common.errors import DomainError
from governance.emergencies.selectors import in_force_for
from governance.models import EmergencyGrant
from web.navigation import navigation

UNPROCESSABLE = 422


class PageView(AccessMixin, View):
    """A page for a person who is signed in; everybody else is sent to the sign-in page."""

    caller: Caller
    # Name of the page whose line of the navigation is marked, where the address does not say it.
    nav: ClassVar[str] = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Runs the handler as the person, in the person's time zone."""
        if not isinstance(request.user, User):
            return self.handle_no_permission()
        self.caller = caller_for(
            request.user, via="session", session_key=request.session.session_key
        )
        with timezone.override(ZoneInfo(request.user.time_zone)):
            return super().dispatch(request, *args, **kwargs)

    def page(
        self, template: str, context: dict[str, Any] | None = None, *, status: int = 200
    ) -> HttpResponse:
        """The page, rendered at once: its times belong to this request's zone.

        A view may set `request.nav_counts`, a dict of numbers by page name such as
        {"web:home": 3}, to show them in the navigation.
        """
        counts = getattr(self.request, "nav_counts", {})
        path = reverse(self.nav) if self.nav else self.request.path
        emergencies = in_force_for(self.caller, timezone.now())
        frame = {
            "caller": self.caller,
            "emergencies": emergencies,
            "grants_open": _opened_to(self.caller, emergencies) if emergencies else set(),
            "nav_groups": navigation(self.caller, path, counts),
        }
        return render(self.request, template, {**frame, **(context or {})}, status=status)


def _opened_to(caller: Caller, grants: list[EmergencyGrant]) -> set[UUID]:
    """The grants whose page the caller may open, where they are ended and reviewed."""
    wanted = [grant.proposal_id for grant in grants]
    return set(proposals_seen_by(caller).filter(pk__in=wanted).values_list("pk", flat=True))


def show_refusal(form: forms.BaseForm, error: DomainError) -> int:
    """Puts what a service refused beside the field at fault; returns the status of the reply."""
    # A form may be flat where the service takes an object: `params.hidden` is its field `hidden`.
    steps = (error.field or "").replace("[", ".").split(".")
    form.add_error(next((name for name in steps if name in form.fields), None), error.reason)
    return error.status
