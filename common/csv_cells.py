"""Cells of CSV files that no spreadsheet takes for formulas, and back."""

import re

# A cell that begins with one of these may be run (OWASP, CSV injection). A program that separates
# cells otherwise than the file does sees cells inside of this one too. A quote in front keeps each
# from being run; one that stands there already gets another, so that the way back is exact.
_AT_START = re.compile(r"\A('*)(?=[=+\-@\t\r\n])")
_INSIDE = re.compile(r"([;\t|,\r\n][\"' ]*)(?=[=+\-@])")
_QUOTED_AT_START = re.compile(r"\A'('*)(?=[=+\-@\t\r\n])")
_QUOTED_INSIDE = re.compile(r"([;\t|,\r\n][\"' ]*)'(?=[=+\-@])")


def safe_cell(value: object) -> str:
    """The value as text that a spreadsheet shows and does not run."""
    text = "" if value is None else str(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return text
    return _INSIDE.sub(r"\1'", _AT_START.sub(r"'\1", text))


def plain_cell(text: str) -> str:
    """What `safe_cell` was given, as text."""
    return _QUOTED_AT_START.sub(r"\1", _QUOTED_INSIDE.sub(r"\1", text))
