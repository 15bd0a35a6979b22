"""What components show, computed from reports and statements before a template sees it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from web.figures import svg
from web.figures.strips import Reading, interval_strip, reading
from web.templatetags import formats
from web.templatetags.vocabulary import Look, gate_look, key


@dataclass(frozen=True)
class GateView:
    """One row of the gate list."""

    name: str
    evidence: str
    detail: str
    required: bool
    look: Look
    links: list[tuple[str, str]]
    waiver: Mapping[str, Any] | None
    found: str | Promise

    @property
    def open(self) -> bool:
        """Rows that need attention are open on load."""
        return self.look.tone in ("bad", "warn")


def _shown(value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return svg.brief(value)
    if isinstance(value, list | tuple):
        return ", ".join(_shown(v) for v in value)
    return str(value)


_DETAILS: dict[str, Promise] = {
    "passed": gettext_lazy("The evidence of this version keeps the policy's limit."),
    "failed": gettext_lazy("The evidence of this version does not keep the policy's limit."),
    "not_measured": gettext_lazy("No evidence of this version measures this."),
    "waiting": gettext_lazy("This is still to come."),
}


def gate_view(gate: Mapping[str, Any]) -> GateView:
    """From a statement's gate {"gate", "state", "measured", "limit", "required"}.

    Optional: "title", "evidence" (instead of measured and limit), "detail", "links"
    [(label, address)], "waiver" {"name", "role", "reason", "not_after"}: what was found stands
    in the row then.
    """
    waiver = gate.get("waiver")
    required = bool(gate.get("required", True))
    measured, limit = _shown(gate.get("measured")), _shown(gate.get("limit"))
    if gate.get("gate") == "evidence_age" and (moment := formats.moment(measured)):
        measured = moment.shown
    evidence = str(gate.get("evidence") or "")
    if not evidence and limit:
        words = {"measured": measured or svg.NOTHING, "limit": limit}
        evidence = _("%(measured)s · limit %(limit)s") % words
    return GateView(
        name=str(gate.get("title") or gate.get("gate", "")),
        evidence=evidence or measured,
        detail=str(gate.get("detail") or _DETAILS.get(key(gate.get("state", "")), "")),
        required=required,
        look=gate_look("waived" if waiver else gate.get("state", ""), required=required),
        links=list(gate.get("links") or []),
        waiver=waiver,
        found=gate_look(gate.get("state", ""), required=required).word,
    )


@dataclass(frozen=True)
class GateGroup:
    """Gates under one heading, with "4 of 5"."""

    name: str
    gates: list[GateView]

    @property
    def passed(self) -> int:
        """How many of the gates hold."""
        return sum(g.look.tone == "ok" for g in self.gates)

    @property
    def tone(self) -> str:
        """ "ok" when every gate holds; the list's filter hides such groups."""
        return "ok" if self.passed == len(self.gates) else "attention"


def gate_groups(gates: Iterable[Mapping[str, Any]]) -> list[GateGroup]:
    """Gates by their "group" in the order of first appearance; without one, a single group."""
    groups: dict[str, list[GateView]] = {}
    for gate in gates:
        groups.setdefault(str(gate.get("group") or ""), []).append(gate_view(gate))
    return [GateGroup(name, rows) for name, rows in groups.items()]


@dataclass(frozen=True)
class MetricView:
    """One metric card."""

    name: str
    direction: str
    value: str
    was: str
    change: str
    change_tone: str
    change_icon: str
    strip: SafeString
    caption: str


_WORDS: dict[Reading, tuple[str, Promise]] = {
    "better": ("ok", gettext_lazy("better")),
    "worse": ("bad", gettext_lazy("worse")),
    "flat": ("muted", gettext_lazy("no clear change")),
}


@dataclass(frozen=True)
class _Style:
    """How a metric's numbers are written: plainly with a unit, or as percent and points."""

    percent: bool
    digits: int
    unit: str

    def scaled(self, value: float) -> float:
        return float(value) * (100 if self.percent else 1)

    def value(self, value: float) -> str:
        return svg.number(self.scaled(value), self.digits) + ("%" if self.percent else self.unit)

    def change(self, value: float, *, unit: bool = True) -> str:
        suffix = " pp" if self.percent else self.unit
        return svg.signed(self.scaled(value), self.digits) + (suffix if unit else "")


def _style(metric: Mapping[str, Any]) -> _Style:
    percent = bool(metric.get("percent", False))
    digits = metric.get("digits")
    unit = str(metric.get("unit") or "")
    return _Style(
        percent, (1 if percent else 3) if digits is None else int(digits), unit and f" {unit}"
    )


def _change(metric: Mapping[str, Any], style: _Style, higher: bool) -> tuple[str, str, str]:
    """Words, tone and icon of the difference from the champion; empty without one."""
    delta = metric.get("delta")
    if not delta:
        return "", "", ""
    found = reading(delta["low"], delta["high"], higher)
    tone, word = _WORDS[found]
    icon = "dash" if found == "flat" else ("up" if delta["value"] > 0 else "down")
    return f"{style.change(delta['value'])} {word}", tone, icon


def _strip(metric: Mapping[str, Any], style: _Style, higher: bool) -> SafeString:
    delta, interval, limit = metric.get("delta"), metric.get("interval"), metric.get("limit")
    scaled_limit = None if limit is None else style.scaled(limit)
    if delta:
        marks = [style.scaled(delta[k]) for k in ("value", "low", "high")]
    elif interval:
        marks = [style.scaled(v) for v in (metric["value"], *interval)]
    else:
        return svg.together([])
    return interval_strip(
        *marks,
        limit=scaled_limit,
        higher_is_better=higher,
        difference=bool(delta),
        digits=style.digits,
    )


def _caption(metric: Mapping[str, Any], style: _Style) -> str:
    delta, interval, limit = metric.get("delta"), metric.get("interval"), metric.get("limit")
    parts = []
    if delta:
        low, high = (style.change(delta[k], unit=False) for k in ("low", "high"))
        unit = " pp" if style.percent else style.unit
        parts.append(
            _("95%% CI [%(low)s, %(high)s]%(unit)s") % {"low": low, "high": high, "unit": unit}
        )
    elif interval:
        low, high = (style.value(v) for v in interval)
        parts.append(
            _("95%% CI [%(low)s, %(high)s]%(unit)s") % {"low": low, "high": high, "unit": ""}
        )
    if limit is not None:
        shown = style.change(limit) if delta else style.value(limit)
        parts.append(_("limit %(limit)s") % {"limit": shown})
    return " · ".join(parts)


def metric_view(metric: Mapping[str, Any]) -> MetricView:
    """From {"name", "value", "interval": [low, high], "was", "delta": {"value", "low", "high"},
    "limit", "higher_is_better", "percent", "digits", "unit"}; only the first two are required.

    With "delta" (new minus champion) the strip shows the difference and "limit" is a limit of the
    difference; without it the strip shows the value's own interval and "limit" is the floor or
    ceiling of the value. "percent" says that values are shares in [0, 1].
    """
    style, higher = _style(metric), bool(metric.get("higher_is_better", True))
    change, tone, icon = _change(metric, style, higher)
    was = metric.get("was")
    return MetricView(
        name=str(metric["name"]),
        direction=_("higher is better") if higher else _("lower is better"),
        value=style.value(metric["value"]) if svg.is_number(metric["value"]) else svg.NOTHING,
        was=style.value(was) if svg.is_number(was) and was is not None else "",
        change=change,
        change_tone=tone,
        change_icon=icon,
        strip=_strip(metric, style, higher),
        caption=_caption(metric, style),
    )
