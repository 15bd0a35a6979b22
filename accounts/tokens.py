"""The shape of API tokens: `assay_pat_` + 43 base62 characters + a 6-character checksum.

A secret scanner may look for `TOKEN_PATTERN`; the checksum lets a typing error be refused without
asking the database.
"""

import hashlib
import re
import secrets
import string
import zlib

ALPHABET = string.digits + string.ascii_letters
SECRET_LENGTH = 43
TOKEN_PATTERN = r"assay_(pat|inf)_[0-9A-Za-z]{49}"  # noqa: S105 - a pattern, no secret
_SHAPE = re.compile(TOKEN_PATTERN)


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits = ALPHABET[rest] + digits
    return digits


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), 6)


def new_token(*, inference_only: bool) -> str:
    """A fresh token with 256 bits of chance; `inf` tokens may ask for predictions only."""
    kind = "inf" if inference_only else "pat"
    body = f"assay_{kind}_" + "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))
    return body + _checksum(body)


def looks_right(token: str) -> bool:
    """Whether the shape and the checksum hold; says nothing about whether it is known."""
    return bool(_SHAPE.fullmatch(token)) and _checksum(token[:-6]) == token[-6:]


def token_digest(token: str) -> str:
    """What is stored of a token: the hex SHA-256 (the token has 256 bits, so no slow hash)."""
    return hashlib.sha256(token.encode()).hexdigest()
