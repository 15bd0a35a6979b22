"""Proposing an emergency grant, ending one, and reviewing one that is over."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.selectors import proposal_by_id
from common.decisions import Decision
from common.errors import DomainError, NotFound
from governance.emergencies import policies
from governance.emergencies.selectors import grants_seen_by
from governance.emergencies.services import end_emergency, review_emergency
from governance.models import EmergencyGrant
from web.base import UNPROCESSABLE, show_refusal
from web.forms.emergencies import EmergencyForm, EndEmergencyForm, ReviewEmergencyForm
from web.proposals.proposing import Proposing
from web.proposals.views import ProposalPage
from web.versions.acts import ActPage


class ProposeEmergency(Proposing, ActPage):
    """Letting the version answer without an approval."""

    kind = "emergency"

    title = gettext_lazy("Propose an emergency grant")
    what = gettext_lazy(
        "Without an approval this version answers under one alias for some hours, once another "
        "manager has confirmed it; both of you need an authenticator app, and neither may have "
        "worked on the version. Every page and every answer says that it is an emergency, and a "
        "third person reviews it afterwards."
    )
    button = gettext_lazy("Propose the emergency grant")
    tone = "bad"

    def allowed(self) -> Decision:
        """Managers."""
        return policies.may_grant(self.caller, self.version.model.team_id)

    def form(self, data: Any = None) -> forms.Form:
        """Alias, hours, reason, and proof."""
        return EmergencyForm(data, asks=replace(self.asks(), provider_url=""))

    def wish(self, form: forms.Form) -> dict[str, Any]:
        """The version, the alias, and for how long."""
        return {
            "model": self.version.model.name,
            "version": self.version.number,
            "alias": form.cleaned_data["alias"],
            "hours": form.cleaned_data["hours"],
        }


class _OfGrant(ProposalPage, ABC):
    """Something done to a grant by a form on the page of its proposal."""

    form_class: ClassVar[type[forms.Form]]
    name: ClassVar[str]

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Nothing is done by following a link."""
        return redirect("web:proposal", pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Does it, or shows the form again with what is wrong."""
        proposal = proposal_by_id(self.caller, pk)
        grant = grants_seen_by(self.caller).filter(proposal=proposal).first()
        if grant is None:
            raise NotFound("There is no emergency grant of this proposal that you may see.")
        self.allowed(grant).enforce()
        form = self.form_class(request.POST, auto_id=f"{self.name}-%s")
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                self.act(grant, form.cleaned_data)
            except DomainError as error:
                status = show_refusal(form, error)
            else:
                return redirect("web:proposal", pk)
        return self.show(proposal, status, **{f"{self.name}_form": form})

    @abstractmethod
    def allowed(self, grant: EmergencyGrant) -> Decision:
        """Whether the person may do this at all."""

    @abstractmethod
    def act(self, grant: EmergencyGrant, given: dict[str, Any]) -> None:
        """Calls the service."""


class EndEmergency(_OfGrant):
    """Ending it before its time."""

    form_class = EndEmergencyForm
    name = "end"

    def allowed(self, grant: EmergencyGrant) -> Decision:
        """Managers and compliance."""
        return policies.may_end(self.caller, grant)

    def act(self, grant: EmergencyGrant, given: dict[str, Any]) -> None:
        """Ends it."""
        end_emergency(caller=self.caller, grant=grant, **given)
        messages.success(self.request, _("Ended: nothing answers under it any more."))


class ReviewEmergency(_OfGrant):
    """A third person's word on it."""

    form_class = ReviewEmergencyForm
    name = "review"

    def allowed(self, grant: EmergencyGrant) -> Decision:
        """A third person."""
        return policies.may_review(self.caller, grant)

    def act(self, grant: EmergencyGrant, given: dict[str, Any]) -> None:
        """Keeps it."""
        review_emergency(caller=self.caller, grant=grant, **given)
        messages.success(self.request, _("The review of the emergency grant is kept."))
