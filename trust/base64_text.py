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


def encode_base64url(data: bytes) -> str:
    """The alphabet for addresses, without padding, as browsers write WebAuthn's bytes."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def decode_base64url(text: str) -> bytes:
    """The alphabet for addresses, without padding, no stray bits. Raises Malformed."""
    try:
        data = base64.b64decode(
            text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, UnicodeEncodeError):
        raise Malformed("not base64url") from None
    if encode_base64url(data) != text:
        raise Malformed("not canonical base64url")
    return data
