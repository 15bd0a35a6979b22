"""Tags and filters of the pages; settings make this a built-in library of every template."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import forms, template
from django.forms.boundfield import BoundField
from django.template.context import RequestContext
from django.utils.safestring import SafeString

from web import words
from web.figures import FIGURES, svg
from web.templatetags import components, formats
from web.templatetags.vocabulary import look

register = template.Library()
Context = dict[str, Any]
_DJANGO_ROWS = "10"

register.filter("bytes", formats.size)
register.filter("num", svg.number)
register.filter("signed", svg.signed)
register.filter("percent", formats.percent)
register.filter("duration", formats.duration)
register.filter("short_digest", formats.short_digest)
register.filter("initials", formats.initials)
register.filter("word", words.word)
register.filter("gate_title", words.gate_title)


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, size: int = 16, cls: str = "") -> SafeString:
    """An icon of the sprite in `c/icons.html`; it says nothing to screen readers."""
    use = svg.element("use", href=f"#i-{name}")
    classes = f"i {cls}".strip()
    return svg.element("svg", use, cls=classes, width=size, height=size, aria_hidden="true")


@register.simple_tag
def figure(name: str, data: Any, **options: Any) -> SafeString:
    """A figure of `web.figures.FIGURES`, drawn from its part of a report."""
    return FIGURES[name](data, **options)


@register.inclusion_tag("c/badge.html")
def badge(state: object, big: bool = False, word: str = "") -> Context:
    """A status badge in the one vocabulary; `word` replaces the word, not the look."""
    shown = look(state)
    return {"look": shown, "word": word or shown.word, "big": big, "icon_size": 14 if big else 12}


@register.inclusion_tag("c/alias.html")
def alias(name: str, href: str = "") -> Context:
    """An alias such as @champion, linked if an address is given."""
    return {"name": name.removeprefix("@"), "href": href}


@register.inclusion_tag("c/digest.html")
def digest(value: str, what: str = "", copy: bool = True) -> Context:
    """A short digest with a copy button; the full one is in the title."""
    return {"value": value, "short": formats.short_digest(value), "what": what, "copy": copy}


@register.inclusion_tag("c/copy.html")
def copy_button(value: object, what: str = "", icon: str = "copy") -> Context:
    """A button that copies `value`; `what` names it for screen readers."""
    return {"value": value, "what": what, "icon": icon}


@register.inclusion_tag("c/gate_row.html")
def gate_row(gate: Mapping[str, Any]) -> Context:
    """One gate, from a statement's gate; see `components.gate_view`."""
    return {"gate": components.gate_view(gate)}


@register.inclusion_tag("c/gate_list.html")
def gate_list(gates: Iterable[Mapping[str, Any]]) -> Context:
    """All gates by group, with the filter for those that need attention."""
    groups = components.gate_groups(gates)
    attention = sum(len(g.gates) - g.passed for g in groups)
    return {"groups": groups, "attention": attention}


@register.inclusion_tag("c/metric_card.html")
def metric_card(metric: Mapping[str, Any]) -> Context:
    """One metric with its interval strip; see `components.metric_view`."""
    return {"m": components.metric_view(metric)}


@register.inclusion_tag("c/kv.html")
def kv(pairs: Sequence[tuple[str, Any]]) -> Context:
    """A list of names and values; pairs whose value is None or empty are left out."""
    return {"pairs": [(name, value) for name, value in pairs if value not in (None, "")]}


@register.inclusion_tag("c/when.html")
def when(value: object, relative: bool = False, seconds: bool = False) -> Context:
    """A point in time: absolute with its zone, UTC in the title, relative only in addition."""
    return {"moment": formats.moment(value, seconds=seconds), "relative": relative}


@register.inclusion_tag("c/avatar.html")
def avatar(name: object, tone: str = "") -> Context:
    """Initials in a circle; `tone` is empty, b, g, p or open."""
    return {"initials": formats.initials(name), "tone": tone}


@register.inclusion_tag("c/progress.html")
def progress(
    value: float | None, maximum: float = 100, stage: str = "", seconds_left: float | None = None
) -> Context:
    """A job's progress: bar, stage and time left. Without a value the bar is indeterminate."""
    return {
        "value": value,
        "max": maximum,
        "stage": stage,
        "share": None if value is None else value / (maximum or 1),
        "seconds_left": seconds_left,
    }


@register.inclusion_tag("c/code.html")
def code_block(text: str, what: str = "") -> Context:
    """Preformatted text with a copy button; `what` names it, for instance "curl"."""
    return {"text": text, "what": what}


@register.inclusion_tag("c/tabs.html")
def tabs(items: Sequence[Mapping[str, Any]], label: str = "") -> Context:
    """Links to the parts of a page: {"label", "url", "count", "current"} each."""
    return {"items": items, "label": label}


@register.inclusion_tag("c/timeline_item.html")
def timeline_item(item: Mapping[str, Any]) -> Context:
    """One event or comment: {"person", "text", "at"} and optionally "icon", "tone", "digest",
    "proof_url", and for a comment "comment", "role", "quote", "about": (label, address).
    """
    return {"item": item}


def _link(context: RequestContext, changes: Mapping[str, str | None], drop: Iterable[str]) -> str:
    """The page's own address with some query parameters changed."""
    request = context.get("request")
    pairs = dict(request.GET.lists()) if request is not None else {}
    for name in drop:
        pairs.pop(name, None)
    for name, value in changes.items():
        pairs.pop(name, None)
        if value is not None:
            pairs[name] = [value]
    return "?" + urlencode(pairs, doseq=True)


@register.inclusion_tag("c/pager.html", takes_context=True)
def pager(
    context: RequestContext,
    next: str | None = None,
    previous: str | None = None,
    param: str = "cursor",
) -> Context:
    """Links to the next and previous page of a keyset listing.

    Takes cursors, or whole addresses beginning with "?", "/" or "http"; the filters stay.
    """

    def address(value: str | None) -> str:
        if not value or value.startswith(("?", "/", "http")):
            return value or ""
        return _link(context, {param: value}, ())

    return {"next": address(next), "previous": address(previous)}


@register.inclusion_tag("c/sort_header.html", takes_context=True)
def sort_header(
    context: RequestContext, field: str, label: str, number: bool = False, param: str = "sort"
) -> Context:
    """A table head that sorts by `field` through the address; a second press turns the order."""
    request = context.get("request")
    current = request.GET.get(param, "") if request is not None else ""
    order = {field: "ascending", f"-{field}": "descending"}.get(current, "")
    target = f"-{field}" if order == "ascending" else field
    url = _link(context, {param: target}, ("cursor",))
    return {"label": label, "order": order, "url": url, "number": number}


@register.inclusion_tag("c/field.html")
def field(bound: BoundField, hint: str = "") -> Context:
    """A form field with label, hint and error, tied together for screen readers."""
    widget = bound.field.widget
    options = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    check = isinstance(widget, forms.CheckboxInput)
    attrs: dict[str, str | bool] = (
        {} if options or check else {"class": f"in {widget.attrs.get('class', '')}".strip()}
    )
    if isinstance(widget, forms.Textarea) and widget.attrs.get("rows") == _DJANGO_ROWS:
        attrs["rows"] = "4"
    if hint:
        bound.help_text = hint
    return {
        "field": bound,
        "control": bound.as_widget(attrs=attrs),
        "layout": "options" if options else "check" if check else "line",
    }


@register.inclusion_tag("c/error_summary.html")
def error_summary(form: forms.BaseForm) -> Context:
    """All errors of a form on top of it, each a link to its field."""
    rows = [
        (form[name] if name in form.fields else None, message)
        for name, messages in form.errors.items()
        for message in messages
    ]
    return {"rows": rows}
