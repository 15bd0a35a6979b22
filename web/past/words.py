"""Words for kinds of decisions and for what some rows were in them."""

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compliance.past.datasets import Used

DECISIONS: Mapping[str, Promise] = {
    "registered": _("Registered"),
    "training": _("Training"),
    "compression": _("Compression"),
    "plan": _("Plan"),
    "evaluation": _("Evaluation"),
    "explanation": _("Explanation"),
    "review": _("Review"),
    "approval": _("Approval"),
}
PARTS: Mapping[str, Promise] = {
    "train": _("training split"),
    "validation": _("validation rows"),
    "test": _("test split"),
    "calibration": _("calibration rows"),
    "dataset": _("training rows"),
    "holdout": _("rows of the comparison"),
    "trained": _("learned from"),
    "measured": _("measured on"),
    "explained": _("explained on"),
}


def lines_of(found: Iterable[Used]) -> list[tuple[Used, Promise, list[str]]]:
    """Each decision with its word, and words for what the rows were in it."""
    return [
        (used, DECISIONS[used.kind], [str(PARTS.get(part, part)) for part in used.how])
        for used in found
    ]
