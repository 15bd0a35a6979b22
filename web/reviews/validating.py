"""Validation reports: writing one in a review, and the finished one to read and print."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.callers import Caller
from common.errors import DomainError
from governance.models import Review
from governance.selectors import review_by_id
from governance.validating import selectors, services
from governance.validating.models import ValidationReport
from governance.validating.policies import may_validate
from governance.validating.template import template
from web.base import PageView
from web.formpage import FormPage
from web.forms.validations import ValidationForm
from web.markdown import rendered
from web.reviews.ways_on import after_report

MOST_SHOWN = 20
FINISH = "finish"


def about(caller: Caller, review: Review, statement: dict[str, Any]) -> dict[str, Any]:
    """The finished reports about the version for the review's page, and what one may write."""
    named = {entry["digest"] for entry in statement["evidence"]}
    rows = list(selectors.finished_of(review)[:MOST_SHOWN])
    return {
        "validations": [_entry(row, named) for row in rows],
        "may_validate": may_validate(caller, review),
        "has_draft": selectors.draft_of(caller, review) is not None,
    }


def _entry(row: ValidationReport, named: set[str]) -> dict[str, Any]:
    assert row.evidence is not None, "finished reports were asked for"
    digest = f"sha256:{row.evidence.digest}"
    return {
        "row": row,
        "rating": template().rating(row.rating),
        "digest": digest,
        "is_named": digest in named,
    }


class WriteValidation(FormPage):
    """The draft of a validator: saved as often as he likes, finished once."""

    template = "reviews/validation_form.html"
    review: Review
    draft: ValidationReport | None

    def prepare(self, **address: Any) -> None:
        """Refuses whoever may not write one."""
        self.review = review_by_id(self.caller, address["pk"])
        may_validate(self.caller, self.review).enforce()
        self.draft = selectors.draft_of(self.caller, self.review)

    def form(self, data: Any = None) -> forms.Form:
        """Filled in with the draft."""
        draft = self.draft
        if draft is None:
            return ValidationForm(data)
        said = {**draft.sections, "rating": draft.rating, "revision": draft.revision}
        return ValidationForm(data, initial=said)

    def sent(self, request: HttpRequest) -> forms.Form:
        """What was sent; the act reads the whole form."""
        self.signing = self.form(request.POST)
        return self.signing

    def context(self) -> dict[str, Any]:
        """The review that it is about."""
        return {
            "review": self.review,
            "version": self.review.version,
            "model": self.review.version.model,
            "plan": template(),
            "draft": self.draft,
        }

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Saves, and finishes what was saved where that was asked for."""
        assert isinstance(self.signing, ValidationForm), "the form of this page was sent"
        draft = services.save_report(caller=self.caller, review=self.review, **self.signing.said())
        if self.request.POST.get("act") != FINISH:
            messages.success(self.request, _("The draft is saved; only you see it."))
            return redirect("web:validation-write", self.review.pk)
        try:
            row = services.finish_report(
                caller=self.caller, review=self.review, revision=draft.revision
            )
        except DomainError as error:
            messages.warning(self.request, error.reason)
            return redirect("web:validation-write", self.review.pk)
        messages.success(self.request, _("The report is finished; it never changes."))
        return redirect("web:validation", row.pk)

    def refused(self, form: forms.Form, error: DomainError) -> int:
        """A section that is refused is a field of the form."""
        error.field = (error.field or "").removeprefix("sections.") or None
        return super().refused(form, error)


class ValidationPage(PageView):
    """A finished report, as it is read and printed."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page."""
        row = selectors.finished_by_id(self.caller, pk)
        said = selectors.said_in(row)
        assert row.evidence is not None, "a finished report was asked for"
        version = row.version
        where = [version.model.name, version.number, row.evidence.digest]
        context = {
            "report": row,
            "said": said,
            "version": version,
            "model": version.model,
            "digest": f"sha256:{row.evidence.digest}",
            "sections": [(part["title"], rendered(part["text"])) for part in said["sections"]],
            "later": selectors.finished_of(row.review).filter(number__gt=row.number).last(),
            "is_unfit": row.rating == template().ratings[-1].name,
            "ways_on": after_report(self.caller, row),
            "json_url": reverse("web:version-evidence", args=where),
        }
        return self.page("reviews/validation.html", context)
