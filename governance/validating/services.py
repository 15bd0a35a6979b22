"""Verbs of validation reports: save a draft, finish it."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid, Outdated
from common.texts import as_it_is_read
from governance.models import Review
from governance.validating.models import ValidationReport
from governance.validating.policies import may_validate
from governance.validating.records import document_of
from governance.validating.selectors import draft_of
from governance.validating.template import template
from registry.models import ModelVersion, Status
from registry.services import add_evidence
from trust.canonical import canonical
from trust.validations import VALIDATION

LONGEST_SECTION = 10_000
_OVER = (Status.RETIRED, Status.QUARANTINED)


@transaction.atomic
def save_report(
    *,
    caller: Caller,
    review: Review,
    sections: Mapping[str, str],
    rating: str = "",
    revision: int | None = None,
) -> ValidationReport:
    """Keep the caller's own draft in a review: sections by name, Markdown, none of them needed.

    `revision` is that of the draft that was shown, None where there was none. Raises NotAllowed,
    Outdated where it has changed since, Conflict, Invalid.
    """
    draft = _open(caller, review, revision)
    _check(sections, rating)
    draft.rating, draft.at = rating, timezone.now()
    draft.sections = {name: text for name, text in sections.items() if text.strip()}
    draft.revision += 1
    draft.save()
    said = {"draft": str(draft.pk), "revision": draft.revision}
    text = canonical({"sections": draft.sections, "rating": draft.rating})
    _tell(caller, Action.VALIDATION_SAVED, draft, said | {"digest": _digest(text)})
    return draft


@transaction.atomic
def finish_report(*, caller: Caller, review: Review, revision: int | None) -> ValidationReport:
    """Make the caller's draft evidence of the version, as it stands and for good.

    `revision` is that of the draft that was shown. A later report does not change this one: it is
    another, which newer statements name. Raises NotAllowed, Outdated, Conflict, Invalid for a
    section without text or no rating.
    """
    draft = _open(caller, review, revision)
    if not draft.revision:
        raise Conflict("You have no draft in this review; save one first.")
    if not draft.rating:
        raise Invalid("Give the overall rating.", field="rating")
    empty = [part.title for part in template().sections if part.name not in draft.sections]
    if empty:
        raise Invalid(f"Still empty: {', '.join(empty)}.", field="sections")
    earlier = ValidationReport.objects.filter(version=draft.version, number__isnull=False)
    draft.number, draft.at = earlier.count() + 1, timezone.now()
    draft.evidence = add_evidence(
        version=draft.version, kind=VALIDATION, document=document_of(draft)
    )
    draft.save()
    said = {
        "validation": f"sha256:{draft.evidence.digest}",
        "version_digest": f"sha256:{draft.version.digest}",
        "number": draft.number,
        "rating": draft.rating,
    }
    _tell(caller, Action.VALIDATION_FINISHED, draft, said)
    return draft


def _open(caller: Caller, review: Review, revision: int | None) -> ValidationReport:
    """The draft as it was shown, or a new one; the version is locked as under a signature."""
    may_validate(caller, review).enforce()
    version = ModelVersion.objects.select_for_update(no_key=True).get(pk=review.version_id)
    if version.status in _OVER:
        raise Conflict(f"A version that is {version.get_status_display()} is not validated.")
    draft = draft_of(caller, review)
    if (draft.revision if draft else None) != revision:
        raise Outdated("Your draft is not the one that was shown to you; load it again.")
    return draft or ValidationReport(
        version=review.version,
        review=review,
        person=caller.user.person,
        user=caller.user,
        revision=0,
    )


def _check(sections: Mapping[str, str], rating: str) -> None:
    plan = template()
    known = {part.name for part in plan.sections}
    for name, text in sections.items():
        if name not in known:
            raise Invalid("The report has no such section.", field=f"sections.{name}"[:100])
        if len(text) > LONGEST_SECTION:
            raise Invalid(
                f"A section has at most {LONGEST_SECTION} characters.", field=f"sections.{name}"
            )
        as_it_is_read(text, f"sections.{name}")
    if rating and rating not in {part.name for part in plan.ratings}:
        names = ", ".join(part.name for part in plan.ratings)
        raise Invalid(f"The rating is one of {names}.", field="rating")


def _digest(text: bytes) -> str:
    return f"sha256:{sha256(text).hexdigest()}"


def _tell(
    caller: Caller, action: Action, report: ValidationReport, said: Mapping[str, Any]
) -> None:
    record(
        actor=caller.actor,
        action=action,
        subject=("review", report.review_id),
        payload=said,
        related=[("version", report.version_id), ("model", report.version.model_id)],
    )
