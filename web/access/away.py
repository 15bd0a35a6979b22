"""Naming on one's profile who is asked in one's place, and ending it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from common.errors import Conflict, Invalid
from governance.reviewing import delegations
from web.access.own import Profile
from web.base import UNPROCESSABLE, PageView, show_refusal
from web.forms.access import ProfileForm


class Away(Profile):
    """Naming a delegate."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form stands on the profile."""
        return redirect("web:access")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Name the delegate, or show what is wrong beside its field."""
        delegations.may_delegate(self.caller).enforce()
        form = self.away_form(request.POST)
        if not form.is_valid():
            return self._wrong(form, UNPROCESSABLE)
        given: dict[str, Any] = form.cleaned_data
        given["delegate"] = UUID(given["delegate"])
        try:
            delegations.name_delegate(caller=self.caller, **given)
        except (Conflict, Invalid) as error:
            return self._wrong(form, show_refusal(form, error))
        messages.success(request, _("Named; reviews assigned to you are theirs on these days."))
        return redirect("web:access")

    def _wrong(self, away: Any, status: int) -> HttpResponse:
        settings = ProfileForm(initial={"time_zone": self.caller.user.time_zone})
        return self._page(settings, status, away=away)


class AwayEnd(PageView):
    """Being back before the day."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """End it."""
        row = delegations.delegation_by_id(self.caller, pk)
        delegations.end_delegation(caller=self.caller, delegation=row)
        messages.success(request, _("Ended; reviews assigned to you are yours again."))
        return redirect("web:access")
