"""What the model looks at: SHAP figures for a data set, for one row, for one small image."""

from collections.abc import Mapping, Sequence
from statistics import StatisticsError, correlation, fmean
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.figures import svg

_FEATURES = 12
_DOTS = 160
_ROW = 33
_NAME_RIGHT = 190
_CLEAR = 0.3


def _name(text: object, most: int = 26) -> str:
    shown = str(text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _numbers(points: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    return [float(p[key]) for p in points if svg.is_number(p.get(key))]


def mean_abs_shap(features: Sequence[Mapping[str, Any]]) -> SafeString:
    """Bars of mean |SHAP| over the sampled rows, from {"feature", "value"} with value >= 0."""
    rows = [f for f in features if svg.is_number(f.get("value"))]
    rows = sorted(rows, key=lambda f: -float(f["value"]))[:_FEATURES]
    if not rows:
        return svg.nothing_to_draw()
    x = svg.Scale(0, float(rows[0]["value"]) or 1.0, _NAME_RIGHT + 12, 820)
    body = []
    for i, row in enumerate(rows):
        y, value = 14 + i * 28, float(row["value"])
        width = x(value) - x.start
        body += [
            svg.text(_name(row["feature"]), _NAME_RIGHT, y + 9, "lbl endt"),
            svg.element("rect", cls="bar", x=float(x.start), y=y - 4, width=width, height=16, rx=3),
            svg.text(svg.number(value), x(value) + 8, y + 9, "num"),
        ]
    finding = _("%(feature)s moves the output most: %(value)s on average.") % {
        "feature": rows[0]["feature"],
        "value": svg.number(float(rows[0]["value"])),
    }
    size = (900, 20 + len(rows) * 28)
    drawing = svg.chart(_("Mean |SHAP| by feature"), finding, svg.together(body), size)
    heads = (_("Feature"), _("mean |SHAP|"))
    listed = [(str(r["feature"]), svg.number(float(r["value"]), 4)) for r in rows]
    return svg.with_table(drawing, svg.table(heads, listed), _("Mean |SHAP| by feature"), wide=True)


def _ramp(value: object, low: float, high: float) -> str:
    """Class of a dot: s0 for the feature's lowest value, s8 for its highest."""
    if not isinstance(value, int | float) or not svg.is_number(value) or high <= low:
        return "s4"
    return f"s{round((value - low) / (high - low) * 8)}"


def _swarm(points: Sequence[Mapping[str, Any]], x: svg.Scale, middle: float) -> SafeString:
    """Dots of one feature; dots that would overlap are laid above and below one another."""
    values = _numbers(points, "value")
    low, high = min(values, default=0.0), max(values, default=0.0)
    used: dict[int, int] = {}
    dots = []
    step = max(1, -(-len(points) // _DOTS))
    for point in points[::step]:
        at = x(float(point["shap"]))
        place = used.get(round(at / 4), 0)
        used[round(at / 4)] = place + 1
        lift = ((place + 1) // 2) * (3.9 if place % 2 else -3.9)
        y = middle + max(-13.0, min(13.0, lift))
        dots.append(
            svg.element("circle", cls=_ramp(point.get("value"), low, high), cx=at, cy=y, r=2.6)
        )
    return svg.together(dots)


def _effect(points: Sequence[Mapping[str, Any]]) -> str:
    """In words, what a high value of the feature does to the output."""
    both = [p for p in points if svg.is_number(p.get("value")) and svg.is_number(p.get("shap"))]
    try:
        r = correlation(_numbers(both, "value"), _numbers(both, "shap"))
    except StatisticsError:
        return _("mixed")
    if abs(r) < _CLEAR:
        return _("mixed")
    return _("raises the output") if r > 0 else _("lowers the output")


def beeswarm(features: Sequence[Mapping[str, Any]]) -> SafeString:
    """One row of dots for each feature.

    Takes {"feature", "points": [{"value", "shap"}]}; "value" colours the dot and may be None,
    "shap" places it, in units of the output. The strongest features by mean |SHAP| are drawn.
    """
    rows = []
    for feature in features:
        points = [p for p in feature.get("points", ()) if svg.is_number(p.get("shap"))]
        if points:
            strength = fmean(abs(v) for v in _numbers(points, "shap"))
            rows.append((strength, str(feature["feature"]), points))
    rows = sorted(rows, key=lambda r: -r[0])[:_FEATURES]
    if not rows:
        return svg.nothing_to_draw()
    every = [v for row in rows for v in _numbers(row[2], "shap")]
    pad = (max(every) - min(every)) * 0.04 or 0.1
    x = svg.Scale(min(0.0, *every) - pad, max(0.0, *every) + pad, _NAME_RIGHT + 16, 836)
    foot = 10 + len(rows) * _ROW
    body = [_shap_axis(x, foot)]
    for i, (strength, name, points) in enumerate(rows):
        middle = 26.5 + i * _ROW
        body += [
            svg.text(_name(name), _NAME_RIGHT, middle + 4, "lbl endt"),
            svg.text(svg.number(strength), 896, middle + 4, "num endt"),
            _swarm(points, x, middle),
        ]
    body.append(svg.text(_("mean |SHAP|"), 896, foot + 36, "endt"))
    effects = [(name, strength, _effect(points)) for strength, name, points in rows]
    finding = "; ".join(
        _("a high %(feature)s: %(effect)s") % {"feature": name, "effect": effect}
        for name, _strength, effect in effects[:3]
    )
    drawing = svg.chart(_("SHAP values by feature"), finding, svg.together(body), (900, foot + 42))
    heads = (_("Feature"), _("mean |SHAP|"), _("A high value"))
    listed = [(name, svg.number(strength, 4), effect) for name, strength, effect in effects]
    return svg.with_table(drawing, svg.table(heads, listed), _("SHAP values by feature"), wide=True)


def _shap_axis(x: svg.Scale, foot: float) -> SafeString:
    parts = []
    for v in svg.ticks(x.low, x.high, 5):
        parts.append(svg.line("zero" if v == 0 else "g", x(v), 8, x(v), foot))
        parts.append(svg.text(svg.plain(v), x(v), foot + 16, "mid num"))
    label = _("SHAP value · negative lowers the output, positive raises it")
    parts.append(svg.text(label, (x.start + x.end) / 2, foot + 36, "mid"))
    return svg.together(parts)


def _steps(local: Mapping[str, Any]) -> list[tuple[str, str, float]]:
    """(feature, its value, SHAP), strongest first; the weak ones are summed into one."""
    found = [c for c in local.get("contributions", ()) if svg.is_number(c.get("shap"))]
    found = sorted(found, key=lambda c: -abs(float(c["shap"])))
    shown = [
        (str(c["feature"]), _shown_value(c.get("value")), float(c["shap"]))
        for c in found[: _FEATURES - 1]
    ]
    rest = found[_FEATURES - 1 :]
    if rest:
        label = _("%(count)s other features") % {"count": len(rest)}
        shown.append((label, "", sum(float(c["shap"]) for c in rest)))
    return shown


def _shown_value(value: object) -> str:
    if value is None:
        return ""
    return svg.brief(value) if isinstance(value, int | float) else str(value)


def waterfall(local: Mapping[str, Any]) -> SafeString:
    """How one row's output comes about, from the base value to the output.

    Takes {"base", "output", "contributions": [{"feature", "value", "shap"}]}; base + sum of SHAP
    is the output up to the explanation's additivity error, which is not hidden by the drawing.
    """
    steps = _steps(local)
    if not steps or not svg.is_number(local.get("base")) or not svg.is_number(local.get("output")):
        return svg.nothing_to_draw()
    base, output = float(local["base"]), float(local["output"])
    stops = [base]
    for _feature, _value, shap in steps:
        stops.append(stops[-1] + shap)
    low, high = min(*stops, output), max(*stops, output)
    pad = (high - low) * 0.1 or 0.1
    x = svg.Scale(low - pad, high + pad, 300, 880)
    foot = 34 + len(steps) * 28
    body = [_waterfall_axis(x, foot), svg.line("dash", x(base), 14, x(base), foot)]
    body.append(svg.text(_("base %(value)s") % {"value": svg.number(base)}, x(base), 10, "mid num"))
    for i, (feature, value, shap) in enumerate(steps):
        body.append(_waterfall_row(x, 22 + i * 28, (feature, value, shap), stops[i]))
    body.append(svg.line("zero", x(output), 14, x(output), foot))
    strongest = steps[0]
    finding = _("From %(base)s to %(output)s; %(feature)s contributes most, %(shap)s.") % {
        "base": svg.number(base),
        "output": svg.number(output),
        "feature": strongest[0],
        "shap": svg.signed(strongest[2]),
    }
    title = _("Contributions to this output")
    drawing = svg.chart(title, finding, svg.together(body), (900, foot + 42))
    rows = [(feature, value or svg.NOTHING, svg.signed(shap, 4)) for feature, value, shap in steps]
    heads = (_("Feature"), _("Value"), _("SHAP"))
    return svg.with_table(drawing, svg.table(heads, rows), title, wide=True)


def _waterfall_axis(x: svg.Scale, foot: float) -> SafeString:
    parts = []
    for v in svg.ticks(x.low, x.high, 5):
        parts.append(svg.line("g", x(v), 14, x(v), foot))
        parts.append(svg.text(svg.plain(v), x(v), foot + 16, "mid num"))
    parts.append(svg.text(_("Model output"), (x.start + x.end) / 2, foot + 36, "mid"))
    return svg.together(parts)


def _waterfall_row(
    x: svg.Scale, y: float, step: tuple[str, str, float], start: float
) -> SafeString:
    feature, value, shap = step
    a, b = sorted((x(start), x(start + shap)))
    label = f"{_name(feature, 24)} = {_name(value, 12)}" if value else _name(feature, 34)
    end, anchor = (b + 6, "num halo") if b < 800 else (a - 6, "num halo endt")
    cls = "s8" if shap > 0 else "s0"
    return svg.together(
        [
            svg.text(label, 288, y + 12, "lbl endt"),
            svg.element("rect", cls=cls, x=a, y=y, width=max(1.0, b - a), height=16, rx=2),
            svg.text(svg.signed(shap), end, y + 12, anchor),
        ]
    )


def _grid(
    cells: Sequence[Sequence[float]], left: float, top: float, side: float, sign: bool
) -> SafeString:
    """Squares whose opacity is the share of the strongest value; the class tells the sign."""
    strongest = max((abs(v) for row in cells for v in row), default=0.0) or 1.0
    size = side / max(len(cells), max(len(row) for row in cells))
    squares = []
    for i, row in enumerate(cells):
        for j, value in enumerate(row):
            cls = ("s8" if value > 0 else "s0") if sign else "ink"
            share = f"{abs(value) / strongest:.2f}"
            x, y = left + j * size, top + i * size
            squares.append(
                svg.element(
                    "rect",
                    cls=cls,
                    x=float(x),
                    y=float(y),
                    width=float(size),
                    height=float(size),
                    fill_opacity=share,
                )
            )
    frame = svg.element("rect", cls="frame", x=left, y=top, width=side, height=side)
    return svg.together([*squares, frame])


def image_attribution(attribution: Mapping[str, Any], *, label: str = "") -> SafeString:
    """A small image beside its SHAP values.

    Takes {"pixels": [h][w], "shap": [h][w]}; `label` is the class that is explained. Blue squares
    lower its score, magenta squares raise it.
    """
    pixels, shap = attribution.get("pixels") or [], attribution.get("shap") or []
    if not pixels or not shap or not pixels[0] or not shap[0]:
        return svg.nothing_to_draw()
    body = [
        svg.text(_("Input"), 0, 12),
        _grid(pixels, 0, 20, 200, sign=False),
        svg.text(_("Contribution"), 230, 12),
        _grid(shap, 230, 20, 200, sign=True),
    ]
    raising = sum(v for row in shap for v in row if v > 0)
    lowering = sum(v for row in shap for v in row if v < 0)
    finding = _("Pixels raise the score by %(up)s and lower it by %(down)s.") % {
        "up": svg.number(raising),
        "down": svg.number(abs(lowering)),
    }
    title = _("Attribution for class %(label)s") % {"label": label} if label else _("Attribution")
    drawing = svg.chart(title, finding, svg.together(body), (431, 222))
    heads = [_("Row"), *(str(i + 1) for i in range(len(shap[0])))]
    rows = [[str(i + 1), *(svg.signed(v) for v in row)] for i, row in enumerate(shap)]
    return svg.with_table(drawing, svg.table(heads, rows), title)
