"""The plan of an evaluation as pages show it: what was sealed, whether it is met, what changed."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from evaluation.criteria import (
    FAILED,
    NOT_MEASURED,
    PASSED,
    Floor,
    Judged,
    SliceFloor,
    read_floors,
)
from evaluation.metrics.catalogue import BY_NAME
from evaluation.models import EvaluationPlan
from evaluation.planned import Change, slice_floors_of
from evaluation.selectors import document_of
from evaluation.slicing import Slicing, read_slicings
from governance.selectors import Measured
from web.figures import svg
from web.vocabulary import spoken

_TONES = {PASSED: ("ok", "okc"), FAILED: ("bad", "xc"), NOT_MEASURED: ("bad", "info")}


def plan_view(measured: Measured) -> dict[str, Any]:
    """What `reports/plan.html` shows of an evaluation: plan, criteria, earlier plans, uses."""
    planned = measured.plan
    if planned is None:
        return {"plan": None, "uses": measured.uses}
    return {
        "plan": planned.plan,
        "criteria": [_judged(found) for found in planned.criteria],
        "met": planned.met,
        "ahead": planned.ahead,
        "known": planned.known,
        "earlier": planned.earlier,
        "later": planned.later,
        "changes": [_change(change) for change in planned.changes],
        "uses": measured.uses,
    }


def in_words(plan: EvaluationPlan) -> list[str]:
    """The limits of a plan, one sentence each."""
    document = document_of(plan)
    floors = [*read_floors(document["criteria"], "criteria"), *slice_floors_of(document)]
    sliced = [slicing_in_words(one) for one in read_slicings(document.get("slices", []), "slices")]
    return [f"{_title(floor)}: {limit_of(floor)}" for floor in floors] + sliced


def _title(floor: Floor) -> str:
    metric = spoken(BY_NAME[floor.metric].title)
    if isinstance(floor, SliceFloor):
        return _("%(metric)s, worst slice") % {"metric": metric}
    return metric


def slicing_in_words(slicing: Slicing) -> str:
    """How the rows are sliced by a feature."""
    values = ", ".join(svg.brief(value) for value in slicing.values)
    words = {"column": slicing.column, "values": values}
    if slicing.how == "quantiles":
        return _("Slices by %(column)s: %(values)s equal shares") % words
    if slicing.how == "ranges":
        return _("Slices by %(column)s: at %(values)s") % words
    return _("Slices by %(column)s: each of %(values)s") % words


def limit_of(floor: Floor) -> str:
    """A limit in words."""
    if isinstance(floor, SliceFloor):
        said = _("%(limit)s, with at least %(n)s rows each")
        return said % {"limit": _bare_limit(floor), "n": floor.least_rows}
    return _bare_limit(floor)


def _bare_limit(floor: Floor) -> str:
    words = {"limit": svg.brief(floor.limit)}
    if floor.bound == "interval":
        if floor.is_floor:
            return _("lower end of the interval at least %(limit)s") % words
        return _("upper end of the interval at most %(limit)s") % words
    return (_("at least %(limit)s") if floor.is_floor else _("at most %(limit)s")) % words


def _judged(found: Judged) -> dict[str, Any]:
    words = {PASSED: _("Met"), FAILED: _("Not met"), NOT_MEASURED: _("Not measured")}
    tone, icon = _TONES[found.state]
    return {
        "title": _title(found.floor),
        "limit": limit_of(found.floor),
        "measured": svg.brief(found.measured),
        "note": found.reason if found.state == NOT_MEASURED else "",
        "word": words[found.state],
        "tone": tone,
        "icon": icon,
    }


def _change(change: Change) -> Mapping[str, Any]:
    """A difference as "accuracy (value): 0.95 → 0.9"."""
    return {
        "what": _titles().get(change.what) or _metric_of(change.what),
        "before": _shown(change.before),
        "after": _shown(change.after),
    }


def _titles() -> dict[str, str]:
    return {
        "dataset": _("Snapshot"),
        "slices": _("Slices"),
        "seed": _("Seed"),
        "resamples": _("Bootstrap resamples"),
    }


def _metric_of(what: str) -> str:
    name, _space, bound = what.partition(" ")
    title = spoken(BY_NAME[name].title)
    if bound.startswith("(worst slice"):
        return _("%(metric)s, worst slice") % {"metric": title}
    return title if bound == "(value)" else _("%(metric)s, interval") % {"metric": title}


def _shown(value: object) -> str:
    if value == "":
        return _("none")
    if value is None:
        return _("no limit")
    return value if isinstance(value, str) else svg.brief(value)
