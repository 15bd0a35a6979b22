"""Reading what somebody wants proposed: plain JSON by names."""

from collections.abc import Mapping, Sequence
from typing import Any

from common.errors import Invalid

LONGEST_NAME = 200


def only(wish: Mapping[str, Any], *names: str, inside: str = "") -> None:
    """Raises Invalid for a field that means nothing here, or one that is missing."""
    unknown = sorted(set(wish) - set(names))
    if unknown:
        raise Invalid("This field is not known.", field=f"{inside}{unknown[0]}")
    missing = [name for name in names if name not in wish]
    if missing:
        raise Invalid("This field is needed.", field=f"{inside}{missing[0]}")


def text(wish: Mapping[str, Any], name: str, *, inside: str = "") -> str:
    """A short text. Raises Invalid."""
    value = wish[name]
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or "\x00" in value:
        raise Invalid(f"Give a text of 1 to {LONGEST_NAME} characters.", field=f"{inside}{name}")
    return value


def objects(wish: Mapping[str, Any], name: str, most: int) -> Sequence[Mapping[str, Any]]:
    """A list of 1 to `most` objects. Raises Invalid."""
    value = wish[name]
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise Invalid("This must be a list of objects.", field=name)
    if not 1 <= len(value) <= most:
        raise Invalid(f"Give 1 to {most} of them.", field=name)
    return value
