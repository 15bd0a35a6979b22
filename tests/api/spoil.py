"""Ways to spoil a good JSON body, each with the field that the refusal must name."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LONG = "x" * 20_000
NUL = "a\x00b"
NESTED = b"[" * 900 + b"]" * 900
ABYSS = b"[" * 100_000


@dataclass(frozen=True)
class Bad:
    """A body that must be refused; the field that is named is one of the steps to the place."""

    what: str
    raw: bytes
    steps: tuple[str, ...]
    statuses: tuple[int, ...] = (422,)

    def is_named(self, field: str) -> bool:
        """Whether a refusal's field leads to the place."""
        return not self.steps or field.replace("[", ".").partition(".")[0] in self.steps


def _with(body: dict[str, Any], path: list[str | int], value: Any) -> dict[str, Any]:
    made: Any = copy.deepcopy(body)
    place = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    result: dict[str, Any] = made
    return result


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[list[str | int], Any]]:
    """Every place of a body with what stands there."""
    if path:
        yield list(path), value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for n, item in enumerate(value[:1]):
            yield from places(item, (*path, n))


def spoilt(body: dict[str, Any]) -> Iterator[Bad]:
    """What is wrong whatever the operation: types, lengths, unknown fields, NUL, surrogates."""
    text = json.dumps(body)
    others: tuple[Any, ...] = ([], "text", 5, None, True)
    for value in others:
        yield Bad(f"the body is {value!r}", json.dumps(value).encode(), ("body",))
    yield Bad("an unknown field", json.dumps(body | {"surprise": 1}).encode(), ("surprise",))
    yield Bad("a repeated key", f'{text[:-1]}, "{next(iter(body))}": 1}}'.encode(), ("body",))
    for path, value in places(body):
        yield from _wrong(body, path, value)
    yield from broken(text)


def _wrong(body: dict[str, Any], path: list[str | int], value: Any) -> Iterator[Bad]:
    steps = tuple(str(step) for step in path)
    wrong: Any = {"a": [1]} if not isinstance(value, dict) else [1]
    yield _bad(f"{path} is {wrong!r}", _with(body, path, wrong), steps)
    if isinstance(value, str):
        yield _bad(f"{path} is too long", _with(body, path, LONG), steps, 404, 409, 422)
        yield _bad(f"{path} holds a NUL", _with(body, path, NUL), ("body",))
        yield _bad(f"{path} holds half a character", _with(body, path, "\ud800"), ("body",))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _numbers(body, path, steps)


def _numbers(body: dict[str, Any], path: list[str | int], steps: tuple[str, ...]) -> Iterator[Bad]:
    # The limit of a metric may be negative: R² often is.
    for number in (*([] if path[-1] == "limit" else [-1]), 2**53 - 1, 1e300, "many"):
        yield _bad(f"{path} is {number}", _with(body, path, number), steps, 404, 413, 422)
    text = json.dumps(_with(body, path, "@"))
    for literal in ("NaN", "Infinity", "1e999", "9" * 5000, str(2**63)):
        raw = text.replace('"@"', literal).encode()
        # 2**63 is a number that a double holds; it is refused by the field or by the reader.
        yield Bad(f"{path} is {literal[:20]}", raw, (), (404, 413, 422))


def _bad(what: str, body: dict[str, Any], steps: tuple[str, ...], *statuses: int) -> Bad:
    return Bad(what, json.dumps(body).encode(), steps, statuses or (422,))


def broken(text: str) -> Iterator[Bad]:
    """What is no JSON."""
    bodies = {
        "cut off": text[:-1].encode(),
        "trailing garbage": f"{text} x".encode(),
        "two documents": f"{text}{text}".encode(),
        "UTF-16": text.encode("utf-16"),
        "a byte-order mark": b"\xef\xbb\xbf" + text.encode(),
        "no UTF-8": b'{"a": "\xff\xfe"}',
        "single quotes": b"{'a': 1}",
        "deep": b'{"a": ' + NESTED + b"}",
        "an abyss": ABYSS,
        "nothing but a blank": b" ",
    }
    for what, raw in bodies.items():
        yield Bad(what, raw, ("body",))


def without(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The body without each of its fields."""
    for name in body:
        yield name, {key: value for key, value in body.items() if key != name}
