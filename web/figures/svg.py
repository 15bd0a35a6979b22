"""Building blocks of the server-made figures: elements, scales, axes, tables.

Colours are CSS classes and positions are SVG attributes, so that `style-src 'self'` holds.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"


def is_number(value: object) -> bool:
    """Whether the value can be drawn: a finite int or float, and not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(value: object, digits: int = 3) -> str:
    """A number for people in the active language, with a real minus sign; a dash for none."""
    if not isinstance(value, int | float) or not is_number(value):
        return NOTHING
    decimals = 0 if isinstance(value, int) else digits
    # Django cuts decimals off instead of rounding, and a rounded zero has no sign.
    rounded = Decimal(f"{value:.{decimals}f}") or Decimal(0)
    return number_format(rounded, decimal_pos=decimals, force_grouping=True).replace("-", MINUS)


def brief(value: object) -> str:
    """A number of unknown scale: four significant digits, whole above a thousand."""
    if not isinstance(value, int | float) or not is_number(value):
        return NOTHING
    if isinstance(value, int) or abs(value) >= 1000:
        return number(round(value))
    rounded = f"{value:.4g}"
    if "e" in rounded:
        return rounded.replace("-", MINUS)
    return number(float(rounded), len(rounded.partition(".")[2]))


def signed(value: object, digits: int = 3) -> str:
    """Like `number`, with a plus sign before positive values."""
    text = number(value, digits)
    rounds_up = isinstance(value, int | float) and round(value, digits) > 0
    return f"+{text}" if rounds_up else text


def plain(value: float) -> str:
    """A tick label: as few digits as tell the value."""
    return f"{value:g}".replace("-", MINUS)


def _attribute(name: str, value: object) -> tuple[str, str]:
    shown = f"{value:.1f}" if isinstance(value, float) else str(value)
    return ("class" if name == "cls" else name.replace("_", "-"), shown)


def element(name: str, content: str = "", /, **attributes: object) -> SafeString:
    """One SVG or HTML element. Text and attribute values are escaped unless they are safe already.

    `cls` becomes `class` and underscores become hyphens; attributes that are None are left out.
    """
    pairs = [_attribute(key, value) for key, value in attributes.items() if value is not None]
    written = format_html_join("", ' {}="{}"', pairs)
    return format_html("<{}{}>{}</{}>", mark_safe(name), written, content, mark_safe(name))  # noqa: S308  names are literals


def together(parts: Iterable[str]) -> SafeString:
    """Join parts; whatever is not safe already is escaped."""
    return format_html_join("", "{}", ((part,) for part in parts))


def line(cls: str, x1: float, y1: float, x2: float, y2: float) -> SafeString:
    """A straight line of class `cls`."""
    return element("line", cls=cls, x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2))


def text(content: str, x: float, y: float, cls: str = "") -> SafeString:
    """A label at (x, y)."""
    return element("text", content, cls=cls or None, x=float(x), y=float(y))


def path(cls: str, points: Sequence[tuple[float, float]], closed: bool = False) -> SafeString:
    """A polyline through pixel positions."""
    steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return element("path", cls=cls, d=f"M{steps}{'Z' if closed else ''}")


@dataclass(frozen=True)
class Scale:
    """Linear map of the data range [low, high] to the pixel range [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Pixel position of a value; values outside the range stay on its edge."""
        span = (self.high - self.low) or 1.0
        share = min(1.0, max(0.0, (value - self.low) / span))
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round positions inside [low, high], at steps of 1, 2, 2.5 or 5 times a power of ten."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    raw = span / max(1, about)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


LEFT, RIGHT, TOP, BOTTOM = 44, 448, 26, 212


def plane(
    x: Scale, y: Scale, x_ticks: Sequence[float], y_ticks: Sequence[float], names: tuple[str, str]
) -> SafeString:
    """Grid, tick labels and axis names of a 460 by 250 chart."""
    rows = (
        together(
            [line("g", LEFT, y(v), RIGHT, y(v)), text(plain(v), LEFT - 7, y(v) + 4, "endt num")]
        )
        for v in y_ticks
    )
    columns = (text(plain(v), x(v), BOTTOM + 16, "mid num") for v in x_ticks)
    ends = [
        line("ax", LEFT, BOTTOM, RIGHT, BOTTOM),
        text(names[0], (LEFT + RIGHT) / 2, BOTTOM + 34, "mid"),
        text(names[1], 8, 17),
    ]
    return together([*rows, *columns, *ends])


def chart(
    title: str, finding: str, body: str, size: tuple[int, int] = (460, 250), cls: str = "chart"
) -> SafeString:
    """The `<svg>` with its title and the finding in words as description."""
    heads = together([element("title", title), element("desc", finding)])
    box = f"0 0 {size[0]} {size[1]}"
    return element("svg", together([heads, body]), cls=cls, viewBox=box, role="img")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> SafeString:
    """The same figures as a table: the first column names the row, the others are numbers."""
    columns = together(
        element("th", name, scope="col", cls="r" if i else None) for i, name in enumerate(head)
    )
    lines = together(
        element(
            "tr",
            together(
                element("td", cell, cls="r") if i else element("th", cell, scope="row")
                for i, cell in enumerate(row)
            ),
        )
        for row in rows
    )
    body = together([element("thead", element("tr", columns)), element("tbody", lines)])
    return element("table", body, cls="tbl narrow")


def with_table(drawing: str, rows: SafeString, name: str, *, wide: bool = False) -> SafeString:
    """A drawing with its table below, as the body of a card.

    A wide drawing scrolls sideways on phones, so it is a region that the keyboard can reach.
    """
    reach = {"tabindex": "0", "role": "region", "aria_label": name}
    inner = element("div", drawing, cls="fig-wide") if wide else drawing
    shown = element("div", inner, cls="pad fig", **(reach if wide else {}))
    listed = element(
        "div",
        rows,
        cls="scroll",
        **(reach | {"aria_label": _("%(name)s as table") % {"name": name}}),
    )
    summary = element("summary", _("Show as table"))
    return together([shown, element("details", summary + listed, cls="astable")])


def nothing_to_draw() -> SafeString:
    """What stands in a figure's place when the report has no data for it."""
    return element("p", _("Not measured for this version."), cls="empty-state")


def thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most `most` of the points, evenly spread, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(i * step)] for i in range(most)]
