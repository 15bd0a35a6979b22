"""JSON parsing for bytes that come from outside: one meaning or a refusal."""

import json
import math
import re
from decimal import Decimal

from trust.errors import Malformed

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
MAX_SAFE_INTEGER = 2**53 - 1
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_strict(data: bytes, max_bytes: int = MAX_DOCUMENT_BYTES) -> object:
    """Parse UTF-8 JSON that every parser reads alike (I-JSON, RFC 7493).

    Raises Malformed for: more than `max_bytes` bytes, invalid UTF-8, a repeated key, NaN or
    Infinity, a number outside what a double holds exactly, a lone surrogate, too deep nesting.
    """
    if len(data) > max_bytes:
        raise Malformed(f"larger than {max_bytes} bytes")
    try:
        value: object = _DECODER.decode(data.decode("utf-8"))
    except RecursionError:
        raise Malformed("nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"not JSON: {error}") from None
    if _SURROGATE_ESCAPE.search(data):
        _refuse_lone_surrogates(value)
    return value


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key appears twice in one object")
    return result


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return value


def _safe_integer(text: str) -> int | float:
    value = int(text)
    if abs(value) <= MAX_SAFE_INTEGER:
        return value
    # RFC 8785 writes doubles below 1e21 without exponent: 1e18 comes back as digits.
    if abs(value) >= 10**21 or Decimal(repr(float(value))) != value:
        raise ValueError("an integer is out of range")
    return float(value)


# One for all: a log holds millions of documents, and making a decoder costs as much as its work.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_repeats,
    parse_constant=_refuse_constant,
    parse_float=_finite,
    parse_int=_safe_integer,
)


def _refuse_lone_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed("a string holds a lone surrogate") from None
