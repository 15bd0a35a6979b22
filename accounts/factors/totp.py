"""One-time codes by the clock (RFC 6238): six digits, thirty seconds, SHA-1, as apps have them."""

import re
import time
from base64 import b32decode, b32encode
from hmac import compare_digest
from secrets import token_bytes

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP

STEP_S = 30
_DIGITS = 6
_SECRET_BYTES = 20
# Telephones' clocks go a little wrong, and typing takes time.
_STEPS_OFF = (-1, 0, 1)
_CODE = re.compile(rf"[0-9]{{{_DIGITS}}}")


def new_secret() -> str:
    """160 random bits in base 32, as persons type them into an app."""
    return b32encode(token_bytes(_SECRET_BYTES)).decode("ascii")


def step_now() -> int:
    """The number of the present step of thirty seconds."""
    return int(time.time()) // STEP_S


def code_at(secret: str, step: int) -> str:
    """The six digits of a step."""
    # S303: SHA-1 is what apps do; a keyed code does not rest on its collisions.
    made = HOTP(b32decode(secret), _DIGITS, SHA1())  # noqa: S303
    return made.generate(step).decode("ascii")


def step_of(code: str, secret: str, *, after: int) -> int | None:
    """The step near now, later than `after`, whose code this is; None if there is none."""
    given = re.sub(r"[\s-]", "", code)
    if not _CODE.fullmatch(given):
        return None
    now = step_now()
    steps = [now + off for off in _STEPS_OFF if now + off > after]
    fitting = [step for step in steps if compare_digest(code_at(secret, step), given)]
    return fitting[0] if fitting else None


def address_of(secret: str, *, account: str, issuer: str) -> str:
    """The `otpauth:` address that an app reads from the picture."""
    made = TOTP(b32decode(secret), _DIGITS, SHA1(), STEP_S)  # noqa: S303
    return made.get_provisioning_uri(account, issuer)
