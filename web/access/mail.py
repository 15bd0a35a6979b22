"""Choosing on one's profile whether to get mail."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from governance.waiting.services import choose_mailing
from web.access.own import Profile
from web.base import UNPROCESSABLE
from web.forms.access import MailingForm, ProfileForm


class Mail(Profile):
    """Mail about what waits."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form stands on the profile."""
        return redirect("web:access")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the choice."""
        form = MailingForm(request.POST)
        if not form.is_valid():
            settings = ProfileForm(initial={"time_zone": self.caller.user.time_zone})
            return self._page(settings, UNPROCESSABLE, mail=form)
        choose_mailing(caller=self.caller, **form.cleaned_data)
        messages.success(request, _("Your choice of mail is kept."))
        return redirect("web:access")
