"""The confusion matrix: a table, not a picture, so that it needs no second form."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from web.figures import svg

_STEPS = 8
_ROOMY = 4


def _shade(share: float, right: bool) -> str:
    """Class of a cell: blue steps on the diagonal, red-brown steps off it."""
    step = min(_STEPS, round(share * _STEPS)) if share > 0 else 0
    if share > 0 and step == 0:
        step = 1
    return f"{'h' if right else 'e'}{step}"


def _word(size: int, row: int, column: int) -> str:
    if size != 2:
        return ""
    words = (
        (_("true negatives"), _("false alarms")),
        (_("missed"), _("caught")),
    )
    return words[row][column]


def _cell(count: int, share: float, cls: str, notes: Sequence[str]) -> SafeString:
    percent = svg.number(share * 100, 1) + "%"
    parts = [
        svg.element("span", svg.element("b", svg.number(count)), cls="cnt"),
        svg.element("span", svg.element("b", percent), cls="rate"),
        *(svg.element("small", note) for note in notes if note),
    ]
    return svg.element("td", svg.together(parts), cls=cls)


def _change(count: int, champion: Sequence[Sequence[int]] | None, row: int, column: int) -> str:
    if champion is None:
        return ""
    difference = count - champion[row][column]
    return _("%(difference)s from champion") % {"difference": svg.signed(difference)}


def _square(counts: object, size: int) -> bool:
    return (
        isinstance(counts, Sequence)
        and len(counts) == size
        and all(isinstance(row, Sequence) and len(row) == size for row in counts)
    )


def confusion_matrix(
    confusion: Mapping[str, Any],
    *,
    champion: Mapping[str, Any] | None = None,
    threshold: float | None = None,
    mode: str = "count",
) -> SafeString:
    """Counts with row rates. `confusion` is {"labels": [n], "counts": [n][n]}, rows = true class.

    A champion's matrix is compared only where its labels are the same. `mode` is "count" or
    "rate": what the reader sees before switching. Colours follow the rate within the row.
    """
    labels = [str(label) for label in confusion.get("labels", [])]
    counts = confusion.get("counts", [])
    if not labels or not _square(counts, len(labels)):
        return svg.nothing_to_draw()
    same = champion is not None and [str(v) for v in champion.get("labels", [])] == labels
    old = champion["counts"] if champion is not None and same else None
    rows = []
    for i, row in enumerate(counts):
        total = sum(row) or 1
        cells = [
            _cell(
                n,
                n / total,
                _shade(n / total, i == j),
                [_change(n, old, i, j), _word(len(labels), i, j)],
            )
            for j, n in enumerate(row)
        ]
        rows.append(
            svg.element("tr", svg.element("th", labels[i], scope="row") + svg.together(cells))
        )
    return _table(labels, rows, threshold, mode)


def _table(
    labels: Sequence[str], rows: Sequence[SafeString], threshold: float | None, mode: str
) -> SafeString:
    dense = len(labels) > _ROOMY
    caption = _("Confusion matrix, true classes in rows")
    if threshold is not None:
        caption = _("Confusion matrix at threshold %(value)s, true classes in rows") % {
            "value": svg.number(float(threshold), 2)
        }
    names = labels if dense else [_("Predicted %(label)s") % {"label": v} for v in labels]
    heads = svg.together(svg.element("th", name, scope="col") for name in names)
    corner = svg.element("td", _("true ↓ predicted →") if dense else "", cls="corner")
    parts = [
        svg.element("caption", caption, cls="vh"),
        svg.element("thead", svg.element("tr", corner + heads)),
        svg.element("tbody", svg.together(rows)),
    ]
    cls = "cm dense" if dense else "cm"
    inner = svg.element("table", svg.together(parts), cls=cls, data_mode=mode)
    return svg.element(
        "div", inner, cls="pad cm-scroll", tabindex="0", role="region", aria_label=caption
    )
