"""The halves of a way in, on the page of the proposal that made it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.selectors import proposal_by_id
from accounts.ways_in import services as ways_in
from common.errors import Conflict
from web.forms.proposals import TakeHalfForm
from web.proposals.views import ProposalAct
from web.proving import asks_of


class TakeHalf(ProposalAct):
    """One's own half."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take it; this reply alone shows it."""
        proposal = proposal_by_id(self.caller, pk)
        form = TakeHalfForm(request.POST, asks=asks_of(self.caller), auto_id="take-%s")

        def take(**given: Any) -> None:
            self.half = ways_in.take_half(proposal=proposal, **given)

        status = self.tried(form, take)
        again = proposal_by_id(self.caller, pk)
        return self.show(again, status, take=form) if status else self.show(again, 201)


class WayInEnd(ProposalAct):
    """The end of a way in before it was used."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """End it."""
        proposal = proposal_by_id(self.caller, pk)
        try:
            ways_in.end_way_in(caller=self.caller, proposal=proposal)
        except Conflict as error:
            messages.error(request, error.reason)
        else:
            messages.success(request, _("The halves open nothing any more."))
        return redirect("web:proposal", pk)
