"""The register with all models, and the entry of one of them with its history."""

from dataclasses import fields
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.selectors import teams_of
from common.errors import Invalid
from registry import policies
from registry.models import Life, RegisteredModel, RegisterEntry
from registry.register.approved import approved_of, with_approvals
from registry.register.entries import NewEntry, enter, members, newest_entry, today
from registry.register.selectors import (
    history_of_entry,
    in_use_unapproved,
    narrowed,
    newest_of,
    register_of,
)
from registry.selectors import model_named
from web.base import PageView
from web.formpage import FormPage
from web.forms.register import EntryForm, RegisterFilter
from web.paging import alphabetical

MOST_REVISIONS = 50


def is_overdue(entry: RegisterEntry | None) -> bool:
    """Whether the day of the next revalidation has passed."""
    if entry is None or entry.life == Life.RETIRED or entry.revalidate_on is None:
        return False
    return entry.revalidate_on < today()


class Register(PageView):
    """Every model of the person's teams, with filters in the address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, by name."""
        form = RegisterFilter(request.GET, teams=teams_of(self.caller))
        rows = register_of(self.caller)
        if form.is_valid():
            rows = narrowed(rows, form.cleaned_data)
        after = request.GET.get("after", "")
        if "\x00" in after:
            raise Invalid("This page does not exist; begin at the first one.", field="after")
        listing = alphabetical(rows, "name", after)
        context = {
            "form": form,
            "listing": listing,
            "lines": [(*line_of(model), approved_of(model)) for model in listing.rows],
            "unapproved": in_use_unapproved(self.caller).count(),
            "is_filtered": any(request.GET.get(name) for name in form.fields),
            "may_import": policies.may_import(self.caller),
        }
        return self.page("register/list.html", context)


def line_of(model: RegisteredModel) -> tuple[RegisteredModel, RegisterEntry | None, bool]:
    """A line of the register, what its entry says, and whether it is overdue."""
    entry = newest_of(model)
    return model, entry, is_overdue(entry)


class EntryPage(FormPage):
    """What the register says of a model, said anew by those who may."""

    template = "register/entry.html"
    nav = "web:register"
    model: RegisteredModel

    def prepare(self, **address: Any) -> None:
        """Whoever reads the team's evidence reads; contributors and managers write."""
        self.model = model_named(self.caller, address["name"])
        may = policies.may_read_evidence
        if self.request.method == "POST":
            may = policies.may_contribute
        may(self.caller, self.model.team_id).enforce()

    def form(self, data: Any = None) -> forms.Form:
        """Filled in with what stands there."""
        entry = newest_entry(self.model)
        people = members(self.model)
        initial: dict[str, Any] = {"owner": self.caller.person_id}
        if entry:
            initial = {one.name: getattr(entry, one.name) for one in fields(NewEntry)}
            initial["revision"] = entry.revision
        return EntryForm(data, model=self.model, people=people, initial=initial)

    def _with_approval(self) -> RegisteredModel:
        return with_approvals(RegisteredModel.objects.filter(pk=self.model.pk)).get()

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Writes the revision and shows it."""
        persons = {who: given[who].pk if given[who] else None for who in ("owner", "validator")}
        revision = given.pop("revision")
        new = NewEntry(**(given | persons))
        enter(caller=self.caller, model=self.model, new=new, revision=revision)
        messages.success(self.request, _("The register says this now."))
        return redirect("web:entry", self.model.name)

    def context(self) -> dict[str, Any]:
        """The model and all that was said of it."""
        history = list(history_of_entry(self.model)[:MOST_REVISIONS])
        return {
            "model": self.model,
            "history": history,
            "may_write": policies.may_contribute(self.caller, self.model.team_id),
            "overdue": is_overdue(next(iter(history), None)),
            "entry": next(iter(history), None),
            "approved": approved_of(self._with_approval()),
        }
