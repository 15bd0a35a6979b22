"""What a person can do next about a review: after a report, and after the review is closed."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.callers import Caller
from governance import policies
from governance.findings.policies import may_raise_finding
from governance.models import Review, ReviewState
from governance.policy.documents import Policy
from governance.selectors import statement_of
from governance.validating.models import ValidationReport
from governance.validating.policies import may_validate
from registry.models import ModelVersion, Status
from web.versions.standing import Standing, submittable

_OPEN = (ReviewState.OPEN, ReviewState.QUORUM)
_OUT_OF_USE = (Status.RETIRED, Status.QUARANTINED)


@dataclass(frozen=True)
class Way:
    """A link: what it is for, and what comes of it."""

    label: str
    url: str
    hint: str


def submit_again(caller: Caller, version: ModelVersion) -> str:
    """Where the version is submitted anew; empty for whoever may not, or while it cannot be."""
    if not policies.may_submit(caller, version.model.team_id):
        return ""
    if not submittable(version, Standing.of(version)):
        return ""
    return reverse("web:version-submit", args=[version.model.name, version.number])


def after_closing(caller: Caller, review: Review) -> dict[str, Any]:
    """How a review that is over goes on: the one that came after it, or submitting anew."""
    if review.state in _OPEN:
        return {}
    later = review.version.reviews.filter(opened_at__gt=review.opened_at).order_by("-opened_at")
    return {
        "later_review": later.defer("statement").first(),
        "submit_again": submit_again(caller, review.version),
    }


def after_report(caller: Caller, report: ValidationReport) -> list[Way]:
    """What a person can do about what a finished report says: each his own."""
    review = report.version.reviews.select_related("policy").order_by("-opened_at").first()
    assert review is not None, "a report is written in a review"
    return [
        *_signing(caller, review),
        *_finding(caller, report.version),
        *_naming(caller, review, report),
        *_later_report(caller, review),
    ]


def _signing(caller: Caller, review: Review) -> list[Way]:
    if not policies.may_sign(caller, review, Policy.read(review.policy.document)):
        return []
    hint = _("Your signature closes the review and tells its author why.")
    url = reverse("web:review", args=[review.pk])
    return [Way(_("Request changes, or reject the version"), f"{url}#decide", hint)]


def _finding(caller: Caller, version: ModelVersion) -> list[Way]:
    if version.status in _OUT_OF_USE or not may_raise_finding(caller, version):
        return []
    hint = _("One that blocks stops an approval until it is closed; a condition follows it.")
    url = reverse("web:finding-new", args=[version.model.name, version.number])
    return [Way(_("Raise a finding"), url, hint)]


def _naming(caller: Caller, review: Review, report: ValidationReport) -> list[Way]:
    """So that what persons sign names the report: withdraw what is open, or submit anew."""
    assert report.evidence is not None, "a finished report was asked for"
    if review.state in _OPEN:
        named = {entry["digest"] for entry in statement_of(review)["evidence"]}
        if f"sha256:{report.evidence.digest}" in named:
            return []
        if not policies.may_withdraw(caller, review):
            return []
        hint = _("It was submitted before this report, so it cannot be approved as it stands.")
        url = reverse("web:review", args=[review.pk])
        return [Way(_("Withdraw the review and submit the version again"), url, hint)]
    url = submit_again(caller, report.version)
    hint = _("The new statement names this report by its digest.")
    return [Way(_("Submit the version again"), url, hint)] if url else []


def _later_report(caller: Caller, review: Review) -> list[Way]:
    if review.version.status in _OUT_OF_USE or not may_validate(caller, review):
        return []
    hint = _("It stands beside this one, which never changes; newer statements name the later one.")
    url = reverse("web:validation-write", args=[review.pk])
    return [Way(_("Write a later report"), url, hint)]
