"""Where a finding stands, in words and as a place on the review's page."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from governance.findings.anchors import FIGURES, SECTIONS
from web.words import gate_title

_TITLES: dict[str, tuple[Promise, str]] = {
    "section:evaluation": (gettext_lazy("Evaluation"), "#evaluation"),
    "section:plan": (gettext_lazy("Criteria"), "#plan"),
    "section:explanation": (gettext_lazy("Explanations"), "#explain"),
    "section:parity": (gettext_lazy("Parity"), "#parity"),
    "section:card": (gettext_lazy("Model card"), "#card"),
    "section:files": (gettext_lazy("Files"), "#files"),
    "figure:confusion_matrix": (gettext_lazy("Confusion matrix"), "#ev-curves"),
    "figure:roc_curve": (gettext_lazy("ROC curve"), "#ev-curves"),
    "figure:pr_curve": (gettext_lazy("Precision and recall"), "#ev-curves"),
    "figure:calibration": (gettext_lazy("Calibration"), "#ev-curves"),
    "figure:mean_abs_shap": (gettext_lazy("Mean SHAP values"), "#explain"),
    "figure:beeswarm": (gettext_lazy("SHAP values of all rows"), "#explain"),
    "figure:waterfall": (gettext_lazy("SHAP values of one row"), "#explain"),
    "figure:image_attribution": (gettext_lazy("SHAP values of an image"), "#explain"),
}


def anchor_title(anchor: str) -> str:
    """The words of an anchor; the whole version where it is empty."""
    if not anchor:
        return _("The whole version")
    known = _TITLES.get(anchor)
    return str(known[0]) if known else gate_title(anchor)


def anchor_place(anchor: str) -> str:
    """The fragment of the review's page."""
    if not anchor:
        return "#findings"
    known = _TITLES.get(anchor)
    return known[1] if known else "#gates"


def anchor_choices(gates: Iterable[str]) -> list[tuple[str, object]]:
    """For a select: the whole, then gates, sections and figures, each under its heading."""
    groups = {_("Gates"): list(gates), _("Sections"): SECTIONS, _("Figures"): FIGURES}
    grouped: list[tuple[str, object]] = [
        (heading, [(name, anchor_title(name)) for name in names])
        for heading, names in groups.items()
    ]
    return [("", anchor_title("")), *grouped]
