"""One's own second factor: set up, new recovery codes, removal."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.adapters import PersonsFactors
from accounts.factors import services as second_factors
from accounts.factors.codes import state_of
from common.errors import DomainError, Invalid, NotAllowed
from web.access.sections import sections
from web.base import UNPROCESSABLE, PageView, show_refusal
from web.forms.access import EnrolForm, ProofForm

_RENEW, _REMOVE = "renew-%s", "remove-%s"


class SecondFactorPage(PageView):
    """Whether I have an authenticator app, and what I can do about it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; without an app it offers a new secret."""
        return self.show()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Set up the app, and show the recovery codes this once."""
        form = EnrolForm(request.POST)
        try:
            offer = second_factors.same_offer(
                caller=self.caller, offer=request.POST.get("offer", "")
            )
        except Invalid as error:
            messages.error(request, error.reason)
            return redirect("web:second-factor")
        codes, status = self.tried(form, second_factors.enrol_factor)
        return self.show(status, codes=codes or (), enrol=form, offer=offer)

    def tried(self, form: forms.Form, act: Callable[..., Any]) -> tuple[Any, int]:
        """What the act gave with the form's values, or None; and the status of the reply."""
        if not form.is_valid():
            return None, UNPROCESSABLE
        try:
            return act(caller=self.caller, **form.cleaned_data), 201
        except DomainError as error:
            if isinstance(error, NotAllowed) and not error.field:
                raise
            status = show_refusal(form, error)
            return None, UNPROCESSABLE if isinstance(error, NotAllowed) else status

    def show(
        self,
        status: int = 200,
        *,
        codes: Sequence[str] = (),
        offer: second_factors.Offer | None = None,
        **given: forms.Form,
    ) -> HttpResponse:
        """The page; `given` are forms that come back with what is wrong."""
        state = state_of(self.caller.person_id)
        context: dict[str, Any] = {
            "factor": state,
            "codes": "\n".join(codes),
            "sections": sections(self.caller, "web:second-factor"),
        }
        if state["enrolled"]:
            context["renew"] = given.get("renew", ProofForm(auto_id=_RENEW))
            context["remove"] = given.get("remove", ProofForm(auto_id=_REMOVE))
        else:
            offer = offer or second_factors.offer_factor(caller=self.caller)
            context |= {"offer": offer, "picture": _picture(offer.address)}
            context["enrol"] = given.get("enrol", EnrolForm(initial={"offer": offer.sealed}))
        return self.page("access/second_factor.html", context, status=status)


def _picture(address: str) -> str:
    """The address as a QR code: an SVG in a `data:` address."""
    svg: str = PersonsFactors().build_totp_svg(address)
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


class RecoveryCodesRenew(SecondFactorPage):
    """Making new recovery codes."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Nothing is made by following a link."""
        return redirect("web:second-factor")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make them, and show them this once."""
        form = ProofForm(request.POST, auto_id=_RENEW)
        codes, status = self.tried(form, second_factors.renew_recovery_codes)
        if codes:
            return self.show(status, codes=codes)
        return self.show(status, renew=form)


class SecondFactorRemove(SecondFactorPage):
    """Doing without the app."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Nothing is removed by following a link."""
        return redirect("web:second-factor")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remove it."""
        form = ProofForm(request.POST, auto_id=_REMOVE)
        _nothing, status = self.tried(form, second_factors.remove_factor)
        if form.errors:
            return self.show(status, remove=form)
        messages.success(request, _("Your second factor is removed; the password alone signs now."))
        return redirect("web:second-factor")
