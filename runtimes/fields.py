"""Strict readers of JSON values. Each raises Invalid naming the place of what is wrong."""

from collections.abc import Sequence
from typing import Any

from common.errors import Invalid

MAX_TEXT = 200
_SHOWN = 80


def shown(value: object) -> str:
    """A value that a stranger sent, short and without control characters, for a sentence."""
    text = value if isinstance(value, str) else repr(value)
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:_SHOWN])
    return plain + ("…" if len(text) > _SHOWN else "")


def one_line(error: Exception) -> str:
    """An error's message on one line of at most 300 characters, without control characters."""
    text = " ".join(str(error).split())
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:300])
    return plain + ("…" if len(text) > 300 else "")


def kind_of(value: object) -> str:
    """The JSON name of a value's type."""
    names = {bool: "true/false", int: "integer", float: "number", str: "text"}
    names |= {list: "list", dict: "object", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def read_object(value: object, field: str, keys: Sequence[str]) -> dict[str, Any]:
    """`value` as an object with exactly `keys`. Raises Invalid."""
    if not isinstance(value, dict):
        raise Invalid(f"Expected an object, got {kind_of(value)}.", field=field or None)
    for key in value:
        if key not in keys:
            place = f"{field}.{shown(key)}" if field else shown(key)
            raise Invalid(f"Unknown field. Known are: {', '.join(keys)}.", field=place)
    for key in keys:
        if key not in value:
            raise Invalid("This field is missing.", field=f"{field}.{key}" if field else key)
    return value


def read_list(value: object, field: str, *, least: int, most: int) -> list[Any]:
    """`value` as a list of `least` to `most` items. Raises Invalid."""
    if not isinstance(value, list):
        raise Invalid(f"Expected a list, got {kind_of(value)}.", field=field)
    if not least <= len(value) <= most:
        raise Invalid(f"Expected {least} to {most} items, got {len(value)}.", field=field)
    return value


def read_text(value: object, field: str) -> str:
    """`value` as one line of 1 to 200 characters that UTF-8 can hold. Raises Invalid."""
    if not isinstance(value, str):
        raise Invalid(f"Expected text, got {kind_of(value)}.", field=field)
    if not 1 <= len(value) <= MAX_TEXT:
        raise Invalid(f"Expected 1 to {MAX_TEXT} characters, got {len(value)}.", field=field)
    if not value.isprintable():
        raise Invalid("Control characters (such as NUL) are not allowed here.", field=field)
    return value


def read_choice(value: object, field: str, choices: Sequence[str]) -> str:
    """`value` as one of `choices`. Raises Invalid."""
    if not isinstance(value, str) or value not in choices:
        raise Invalid(f"Expected one of {', '.join(choices)}; got {shown(value)}.", field=field)
    return value


def read_names(value: object, field: str, *, least: int, most: int) -> tuple[str, ...]:
    """`value` as a list of different texts. Raises Invalid at the first one seen twice."""
    items = read_list(value, field, least=least, most=most)
    names = tuple(read_text(item, f"{field}[{i}]") for i, item in enumerate(items))
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise Invalid(f"{shown(name)} stands here twice.", field=f"{field}[{index}]")
        seen.add(name)
    return names
