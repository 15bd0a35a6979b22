"""What must be kept: legal holds, one of them, and placing one."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import Team
from accounts.policies import may_manage_people
from accounts.roles import Role
from common.decisions import Decision, allow, deny
from compliance.retention import policies, selectors
from compliance.retention.due import MOST_SHOWN, counts_in, due_in
from compliance.retention.models import Held, LegalHold
from compliance.retention.rules import rules
from compliance.retention.services import lift_hold, place_hold
from registry.selectors import names_in, snapshots_in
from web.base import PageView
from web.formpage import FormPage
from web.forms.retention import DueFilter, HoldFilter, HoldForm, LiftForm
from web.forms.suggesting import MOST_SUGGESTED, suggest
from web.paging import newest_first
from web.proving import asks_of

MOST_DELETED = 50


class Retention(PageView):
    """The holds on what the person's teams own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, newest first."""
        form = HoldFilter(request.GET)
        rows = selectors.holds_seen_by(self.caller)
        chosen = form.cleaned_data["in_force"] if form.is_valid() else ""
        if chosen:
            rows = rows.filter(lift__isnull=chosen == "yes")
        context = {
            "form": form,
            "listing": newest_first(rows, "at", request.GET.get("after", "")),
            "is_filtered": bool(chosen),
            "may_place": bool(self.caller.teams_with(Role.COMPLIANCE)),
            "rules": list(rules()),
            "may_rule": may_manage_people(self.caller),
            "may_empty": bool(self.caller.teams_with(Role.MANAGER)),
            "deleted": list(selectors.tombstones_seen_by(self.caller)[:MOST_DELETED]),
        }
        return self.page("retention/list.html", context)


class DuePage(PageView):
    """What two persons may delete now."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, the longest due first; the filters stand in the address."""
        teams = Team.objects.filter(pk__in=selectors.teams_read_by(self.caller)).order_by("slug")
        form = DueFilter(request.GET, teams=teams)
        given = form.cleaned_data if form.is_valid() else {"kind": "", "team": ""}
        chosen = selectors.teams_read_by(self.caller, given["team"])
        context = {
            "form": form,
            "things": due_in(chosen, given["kind"]),
            "counts": counts_in(chosen),
            "most": MOST_SHOWN,
            "is_filtered": bool(given["kind"] or given["team"]),
            "managed": self.caller.teams_with(Role.MANAGER),
        }
        return self.page("retention/due.html", context)


class HoldNew(FormPage):
    """Placing a hold."""

    template = "retention/new.html"

    def prepare(self, **address: Any) -> None:
        """Only compliance comes further; the service asks for the team's."""
        self._may().enforce()

    def _may(self) -> Decision:
        if self.caller.teams_with(Role.COMPLIANCE):
            return allow()
        return deny("Only compliance places legal holds.")

    def form(self, data: Any = None) -> forms.Form:
        """Filled in with what the address names."""
        asked = {name: self.request.GET.get(name, "") for name in ("model", "version", "dataset")}
        kind = self.request.GET.get("kind", "")
        kind = kind if kind in Held.values else Held.MODEL.value
        form = HoldForm(data, initial={**asked, "kind": kind})
        held = self.caller.teams_with(Role.COMPLIANCE)
        suggest(form, "model", names_in(held, MOST_SUGGESTED))
        suggest(form, "dataset", snapshots_in(held, MOST_SUGGESTED))
        return form

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Places it and shows it."""
        said = {name: given.pop(name) for name in ("reference", "reason")}
        thing = selectors.thing_asked_for(self.caller, **given)
        hold = place_hold(caller=self.caller, thing=thing, **said)
        messages.success(self.request, _("The hold is placed: nothing of this can be deleted."))
        return redirect("web:hold", hold.pk)


class HoldPage(FormPage):
    """One hold; another person of compliance lifts it here."""

    template = "retention/hold.html"
    hold: LegalHold

    def prepare(self, **address: Any) -> None:
        """Whoever reads the team's evidence reads it; lifting is for another person."""
        self.hold = selectors.hold_by_id(self.caller, address["pk"])
        if self.request.method == "POST":
            self._may_lift().enforce()

    def _may_lift(self) -> Decision:
        return policies.may_lift(self.caller, self.hold, self._team())

    def _team(self) -> UUID:
        return selectors.team_of(self.hold).pk

    def form(self, data: Any = None) -> forms.Form:
        """Reason and proof."""
        return LiftForm(data, asks=asks_of(self.caller))

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Lifts it."""
        lift_hold(caller=self.caller, hold=self.hold, **given)
        messages.success(self.request, _("The hold is lifted."))
        return redirect("web:hold", self.hold.pk)

    def context(self) -> dict[str, Any]:
        """The hold, and whether this person may lift it."""
        return {
            "hold": self.hold,
            "lift": getattr(self.hold, "lift", None),
            "may_lift": self._may_lift(),
        }
