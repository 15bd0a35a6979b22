"""The plan of an evaluation as pages show it: what was sealed, whether it is met, what changed."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from evaluation.criteria import FAILED, NOT_MEASURED, PASSED, Floor, Judged, read_floors
from evaluation.metrics.catalogue import BY_NAME
from evaluation.models import EvaluationPlan
from evaluation.planned import Change
from evaluation.selectors import document_of
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
    floors = read_floors(document_of(plan)["criteria"], "criteria")
    return [f"{spoken(BY_NAME[floor.metric].title)}: {limit_of(floor)}" for floor in floors]


def limit_of(floor: Floor) -> str:
    """A limit in words."""
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
        "title": spoken(BY_NAME[found.floor.metric].title),
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
    return {"dataset": _("Snapshot"), "seed": _("Seed"), "resamples": _("Bootstrap resamples")}


def _metric_of(what: str) -> str:
    name, _space, bound = what.partition(" ")
    title = spoken(BY_NAME[name].title)
    return title if bound == "(value)" else _("%(metric)s, interval") % {"metric": title}


def _shown(value: object) -> str:
    if value is None:
        return _("no limit")
    return value if isinstance(value, str) else svg.brief(value)
