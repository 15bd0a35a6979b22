"""A person's printed name beside the record: committed to, disclosed apart, erasable."""

import hashlib
import secrets

from trust.digests import DIGEST_PREFIX
from trust.errors import Malformed
from trust.fields import JsonObject, as_object, read_text, require_keys
from trust.strict_json import parse_strict

# A fixed length: else bytes could be moved between salt and name under one commitment.
SALT_BYTES = 32


def new_salt() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(SALT_BYTES)


def name_commitment(salt: bytes, name: str) -> str:
    """ "sha256:<hex>" of salt || name in UTF-8. Raises Malformed for a salt of other length."""
    if len(salt) != SALT_BYTES:
        raise Malformed(f"a salt is {SALT_BYTES} bytes")
    return DIGEST_PREFIX + hashlib.sha256(salt + name.encode("utf-8")).hexdigest()


def disclosure(salt: bytes, name: str) -> JsonObject:
    """The document that opens a commitment: {"name", "salt": 64 hex characters}."""
    return {"name": name, "salt": salt.hex()}


def read_disclosure(data: bytes) -> tuple[str, str]:
    """(name, the commitment that it opens). Raises Malformed."""
    document = as_object(parse_strict(data, 100_000), "the disclosure")
    require_keys(document, ("name", "salt"), "the disclosure")
    name = read_text(document, "name")
    try:
        salt = bytes.fromhex(read_text(document, "salt"))
    except ValueError:
        raise Malformed("a salt is hexadecimal") from None
    return name, name_commitment(salt, name)
