"""The document that a finished report becomes."""

from typing import Any

from governance.validating.models import ValidationReport
from governance.validating.template import template
from trust.times import format_moment
from trust.validations import VALIDATION_TYPE


def document_of(report: ValidationReport) -> dict[str, Any]:
    """What a validator says, with the titles and questions that he answered."""
    plan = template()
    return {
        "type": VALIDATION_TYPE,
        "report": str(report.pk),
        "version": f"sha256:{report.version.digest}",
        "review": str(report.review_id),
        "number": report.number,
        "template": {"title": plan.title, "digest": f"sha256:{plan.digest}"},
        "sections": [
            {
                "name": part.name,
                "title": part.title,
                "asks": part.asks,
                "text": report.sections.get(part.name, ""),
            }
            for part in plan.sections
        ],
        "rating": {"name": report.rating, "title": plan.rating(report.rating)},
        "person": str(report.person_id),
        "user": str(report.user_id),
        "at": format_moment(report.at),
    }
