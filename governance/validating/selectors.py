"""Reads of validation reports: finished ones of a version, and one's own draft."""

import json
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.callers import Caller
from common.errors import NotFound
from governance.models import Review
from governance.validating.models import ValidationReport
from registry.policies import READERS


def _whole() -> QuerySet[ValidationReport]:
    rows = ValidationReport.objects.select_related("version__model", "review", "person", "evidence")
    return rows.defer("version__manifest", "review__statement")


def finished_of(review: Review) -> QuerySet[ValidationReport]:
    """Every finished report about the version of a review, the newest first."""
    return _whole().filter(version=review.version_id, evidence__isnull=False).order_by("-number")


def finished_by_id(caller: Caller, report_id: UUID) -> ValidationReport:
    """A finished report about a version whose evidence the caller reads. Raises NotFound."""
    seen = _whole().filter(version__model__team_id__in=caller.teams_with(*READERS))
    row = seen.filter(evidence__isnull=False, pk=report_id).first()
    if row is None:
        raise NotFound("There is no such validation report that you may see.")
    return row


def draft_of(caller: Caller, review: Review) -> ValidationReport | None:
    """What the caller has saved and not finished in this review."""
    return _whole().filter(review=review, person=caller.person_id, evidence=None).first()


def said_in(report: ValidationReport) -> dict[str, Any]:
    """The document of a finished report, parsed."""
    assert report.evidence is not None, "a finished report has its evidence"
    parsed: dict[str, Any] = json.loads(bytes(report.evidence.body))
    return parsed
