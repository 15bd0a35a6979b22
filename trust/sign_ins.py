"""Signing in again at an identity provider (OpenID Connect) as records and the log tell of it.

What a record keeps shows to whoever holds the ID token that it answered this very act: its nonce
commits to the words, and the person was asked after the act was. The provider's own signature is
looked at when the act is done, and not again: keys of providers change, and tokens name persons.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from trust.base64_text import decode_base64url, encode_base64url
from trust.bundle_seal import LogEvent
from trust.errors import Malformed, TrustError, Untrusted
from trust.fields import (
    JsonObject,
    read_digest,
    read_moment,
    read_object,
    read_text,
    require_keys,
)
from trust.intents import check_intent
from trust.methods import OIDC
from trust.webauthn import NONCE_BYTES

IDENTITY_BOUND = "identity.bound"
IDENTITY_ENDED = "identity.ended"
SIGN_IN = "sign_in"
"""The field of a record that holds what a provider said."""

LEEWAY = timedelta(seconds=5)
"""Clocks of providers differ, and they write whole seconds."""

_NONCE_DOMAIN = b"assay/oidc-nonce/1\x00"
_SIGN_IN_KEYS = ("identity", "intent", "nonce", "asked_at", "auth_time", "token")


@dataclass(frozen=True, slots=True)
class LoggedIdentity:
    """An account at a provider as the log tells of it: whose, from when, until when."""

    person: object
    since: datetime
    ended: datetime | None = None


def sign_in_nonce(intent_digest: bytes, nonce: bytes) -> str:
    """The nonce of the question to the provider: it commits to the words by their SHA-256.

    Raises Malformed for parts of another length.
    """
    if (len(intent_digest), len(nonce)) != (sha256().digest_size, NONCE_BYTES):
        raise Malformed(f"a nonce is {NONCE_BYTES} bytes")
    return encode_base64url(sha256(_NONCE_DOMAIN + intent_digest + nonce).digest())


def note_identity(known: MutableMapping[str, Any], event: LogEvent) -> None:
    """Take in an event about an account at a provider. Raises Malformed.

    An account that was ended may be bound again; the newest binding counts.
    """
    if event.action not in (IDENTITY_BOUND, IDENTITY_ENDED):
        return
    identity = read_digest(event.payload, "identity")
    found = known.get(identity)
    if event.action == IDENTITY_BOUND:
        if found is None or found.ended is not None:
            known[identity] = LoggedIdentity(event.subject, event.at)
    elif isinstance(found, LoggedIdentity) and found.ended is None:
        known[identity] = replace(found, ended=event.at)


def cited_identity(record: JsonObject) -> str | None:
    """The digest of the account that a record's sign-in names, if it has one."""
    said = record.get(SIGN_IN)
    named = said.get("identity") if isinstance(said, dict) else None
    return named if isinstance(named, str) else None


def wrong_with_sign_in(
    record: JsonObject, act: str, words: tuple[str, ...], known: Mapping[str, object]
) -> Iterator[str]:
    """Why the sign-in in a record does not show that its person was asked again for these words."""
    if record.get("method") != OIDC:
        if SIGN_IN in record:
            yield "it holds a sign-in at a provider and names another method"
        return
    try:
        _check_sign_in(record, act, words, known)
    except TrustError as error:
        yield f"its sign-in does not prove it: {error}"


def _check_sign_in(
    record: JsonObject, act: str, words: tuple[str, ...], known: Mapping[str, object]
) -> None:
    said = read_object(record, SIGN_IN)
    require_keys(said, _SIGN_IN_KEYS, "the sign-in")
    read_digest(said, "token")
    if len(decode_base64url(read_text(said, "nonce"))) != NONCE_BYTES:
        raise Malformed(f"a nonce is {NONCE_BYTES} bytes")
    _check_account(known.get(read_digest(said, "identity")), record)
    check_intent(read_text(said, "intent").encode("utf-8"), record, act, words)
    asked, shown = read_moment(said, "asked_at"), read_moment(said, "auth_time")
    if shown < asked - LEEWAY:
        raise Untrusted("the person had signed in before it was asked for")
    if read_moment(record, "at") < shown - LEEWAY:
        raise Untrusted("the person signed in afterwards")


def _check_account(identity: object, record: JsonObject) -> None:
    if not isinstance(identity, LoggedIdentity):
        raise Untrusted("the log does not tell of this account")
    given = read_moment(record, "at")
    if identity.person != record.get("person"):
        raise Untrusted("it is an account of another person")
    if identity.since > given:
        raise Untrusted("it was bound afterwards")
    if identity.ended is not None and identity.ended <= given:
        raise Untrusted("it had been ended before")
