"""JSON bodies, read strictly: no duplicate keys, no NaN, no NUL characters, no abyss."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from common.errors import Invalid, TooLarge
from trust.errors import Malformed
from trust.strict_json import parse_strict

DEEPEST = 32


def _check(value: object, depth: int = 0) -> None:
    if depth > DEEPEST:
        raise Invalid(f"The body is nested more than {DEEPEST} deep.", field="body")
    if isinstance(value, str):
        if "\x00" in value:
            raise Invalid("The body holds a NUL character.", field="body")
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth)
            _check(item, depth + 1)


def read_json(body: bytes) -> object:
    """The value of a JSON body. Raises Invalid for what is not strict JSON."""
    try:
        value: object = parse_strict(body, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except Malformed as error:
        raise Invalid(f"The body is not valid JSON: {error}", field="body") from None
    if b"\\u0000" in body or body.count(b"[") + body.count(b"{") > DEEPEST:
        _check(value)
    return value


def read_body(stream: IO[Any]) -> bytes:
    """The bytes of a JSON body; counted while reading, whatever a header says. Raises TooLarge."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body: bytes = stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"A JSON body may have at most {limit} bytes.", field="body")
    return body


class StrictJSONParser(BaseParser):
    """`application/json` for DRF."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body's value. Raises TooLarge, Invalid."""
        return read_json(read_body(stream))
