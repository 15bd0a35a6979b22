"""Markdown of people as markup that can do nothing: no HTML of theirs, no images, no scripts."""

from collections.abc import Sequence

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

# A card stands below the page's own headings, so its "#" begins at this level.
_FIRST_LEVEL = 4
_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


def _lower_headings(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + _FIRST_LEVEL - 1)}"


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    reader.core.ruler.push("lower_headings", _lower_headings)
    return reader.disable("image")


_READER = _reader()


def rendered(text: str) -> SafeString:
    """CommonMark with tables as safe HTML; raw HTML stays text, links lead to http(s) or mail."""
    clean = nh3.clean(
        _READER.render(text),
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308  nh3 has just cleaned it


def rendered_fields(fields: Sequence[tuple[str, str]]) -> list[tuple[str, SafeString]]:
    """(label, Markdown) pairs with the text rendered; empty texts are left out."""
    return [(label, rendered(text)) for label, text in fields if text.strip()]
