"""SHA-256 digests, written "sha256:<64 lowercase hex>"."""

import hashlib
import re
from collections.abc import Iterable

from trust.errors import Malformed

DIGEST_PREFIX = "sha256:"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-f]{64}")


def digest_of(data: bytes) -> str:
    """The digest of these bytes, "sha256:<hex>"."""
    return DIGEST_PREFIX + hashlib.sha256(data).hexdigest()


def digest_of_chunks(chunks: Iterable[bytes]) -> str:
    """The digest of the concatenation of `chunks`, which are read once."""
    running = hashlib.sha256()
    for chunk in chunks:
        running.update(chunk)
    return DIGEST_PREFIX + running.hexdigest()


def is_digest(text: object) -> bool:
    """Whether `text` is written as a digest of this application."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def digest_hex(digest: str) -> str:
    """The 64 hex characters of "sha256:<hex>" (or of the bare hex). Raises Malformed."""
    bare = digest.removeprefix(DIGEST_PREFIX)
    if _HEX.fullmatch(bare) is None:
        raise Malformed("not a SHA-256 digest")
    return bare


def digest_from_hex(bare: str) -> str:
    """ "sha256:<hex>" from 64 lowercase hex characters. Raises Malformed."""
    if _HEX.fullmatch(bare) is None:
        raise Malformed("not a SHA-256 digest")
    return DIGEST_PREFIX + bare
