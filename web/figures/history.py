"""A metric over the versions of a model."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.figures import svg


def metric_history(points: Sequence[Mapping[str, Any]], *, metric: str) -> SafeString:
    """Values with their 95% intervals, oldest version first.

    Points are {"number", "value", "low", "high"}; the ends of the interval may be None. `metric` is
    the metric's title.
    """
    drawn = [p for p in points if svg.is_number(p.get("value"))]
    if not drawn:
        return svg.nothing_to_draw()
    marks = [float(p[key]) for p in drawn for key in ("value", "low", "high") if _has(p, key)]
    pad = (max(marks) - min(marks)) * 0.12 or abs(max(marks)) * 0.05 or 0.05
    x = svg.Scale(-0.5, len(drawn) - 0.5, svg.LEFT, svg.RIGHT)
    y = svg.Scale(min(marks) - pad, max(marks) + pad, svg.BOTTOM, svg.TOP)
    body = [svg.plane(x, y, [], svg.ticks(y.low, y.high, 4), (_("Version"), metric))]
    places = [(x(i), y(float(p["value"]))) for i, p in enumerate(drawn)]
    if len(places) > 1:
        body.append(svg.path("ln a", places))
    for (left, top), point in zip(places, drawn, strict=True):
        body.append(svg.text(f"v{point['number']}", left, svg.BOTTOM + 16, "mid num"))
        if _has(point, "low") and _has(point, "high"):
            ends = y(float(point["low"])), y(float(point["high"]))
            body.append(svg.line("ci-l flat", left, ends[0], left, ends[1]))
        body.append(svg.element("circle", cls="dot-a", cx=left, cy=top, r=4.5))
    last = drawn[-1]
    finding = _("Version %(number)s has %(value)s.") % {
        "number": last["number"],
        "value": svg.number(float(last["value"])),
    }
    title = _("%(name)s by version") % {"name": metric}
    rows = [
        (f"v{p['number']}", *(_cell(p.get(k)) for k in ("value", "low", "high"))) for p in drawn
    ]
    heads = (_("Version"), metric, _("Low end"), _("High end"))
    drawing = svg.chart(title, finding, svg.together(body))
    return svg.with_table(drawing, svg.table(heads, rows), title)


def _has(point: Mapping[str, Any], key: str) -> bool:
    return svg.is_number(point.get(key))


def _cell(value: object) -> str:
    return svg.number(float(value)) if isinstance(value, int | float) else svg.NOTHING
