"""Typed reading of parsed JSON: each function returns the type it names or raises Malformed."""

from collections.abc import Iterable
from datetime import datetime

from trust.digests import is_digest
from trust.errors import Malformed
from trust.times import parse_moment

JsonObject = dict[str, object]


def as_object(value: object, what: str) -> JsonObject:
    """`value` if it is a JSON object; `what` names it in the error."""
    if not isinstance(value, dict):
        raise Malformed(f"{what} is not an object")
    return value


def require_keys(
    document: JsonObject, keys: Iterable[str], what: str, optional: Iterable[str] = ()
) -> None:
    """Refuse a document whose keys are not exactly `keys`, with or without the optional ones."""
    wanted = set(keys)
    if document.keys() == wanted:
        return
    for name in sorted(wanted - document.keys()):
        raise Malformed(f"{what} has no {name!r}")
    for name in sorted(document.keys() - wanted - set(optional)):
        raise Malformed(f"{what} has an unknown {name!r}")


def read_object(document: JsonObject, name: str) -> JsonObject:
    """The object under `name`."""
    return as_object(document.get(name), repr(name))


def read_text(document: JsonObject, name: str) -> str:
    """The non-empty string under `name`."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{name!r} is not a text")
    return value


def read_count(document: JsonObject, name: str) -> int:
    """The integer >= 0 under `name` (true and false are not integers)."""
    value = document.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Malformed(f"{name!r} is not a count")
    return value


def read_digest(document: JsonObject, name: str) -> str:
    """The "sha256:<hex>" under `name`."""
    value = document.get(name)
    if not isinstance(value, str) or not is_digest(value):
        raise Malformed(f"{name!r} is not a digest")
    return value


def read_moment(document: JsonObject, name: str) -> datetime:
    """The aware UTC datetime under `name`."""
    return parse_moment(read_text(document, name))


def read_list(document: JsonObject, name: str) -> list[object]:
    """The list under `name`."""
    value = document.get(name)
    if not isinstance(value, list):
        raise Malformed(f"{name!r} is not a list")
    return value


def read_objects(document: JsonObject, name: str) -> list[JsonObject]:
    """The list of objects under `name`."""
    return [as_object(item, f"an entry of {name!r}") for item in read_list(document, name)]


def read_texts(document: JsonObject, name: str) -> list[str]:
    """The list of strings under `name`."""
    texts: list[str] = []
    for item in read_list(document, name):
        if not isinstance(item, str):
            raise Malformed(f"an entry of {name!r} is not a text")
        texts.append(item)
    return texts
