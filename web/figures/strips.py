"""One-line figures: the interval strip of a metric card, and the sparkline."""

from collections.abc import Sequence
from typing import Literal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.figures import svg

Reading = Literal["better", "worse", "flat"]
_CLASSES = {"better": "ok", "worse": "bad", "flat": "flat"}


def reading(low: float, high: float, higher_is_better: bool) -> Reading:
    """What an interval of a difference says; "flat" whenever it contains zero."""
    if low <= 0 <= high:
        return "flat"
    return "better" if (low > 0) == higher_is_better else "worse"


def interval_strip(
    value: float,
    low: float,
    high: float,
    *,
    limit: float | None = None,
    higher_is_better: bool = True,
    difference: bool = True,
    digits: int = 3,
) -> SafeString:
    """Point and 95% interval on a line.

    For a difference the solid line is zero and the colour is the reading; otherwise only the
    interval is shown. `limit` is the policy's limit, a dashed line, in the same units as `value`.
    """
    marks = [value, low, high, *([0.0] if difference else []), *([] if limit is None else [limit])]
    if not all(svg.is_number(m) for m in marks):
        return svg.together([])
    pad = (max(marks) - min(marks)) * 0.18 or 0.01
    x = svg.Scale(min(marks) - pad, max(marks) + pad, 0, 260)
    cls = _CLASSES[reading(low, high, higher_is_better)] if difference else "flat"
    parts = [svg.line("g", 0, 15, 260, 15)]
    if difference:
        parts.append(svg.line("zero", x(0), 4, x(0), 26))
    if limit is not None:
        parts.append(svg.line("thr dashed", x(limit), 4, x(limit), 26))
    parts.append(svg.line(f"ci-l {cls}", x(low), 15, x(high), 15))
    parts.append(svg.element("circle", cls=f"ci-p {cls}", cx=x(value), cy=15, r=5))
    say = svg.signed if difference else svg.number
    label = _("%(value)s, 95%% interval %(low)s to %(high)s") % {
        "value": say(float(value), digits),
        "low": say(float(low), digits),
        "high": say(float(high), digits),
    }
    if limit is not None:
        label += "; " + _("limit %(limit)s") % {"limit": say(float(limit), digits)}
    return svg.element(
        "svg", svg.together(parts), cls="ci", viewBox="0 0 260 30", role="img", aria_label=label
    )


def sparkline(values: Sequence[float], *, label: str, digits: int = 3) -> SafeString:
    """A line of the last values, oldest first. `label` says what they are."""
    drawn = [float(v) for v in values if svg.is_number(v)]
    if len(drawn) < 2:
        return svg.together([])
    x = svg.Scale(0, len(drawn) - 1, 2, 98)
    y = svg.Scale(min(drawn), max(drawn), 22, 4)
    points = [(x(i), y(v)) for i, v in enumerate(drawn)]
    parts = [
        svg.path("ln a", points),
        svg.element("circle", cls="dot-a", cx=points[-1][0], cy=points[-1][1], r=2.5),
    ]
    name = _("%(label)s: from %(first)s to %(last)s") % {
        "label": label,
        "first": svg.number(drawn[0], digits),
        "last": svg.number(drawn[-1], digits),
    }
    return svg.element(
        "svg", svg.together(parts), cls="spark", viewBox="0 0 100 26", role="img", aria_label=name
    )
