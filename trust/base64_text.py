"""Base64 with one spelling per value (RFC 4648, canonical padding)."""

import base64
import binascii

from trust.errors import Malformed


def encode_base64(data: bytes) -> str:
    """Standard alphabet, padded."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Standard alphabet, padded, no stray bits. Raises Malformed."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Malformed("not base64") from None
    if encode_base64(data) != text:
        raise Malformed("not canonical base64")
    return data
