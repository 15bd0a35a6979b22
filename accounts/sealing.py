"""Text that only this instance can read: sealed with a key derived from Django's secret key."""

import json
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """The text was not sealed with this instance's secret key, or too long ago."""


def _seals() -> MultiFernet:
    secrets = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet([Fernet(_key(secret)) for secret in secrets])


def _key(secret: str) -> bytes:
    derived = HKDF(SHA256(), 32, salt=None, info=b"assay/sealed/1").derive(secret.encode())
    return urlsafe_b64encode(derived)


def seal(words: dict[str, Any]) -> str:
    """The words as sealed text; no two are alike."""
    return _seals().encrypt(json.dumps(words).encode()).decode("ascii")


def unseal(text: str, *, longest_s: int | None = None) -> dict[str, Any]:
    """The words again. Raises Unreadable, also for what was sealed more than `longest_s` ago."""
    try:
        words: dict[str, Any] = json.loads(_seals().decrypt(text.encode(), ttl=longest_s))
    except (InvalidToken, ValueError):
        raise Unreadable from None
    return words
