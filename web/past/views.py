"""The time machine: an alias at a moment, a person's acts, the decisions of some rows."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.models import AuditEvent
from common.errors import DomainError, NotAllowed
from compliance import policies
from compliance.past import datasets, persons
from compliance.past.alias import UNSET, AliasThen, alias_then
from compliance.past.reach import models_asked_about
from compliance.past.uses import approved_then
from governance.approvals.answering import Answering
from registry.selectors import models_of
from web.audit.presenting import entries_of
from web.base import UNPROCESSABLE, PageView, show_refusal
from web.forms.past import AliasQuestion, DatasetQuestion, ModelQuestion, PersonQuestion, asked
from web.forms.suggesting import MOST_SUGGESTED, suggest
from web.paging import PAGE_SIZE
from web.past.words import lines_of

_TABS = ("past", "past-model", "past-person", "past-dataset")
_OF_MODELS = ("past", "past-model")


class Question(PageView, ABC):
    """A question in the address, and its answer below."""

    template: ClassVar[str]
    tab: ClassVar[str]
    question: ClassVar[type[forms.Form]]

    @abstractmethod
    def answer(self, given: dict[str, Any], form: Any) -> dict[str, Any]:
        """What the page shows for a valid question. Raises what the selectors raise."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form, and the answer to what the address asks."""
        form: Any = asked(self.question, request.GET)
        if self.tab in _OF_MODELS:
            suggest(form, "model", models_asked_about(self.caller, MOST_SUGGESTED))
        context: dict[str, Any] = {"form": form, "tabs": self._tabs(), "is_asked": form.is_bound}
        status = 200
        if form.is_bound and form.is_valid():
            try:
                context |= self.answer(form.cleaned_data, form)
            except NotAllowed:
                raise
            except DomainError as error:
                status = show_refusal(form, error)
        elif form.is_bound:
            status = UNPROCESSABLE
        return self.page(self.template, context, status=status)

    def _tabs(self) -> list[dict[str, Any]]:
        """The questions that the person may ask."""
        labels = (_("An alias"), _("A model"), _("A person"), _("A dataset"))
        log = bool(policies.may_read_log(self.caller))
        return [
            {
                "label": label,
                "url": reverse(f"web:{tab}"),
                "count": None,
                "current": tab == self.tab,
            }
            for tab, label in zip(_TABS, labels, strict=True)
            if log or tab in _OF_MODELS
        ]


class AliasPast(Question):
    """What was live under an alias at a moment."""

    template = "past/alias.html"
    tab = "past"
    question = AliasQuestion

    def answer(self, given: dict[str, Any], form: Any) -> dict[str, Any]:
        """The answer, and whether its reader may open what it names."""
        then = alias_then(self.caller, given["model"], given["alias"], form.moment())
        opens = models_of(self.caller).filter(pk=then.model.pk).exists()
        told = entries_of(then.events, self.caller)
        return {"then": then, "badge": _badge(then), "opens": opens, "told": told}


def _badge(then: AliasThen) -> str:
    if then.state in (UNSET, Answering.LIVE):
        return str(then.state)
    return f"not_served_{then.state}"


class ModelPast(Question):
    """Which versions of a model were approved at a moment."""

    template = "past/model.html"
    tab = "past-model"
    question = ModelQuestion

    def answer(self, given: dict[str, Any], form: Any) -> dict[str, Any]:
        """The answer, and whether its reader may open what it names."""
        then = approved_then(self.caller, given["model"], form.moment())
        opens = models_of(self.caller).filter(pk=then.model.pk).exists()
        return {"then": then, "opens": opens}


class PersonPast(Question):
    """Everything that a person signed."""

    template = "past/person.html"
    tab = "past-person"
    question = PersonQuestion

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page. 403 with the reason for whoever may not read the log."""
        policies.may_read_log(self.caller).enforce()
        return super().get(request)

    def answer(self, given: dict[str, Any], form: Any) -> dict[str, Any]:
        """A page of acts, each with its line of the log."""
        rows = persons.acts_of(self.caller, given["person"])
        after = self.request.GET.get("after", "")
        if after.isdecimal() and len(after) < 19:
            rows = rows.filter(id__lt=int(after))
        found: list[AuditEvent] = list(rows[: PAGE_SIZE + 1])
        shown = found[:PAGE_SIZE]
        lines = zip(entries_of(shown, self.caller), persons.with_records(shown), strict=True)
        return {
            "person": given["person"],
            "lines": list(lines),
            "is_whole": policies.may_read_whole_log(self.caller),
            "next": str(shown[-1].pk) if len(found) > PAGE_SIZE else "",
        }


class DatasetPast(Question):
    """Every decision that used some rows."""

    template = "past/dataset.html"
    tab = "past-dataset"
    question = DatasetQuestion

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page. 403 with the reason for whoever may not read the log."""
        policies.may_read_log(self.caller).enforce()
        return super().get(request)

    def answer(self, given: dict[str, Any], form: Any) -> dict[str, Any]:
        """The snapshots, and a page of decisions."""
        text = self.request.GET.get("after", "")
        after = datasets.read_place(text, "after") if text else None
        snapshots = datasets.snapshots_of(self.caller, given["digest"])
        found = datasets.decisions_on(self.caller, given["digest"], after=after, size=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        own = models_of(self.caller)
        keys = {used.version.model_id for used in shown if used.version}
        return {
            "digest": given["digest"],
            "snapshots": snapshots,
            "uses": lines_of(shown),
            "open": set(own.filter(pk__in=keys).values_list("pk", flat=True)),
            "is_whole": policies.may_read_whole_log(self.caller),
            "next": datasets.write_place(shown[-1].key) if len(found) > PAGE_SIZE else "",
        }
