"""Findings of the person's teams, one of them with what is said about it, and raising one."""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from common.decisions import Decision
from governance.findings import policies, selectors
from governance.findings import services as findings
from governance.findings.anchors import gates_of
from governance.findings.records import duty_of, state_of, today
from governance.models import Finding, Move
from registry.models import CardRevision, Evidence
from web.base import PageView
from web.findings.anchors import anchor_choices
from web.findings.presenting import Shown, shown
from web.formpage import FormPage
from web.forms.findings import AmendForm, AnswerForm, FindingFilter, FindingForm, MoveForm
from web.paging import newest_first
from web.templatetags.formats import short_digest
from web.uploadpage import UploadPage, files_shown, sent_with_files
from web.versions.acts import ActPage

MOST_EVIDENCE = 20


class FindingList(PageView):
    """All findings that the person may see, with filters in the address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list."""
        form = FindingFilter(request.GET)
        rows = selectors.findings_seen_by(self.caller)
        if form.is_valid():
            chosen = form.cleaned_data
            if chosen["waiting"]:
                rows = selectors.waiting_for(self.caller)
            if chosen["state"]:
                rows = selectors.in_state(rows, chosen["state"])
            if chosen["effect"]:
                rows = rows.filter(effect=chosen["effect"])
        listing = newest_first(rows, "at", request.GET.get("after", ""))
        context = {
            "form": form,
            "listing": listing,
            "findings": shown(listing.rows),
            "is_filtered": any(request.GET.get(name) for name in form.fields),
        }
        return self.page("findings/list.html", context)


class RaiseFinding(UploadPage, ActPage):
    """Saying what is wrong with a version."""

    title = gettext_lazy("Raise a finding")
    what = gettext_lazy(
        "A finding that blocks stops the approval until you or another reviewer close it. A "
        "condition follows the approval: signers are shown it and accept it, and it is listed "
        "until it is closed. What you write is never changed; it is answered, closed or reopened, "
        "and may get another owner or day."
    )
    button = gettext_lazy("Raise the finding")
    template = "findings/raise.html"

    def allowed(self) -> Decision:
        """Reviewers who had no hand in the version."""
        return policies.may_raise_finding(self.caller, self.version)

    def form(self, data: Any = None) -> forms.Form:
        """With the gates and figures of the version, and who may answer."""
        people = selectors.possible_owners(self.version.model.team_id)
        return FindingForm(
            data,
            anchors=anchor_choices(gates_of(self.version)),
            owners=_choices(people),
            anchor=self.request.GET.get("anchor", ""),
            earliest=today(),
        )

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Raises it and shows it."""
        given["owner"] = UUID(given["owner"])
        finding = findings.raise_finding(caller=self.caller, version=self.version, **given)
        messages.success(self.request, _("The finding is raised; its owner sees it."))
        return redirect("web:finding", finding.pk)


def _choices(people: Iterable[Person]) -> list[tuple[str, str]]:
    return [(str(person.pk), person.name) for person in people]


class OfFinding(PageView):
    """A page about one finding. Handlers call `find` first."""

    template: ClassVar[str] = "findings/detail.html"
    finding: Finding

    def find(self, pk: UUID) -> Finding:
        """Loads it. Raises NotFound."""
        self.finding = selectors.finding_by_id(self.caller, pk)
        return self.finding

    def context(self) -> dict[str, Any]:
        """The finding, and which of the verbs are this person's."""
        finding = Shown.of(self.finding)
        return {
            "finding": finding,
            "version": self.finding.version,
            "model": self.finding.version.model,
            "may_answer": policies.may_answer_finding(self.caller, self.finding),
            "may_judge": policies.may_judge_finding(self.caller, self.finding),
            "may_amend": policies.may_amend_finding(self.caller, self.finding),
            "answer_form": AnswerForm(evidence=self.evidence()),
            "move_form": MoveForm(),
            "amend_form": self.amend_form(),
            "day_signed": selectors.day_signed(self.finding),
            "is_closed": not finding.is_open,
            "is_answered": state_of(self.finding) == Move.ANSWERED,
        }

    def finding_page(self, status: int = 200, **given: forms.Form) -> HttpResponse:
        """The page with the forms that were sent, and the files that are there for an answer."""
        context = {**self.context(), **given}
        context |= files_shown(self.caller, context["answer_form"])
        return self.page(self.template, context, status=status)

    def amend_form(self, data: Any = None) -> AmendForm:
        """With whoever may answer, and who is to now, who may have left."""
        held = duty_of(self.finding)
        people = [*selectors.possible_owners(self.finding.version.model.team_id)]
        return AmendForm(
            data,
            owners=_choices(people if held.owner in people else [held.owner, *people]),
            held=held,
            earliest=min(today(), held.due_on),
            latest=selectors.day_signed(self.finding),
        )

    def evidence(self) -> list[tuple[str, str]]:
        """The newest reports and cards of the version that an answer may name."""
        version = self.finding.version_id
        reports = Evidence.objects.filter(version=version).order_by("-created_at", "pk")
        cards = CardRevision.objects.filter(version=version).order_by("-revision")
        found = [("card", digest) for digest in cards.values_list("digest", flat=True)[:3]]
        found += reports.values_list("kind", "digest")[:MOST_EVIDENCE]
        return [(f"sha256:{digest}", f"{kind} {short_digest(digest)}") for kind, digest in found]

    def done(self, said: str) -> HttpResponse:
        """Back to the finding, with a word."""
        messages.success(self.request, said)
        return redirect("web:finding", self.finding.pk)


class FindingPage(OfFinding):
    """One finding: what was said, and what this person may say."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page."""
        self.find(pk)
        return self.finding_page()


class _Verb(FormPage, OfFinding):
    """A verb on a finding: the page answers a GET of its address."""

    template = OfFinding.template
    form_name = "move_form"

    def get(self, request: HttpRequest, **address: Any) -> HttpResponse:
        """Nothing is said by following a link."""
        return redirect("web:finding", address["pk"])

    def prepare(self, **address: Any) -> None:
        """Refuses whoever may not do it."""
        self.find(address["pk"])
        self.allowed().enforce()

    def allowed(self) -> Decision:
        """Whether the person may do this at all."""
        return policies.may_judge_finding(self.caller, self.finding)

    def form(self, data: Any = None) -> forms.Form:
        """What is said."""
        return MoveForm(data)

    def context(self) -> dict[str, Any]:
        """The finding's page."""
        return OfFinding.context(self)

    def show(self, form: forms.Form, status: int = 200) -> HttpResponse:
        """The finding's page with what is wrong beside its field."""
        return self.finding_page(status, **{"form": form, self.form_name: form})


class AnswerFinding(_Verb):
    """Saying what was done."""

    form_name = "answer_form"

    def allowed(self) -> Decision:
        """The owner and managers."""
        return policies.may_answer_finding(self.caller, self.finding)

    def form(self, data: Any = None) -> forms.Form:
        """With the evidence that may be named."""
        return AnswerForm(data, evidence=self.evidence())

    def sent(self, request: HttpRequest) -> forms.Form:
        """With an id for each file that came with it."""
        return sent_with_files(self.caller, request, self.form)

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Answers."""
        findings.answer_finding(caller=self.caller, finding=self.finding, **given)
        return self.done(_("Answered; whoever raised it sees your answer."))


class CloseFinding(_Verb):
    """Settling it."""

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Closes it."""
        findings.close_finding(caller=self.caller, finding=self.finding, **given)
        return self.done(_("The finding is closed."))


class ReopenFinding(_Verb):
    """Taking a closing back."""

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Reopens it."""
        findings.reopen_finding(caller=self.caller, finding=self.finding, **given)
        return self.done(_("The finding is open again."))


class AmendFinding(_Verb):
    """Another owner or day."""

    form_name = "amend_form"

    def allowed(self) -> Decision:
        """Whoever may judge it."""
        return policies.may_amend_finding(self.caller, self.finding)

    def form(self, data: Any = None) -> forms.Form:
        """With who may answer, and the days that there are."""
        return self.amend_form(data)

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Amends it."""
        given["owner"] = UUID(given["owner"])
        findings.amend_finding(caller=self.caller, finding=self.finding, **given)
        return self.done(_("Changed; whoever is to answer from now on sees it."))
