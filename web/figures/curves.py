"""Curves over a plane: ROC, precision and recall, calibration, training."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.figures import svg

Points = Sequence[Mapping[str, Any]]
Pairs = list[tuple[float, float]]
_MOST_DRAWN = 240
_MOST_LISTED = 21
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def _pairs(points: Points | None, x: str = "x", y: str = "y") -> Pairs:
    return [
        (float(p[x]), float(p[y]))
        for p in points or ()
        if svg.is_number(p.get(x)) and svg.is_number(p.get(y))
    ]


def _area(pairs: Pairs) -> float:
    """Area under the polyline by the trapezoid rule."""
    ordered = sorted(pairs)
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(ordered))


def _unit_plane(names: tuple[str, str]) -> tuple[svg.Scale, svg.Scale, SafeString]:
    x = svg.Scale(0, 1, svg.LEFT, svg.RIGHT)
    y = svg.Scale(0, 1, svg.BOTTOM, svg.TOP)
    return x, y, svg.plane(x, y, _QUARTERS, _QUARTERS, names)


def _drawn(cls: str, pairs: Pairs, x: svg.Scale, y: svg.Scale) -> SafeString:
    if not pairs:
        return svg.together([])
    return svg.path(cls, [(x(a), y(b)) for a, b in svg.thinned(pairs, _MOST_DRAWN)])


def _listed(pairs: Pairs, names: tuple[str, str]) -> SafeString:
    rows = [(svg.number(a), svg.number(b)) for a, b in svg.thinned(pairs, _MOST_LISTED)]
    return svg.table(names, rows)


def _operating_point(point: Mapping[str, Any] | None, x: svg.Scale, y: svg.Scale) -> SafeString:
    if not point or not _pairs([point]):
        return svg.together([])
    ((a, b),) = _pairs([point])
    left = x(a) > (svg.LEFT + svg.RIGHT) / 2
    at, anchor = (x(a) - 9, " endt") if left else (x(a) + 9, "")
    low = min(svg.BOTTOM - 22.0, y(b) + 24)
    parts = [
        svg.line("dash", x(a), svg.BOTTOM, x(a), y(b)),
        svg.element("circle", cls="dot-a", cx=x(a), cy=y(b), r=5),
        svg.text(_("Operating point"), at, low, "lbl" + anchor),
    ]
    if svg.is_number(point.get("threshold")):
        threshold = _("threshold %(value)s") % {"value": svg.number(float(point["threshold"]), 2)}
        parts.append(svg.text(threshold, at, low + 14, "num" + anchor))
    return svg.together(parts)


def _against(finding: str, champion: float | None) -> str:
    if champion is None:
        return finding
    return finding + " " + _("The champion has %(value)s.") % {"value": svg.number(champion)}


def roc_curve(
    points: Points,
    *,
    champion: Points | None = None,
    auc: float | None = None,
    champion_auc: float | None = None,
    operating: Mapping[str, Any] | None = None,
) -> SafeString:
    """ROC curve. Points are {"x": false-positive rate, "y": true-positive rate}, both in [0, 1].

    `operating` is one point, with "threshold" if known. The area is computed where not given.
    """
    pairs = _pairs(points)
    if not pairs:
        return svg.nothing_to_draw()
    names = (_("False-positive rate"), _("True-positive rate"))
    old = _pairs(champion)
    finding = _(
        "The area under the curve is %(area)s. At a false-positive rate of at most 1%% the "
        "true-positive rate is %(rate)s."
    ) % {
        "area": svg.number(_area(pairs) if auc is None else auc),
        "rate": svg.number(max((b for a, b in pairs if a <= 0.01), default=0.0)),
    }
    base = champion_auc if champion_auc is not None or not old else _area(old)
    x, y, axes = _unit_plane(names)
    chance = svg.line("dash", x(0), y(0), x(1), y(1))
    lines = [_drawn("ln b", old, x, y), _drawn("ln a", pairs, x, y)]
    body = svg.together([axes, chance, *lines, _operating_point(operating, x, y)])
    drawing = svg.chart(_("ROC curve"), _against(finding, base), body)
    return svg.with_table(drawing, _listed(pairs, names), _("ROC curve"))


def pr_curve(
    points: Points,
    *,
    champion: Points | None = None,
    area: float | None = None,
    champion_area: float | None = None,
    operating: Mapping[str, Any] | None = None,
) -> SafeString:
    """Precision-recall curve. Points are {"x": recall, "y": precision}, both in [0, 1].

    Without `area` (average precision) the description names the precision at a recall of 0.9.
    """
    pairs = _pairs(points)
    if not pairs:
        return svg.nothing_to_draw()
    names = (_("Recall"), _("Precision"))
    if area is not None:
        finding = _("The average precision is %(area)s.") % {"area": svg.number(area)}
    else:
        best = max((b for a, b in pairs if a >= 0.9), default=0.0)
        finding = _("At a recall of at least 0.9 the precision is up to %(value)s.") % {
            "value": svg.number(best)
        }
    x, y, axes = _unit_plane(names)
    lines = [_drawn("ln b", _pairs(champion), x, y), _drawn("ln a", pairs, x, y)]
    body = svg.together([axes, *lines, _operating_point(operating, x, y)])
    drawing = svg.chart(_("Precision and recall"), _against(finding, champion_area), body)
    return svg.with_table(drawing, _listed(pairs, names), _("Precision and recall"))


def _band(points: Points, x: svg.Scale, y: svg.Scale) -> SafeString:
    high, low = _pairs(points, y="high"), _pairs(points, y="low")
    if len(high) < 2 or len(high) != len(low):
        return svg.together([])
    edge = [(x(a), y(b)) for a, b in [*high, *reversed(low)]]
    return svg.path("band", edge, closed=True)


def calibration(
    points: Points, *, champion: Points | None = None, error: float | None = None
) -> SafeString:
    """Observed rate against predicted probability.

    Points are {"x": mean prediction of a bin, "y": observed rate}, optionally with "low" and
    "high" of the interval. `error` is the expected calibration error.
    """
    pairs = _pairs(points)
    if not pairs:
        return svg.nothing_to_draw()
    names = (_("Predicted probability"), _("Observed rate"))
    worst = max(pairs, key=lambda p: abs(p[1] - p[0]))
    finding = _("The largest gap to the diagonal is %(gap)s, at a prediction of %(at)s.") % {
        "gap": svg.number(abs(worst[1] - worst[0])),
        "at": svg.number(worst[0], 2),
    }
    if error is not None:
        finding += " " + _("The calibration error is %(value)s.") % {"value": svg.number(error)}
    x, y, axes = _unit_plane(names)
    old = _pairs(champion)
    dots = [svg.element("circle", cls="dot-b", cx=x(a), cy=y(b), r=3.5) for a, b in old]
    dots += [svg.element("circle", cls="dot-a", cx=x(a), cy=y(b), r=4) for a, b in pairs]
    body = [axes, svg.line("dash", x(0), y(0), x(1), y(1)), _band(points, x, y)]
    body += [_drawn("ln b", old, x, y), _drawn("ln a", pairs, x, y), *dots]
    drawing = svg.chart(_("Calibration"), finding, svg.together(body))
    return svg.with_table(drawing, _listed(pairs, names), _("Calibration"))


def _training_finding(train: Pairs, validation: Pairs) -> str:
    lines = validation or train
    best = min(lines, key=lambda p: p[1])
    words = {"epoch": f"{best[0]:g}", "loss": svg.number(best[1]), "last": svg.number(lines[-1][1])}
    if validation:
        return _("Validation loss is lowest at epoch %(epoch)s, %(loss)s; now %(last)s.") % words
    return _("Training loss is lowest at epoch %(epoch)s, %(loss)s; now %(last)s.") % words


def training_curves(history: Points) -> SafeString:
    """Loss over epochs. History is a list of {"epoch", "train_loss", "validation_loss"}.

    An epoch may lack either loss. The solid line is validation, the dashed line training.
    """
    train = _pairs(history, "epoch", "train_loss")
    validation = _pairs(history, "epoch", "validation_loss")
    every = train + validation
    if not every:
        return svg.nothing_to_draw()
    x_low, x_high = min(p[0] for p in every), max(p[0] for p in every)
    y_low, y_high = min(0.0, min(p[1] for p in every)), max(p[1] for p in every) or 1.0
    x = svg.Scale(x_low, max(x_high, x_low + 1), svg.LEFT, svg.RIGHT)
    y = svg.Scale(y_low, y_high, svg.BOTTOM, svg.TOP)
    steps = [v for v in svg.ticks(x.low, x.high, 6) if v == int(v)]
    names = (_("Epoch"), _("Loss"))
    axes = svg.plane(x, y, steps, svg.ticks(y_low, y_high, 4), names)
    ends = [
        svg.element("circle", cls=cls, cx=x(p[-1][0]), cy=y(p[-1][1]), r=4)
        for cls, p in (("dot-b", train), ("dot-a", validation))
        if p
    ]
    lines = [_drawn("ln b", train, x, y), _drawn("ln a", validation, x, y)]
    finding = _training_finding(train, validation)
    drawing = svg.chart(_("Training curves"), finding, svg.together([axes, *lines, *ends]))
    heads = (_("Epoch"), _("Training loss"), _("Validation loss"))
    rows = [
        (
            svg.number(e.get("epoch")),
            svg.number(e.get("train_loss"), 4),
            svg.number(e.get("validation_loss"), 4),
        )
        for e in history
    ]
    return svg.with_table(drawing, svg.table(heads, rows), _("Training curves"))
