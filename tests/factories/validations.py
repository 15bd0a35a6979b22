"""Validation reports: a draft with every section, and one that is finished."""

from typing import Any

from governance.models import Review
from governance.validating.models import ValidationReport
from governance.validating.services import finish_report, save_report
from governance.validating.template import template
from tests.cast import who

SECTIONS = {part.name: f"**{part.title}**: seen." for part in template().sections}


def drafted(name: str, review: Review, **wishes: Any) -> ValidationReport:
    """What somebody saved in a review."""
    given: dict[str, Any] = {"sections": SECTIONS, "rating": "fit"}
    return save_report(caller=who(name), review=review, **(given | wishes))


def finished(name: str, review: Review, **wishes: Any) -> ValidationReport:
    """The same, finished."""
    draft = drafted(name, review, **wishes)
    return finish_report(caller=who(name), review=review, revision=draft.revision)
