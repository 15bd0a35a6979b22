"""The one byte form of a document: RFC 8785. Writing needs rfc8785, reading does not."""

from typing import Any, cast

import rfc8785

from trust.errors import Malformed
from trust.strict_json import parse_strict

__all__ = ["canonical", "parse_strict"]


def canonical(document: object) -> bytes:
    """RFC 8785 bytes of a JSON-like value (dict with str keys, list, tuple, str, number, None).

    Raises Malformed for what has no such form: NaN, integers beyond 2**53 - 1, other types.
    """
    try:
        # rfc8785 types its argument by a private recursive alias and checks it at run time.
        return rfc8785.dumps(cast(Any, document))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"has no canonical form: {error}") from None
