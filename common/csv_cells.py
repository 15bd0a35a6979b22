"""Cells of CSV files that no spreadsheet takes for formulas, and back."""

# A cell that begins with one of these may be run (OWASP, CSV injection).
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: object) -> str:
    """The value as text that a spreadsheet shows and does not run."""
    text = "" if value is None else str(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"'{text}" if text.startswith(_DANGEROUS) and not is_number else text


def plain_cell(text: str) -> str:
    """What `safe_cell` was given, as text."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_DANGEROUS) else text
