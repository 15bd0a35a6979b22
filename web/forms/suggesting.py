"""Suggestions for what is typed: the browser's own list, without a script.

A suggestion is no choice: what is typed is read as before, and the service says what is wrong.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MOST_SUGGESTED = 200


class Suggested(forms.TextInput):
    """A text with a list below it of (value, words); the words may be empty."""

    def __init__(self, found: Iterable[tuple[str, str]], attrs: dict[str, Any]) -> None:
        super().__init__(attrs)
        self.found = list(found)

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """The input and its list."""
        place = f"{(attrs or {}).get('id') or name}-names"
        control = super().render(name, value, {**(attrs or {}), "list": place}, renderer)
        rows = format_html_join("", '<option value="{}">{}</option>', self.found)
        return format_html('{}<datalist id="{}">{}</datalist>', control, place, rows)


def suggest(form: forms.Form, name: str, found: Iterable[str | tuple[str, str]]) -> None:
    """Offer these in a text field of a form, if it has the field; at most MOST_SUGGESTED."""
    field = form.fields.get(name)
    if field is None:
        return
    rows = (row if isinstance(row, tuple) else (row, "") for row in found)
    attrs = {**field.widget.attrs, "autocomplete": "off"}
    field.widget = Suggested(islice(rows, MOST_SUGGESTED), attrs)
