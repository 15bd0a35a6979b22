"""Reading an ID token: signed by the provider, for this instance, just now, for this question.

After OpenID Connect Core 1.0, section 3.1.3.7, without what it leaves to taste: no token goes
unchecked because it came over TLS.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.conf import settings
from django.utils import timezone
from jwt.api_jws import PyJWS

from accounts.oidc.provider import Provider, keys_of
from trust.digests import digest_of
from trust.errors import TrustError
from trust.fields import JsonObject, as_object
from trust.sign_ins import LEEWAY
from trust.strict_json import parse_strict

ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}
MOST_BYTES = 16 * 1024
LEAST_RSA_BITS = 2048
LONGEST_SUBJECT = 255


class Refused(Exception):
    """The answer is not taken; `why` is a word for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Expected:
    """What was asked: the nonce, when, and whether the person had to sign in anew."""

    nonce: str
    asked_at: datetime
    anew: bool


@dataclass(frozen=True)
class Claims:
    """What the provider says: who, and when that person signed in there; `token` is its digest."""

    issuer: str
    subject: str
    auth_time: datetime | None
    token: str


def read_id_token(token: str, provider: Provider, expected: Expected) -> Claims:
    """What an ID token says. Raises Refused, ProviderUnavailable."""
    said = _signed_claims(token, provider)
    for why, is_so in _wrong(said, provider, expected):
        if is_so:
            raise Refused(why)
    shown = _moment(said, "auth_time")
    return Claims(provider.issuer, str(said["sub"]), shown, digest_of(token.encode()))


def _signed_claims(token: str, provider: Provider) -> JsonObject:
    if len(token) > MOST_BYTES or not token.isascii():
        raise Refused("token")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise Refused("token") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or "crit" in header:
        raise Refused("algorithm")
    key = _key(provider, str(algorithm), kid if isinstance(kid, str) else None)
    try:
        payload = PyJWS().decode_complete(token, key, algorithms=[str(algorithm)])["payload"]
        return as_object(parse_strict(payload), "the claims")
    except jwt.PyJWTError:
        raise Refused("signature") from None
    except TrustError:
        raise Refused("token") from None


def _key(provider: Provider, algorithm: str, kid: str | None) -> Any:
    found = [
        key
        for key in keys_of(provider, kid)
        if key.get("kty") == ALGORITHMS[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and kid in (None, key.get("kid"))
    ]
    if len(found) != 1:
        raise Refused("key")
    try:
        key = jwt.PyJWK(found[0], algorithm=algorithm).key
    except jwt.PyJWTError:
        raise Refused("key") from None
    strong = isinstance(key, RSAPublicKey) and key.key_size >= LEAST_RSA_BITS
    strong |= isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    if not strong:
        raise Refused("key")
    return key


def _wrong(said: JsonObject, provider: Provider, expected: Expected) -> Iterator[tuple[str, bool]]:
    """What may be wrong with the claims, and whether it is, in this order."""
    now, mine, subject = timezone.now(), settings.OIDC_CLIENT_ID, said.get("sub")
    ends, issued = _moment(said, "exp"), _moment(said, "iat")
    begins, shown = _moment(said, "nbf"), _moment(said, "auth_time")
    yield "issuer", said.get("iss") != provider.issuer
    audience = said.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    yield "audience", mine not in named
    yield "party", said.get("azp", None if len(named) > 1 else mine) != mine
    yield "expired", ends is None or ends + LEEWAY <= now
    yield "issued", issued is None or not expected.asked_at - LEEWAY <= issued <= now + LEEWAY
    yield "issued", begins is not None and begins > now + LEEWAY
    nonce = said.get("nonce")
    yield "nonce", not isinstance(nonce, str) or not _same(nonce, expected.nonce)
    yield "auth_time", shown is not None and shown > now + LEEWAY
    late = shown is not None and shown >= expected.asked_at - LEEWAY
    yield "auth_time", expected.anew and not late
    proper = isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT
    yield "subject", not proper or "\x00" in str(subject)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _moment(said: JsonObject, name: str) -> datetime | None:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        raise Refused("token") from None
