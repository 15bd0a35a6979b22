"""The page on which a person comes in by both halves; whoever has them is not signed in."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.ways_in.coming_in import set_password_by_halves
from common.errors import DomainError
from web.base import UNPROCESSABLE, show_refusal
from web.forms.access import ComeInForm


@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(never_cache, name="dispatch")
class ComeIn(View):
    """Login, both halves, a new password; it signs nobody in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty form; nothing of it stands in an address."""
        return self._page(ComeInForm(), 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Set the password, then on to the sign-in."""
        form = ComeInForm(request.POST)
        if not form.is_valid():
            return self._page(form, UNPROCESSABLE)
        try:
            set_password_by_halves(**form.given(), address=request.META["REMOTE_ADDR"])
        except DomainError as error:
            return self._page(form, show_refusal(form, error))
        messages.success(request, _("Your password is set. Sign in with it."))
        return redirect("account_login")

    def _page(self, form: forms.Form, status: int) -> HttpResponse:
        return render(self.request, "account/come_in.html", {"form": form}, status=status)
