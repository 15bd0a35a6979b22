"""What takes two persons: the list, and a proposal with its acts."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.callers import Caller
from accounts.models import Proposal, ProposalState, User
from accounts.policies import may_decline, may_take_back
from accounts.proposals import services as proposing
from accounts.proposals.kinds import kind_named
from accounts.selectors import proposal_by_id, proposals_seen_by
from common.errors import Conflict, DomainError, NotAllowed
from web.base import UNPROCESSABLE, PageView, show_refusal
from web.emergencies.presenting import emergency_of
from web.forms.proposals import ConfirmForm, DeclineForm
from web.forms.proving import given_proof
from web.paging import newest_first
from web.proposals.presenting import shown, titles_of, way_in_of
from web.proving import asks_of


class ProposalList(PageView):
    """Every proposal that the person may see."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, newest first; `?state=open` and the like narrow it."""
        state = request.GET.get("state", "")
        rows = proposals_seen_by(self.caller)
        if state in ProposalState.values:
            rows = rows.filter(state=state)
        listing = newest_first(rows, "opened_at", request.GET.get("after", ""))
        titles = titles_of(listing.rows)
        context = {
            "listing": listing,
            "entries": [(row, titles[row.pk]) for row in listing.rows],
            "states": ProposalState.choices,
            "state": state,
            "alone": self.caller.is_admin and _nobody_else(self.caller),
        }
        return self.page("proposals/list.html", context)


def _nobody_else(caller: Caller) -> bool:
    """Whether there is no second person who administers the instance."""
    others = User.objects.filter(is_admin=True, is_active=True, person__is_active=True)
    return not others.exclude(person=caller.person_id).exists()


class ProposalPage(PageView):
    """One proposal; `half` is what this reply alone shows of a way in."""

    half = ""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page."""
        return self.show(proposal_by_id(self.caller, pk))

    def show(self, proposal: Proposal, status: int = 200, **given: forms.Form) -> HttpResponse:
        """The page; `given` are forms that come back with what is wrong."""
        kind, said = kind_named(proposal.kind), proposing.said_in(proposal)
        is_open = proposal.state == ProposalState.OPEN
        may = kind.may_confirm(self.caller, proposal.team_id)
        decline = may_decline(self.caller, proposal, may)
        context: dict[str, Any] = {
            "proposal": proposal,
            "said": said,
            "shown": shown(proposal),
            "is_open": is_open,
            "changed": is_open and kind.before(said.details) != said.before,
            "may_confirm": decline,
            "about_me": proposing.is_about_himself(self.caller, proposal.kind, said.details),
            "may_withdraw": is_open and may_take_back(self.caller, proposal).allowed,
            "confirm": given.get("confirm") or self.confirming(proposal),
            "half": self.half,
            "decline": given.get("decline") or DeclineForm(auto_id="decline-%s"),
            **emergency_of(self.caller, proposal, given),
            **way_in_of(self.caller, proposal, given.get("take")),
        }
        return self.page("proposals/detail.html", context, status=status)

    def confirming(self, proposal: Proposal, data: Any = None) -> ConfirmForm:
        """The form that confirms what is shown."""
        return ConfirmForm(
            data,
            asks=asks_of(
                self.caller, reverse("api:proposal-confirmation-challenge", args=[proposal.pk])
            ),
            initial={"digest": f"sha256:{proposal.digest}"},
            auto_id="confirm-%s",
        )


class ProposalAct(ProposalPage):
    """Something done to a proposal by a form on its page."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Nothing is decided by following a link."""
        return redirect("web:proposal", pk)

    def tried(self, form: forms.Form, act: Any) -> int:
        """Calls the service; what is wrong stands in the form. The status of the reply."""
        if not form.is_valid():
            return UNPROCESSABLE
        try:
            act(caller=self.caller, **form.cleaned_data)
        except NotAllowed as error:
            if error.field not in form.fields:
                raise
            show_refusal(form, error)
            return UNPROCESSABLE
        except DomainError as error:
            return show_refusal(form, error)
        return 0


def _confirmed(
    proposal: Proposal, form: ConfirmForm, *, caller: Caller, digest: str, **_: Any
) -> None:
    proof = given_proof(form)
    proposing.confirm(caller=caller, proposal=proposal, digest=digest, **proof)


class ProposalConfirm(ProposalAct):
    """The second person's yes."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Confirm, and so do it."""
        proposal = proposal_by_id(self.caller, pk)
        form = self.confirming(proposal, request.POST)
        status = self.tried(form, lambda **given: _confirmed(proposal, form, **given))
        if status:
            again = proposal_by_id(self.caller, pk)
            return self.show(again, status, confirm=form)
        messages.success(request, _("Confirmed, and done."))
        return redirect("web:proposal", pk)


class ProposalDecline(ProposalAct):
    """The second person's no."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Decline."""
        proposal = proposal_by_id(self.caller, pk)
        form = DeclineForm(request.POST, auto_id="decline-%s")
        status = self.tried(form, lambda **given: proposing.decline(proposal=proposal, **given))
        if status:
            return self.show(proposal_by_id(self.caller, pk), status, decline=form)
        messages.success(request, _("Declined; nothing was done."))
        return redirect("web:proposal", pk)


class ProposalWithdraw(ProposalAct):
    """The proposer's end of it."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Withdraw."""
        proposal = proposal_by_id(self.caller, pk)
        try:
            proposing.take_back(caller=self.caller, proposal=proposal)
        except Conflict as error:
            messages.error(request, error.reason)
        else:
            messages.success(request, _("Withdrawn; nothing was done."))
        return redirect("web:proposal", pk)
