"""Passkeys as the log tells of them, and whether a record rests on an assertion by one of them."""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from datetime import datetime

from trust.base64_text import decode_base64url, encode_base64url
from trust.bundle_seal import LogEvent
from trust.digests import is_digest
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
from trust.methods import PASSKEY, demands_passkey, demands_second_factor, shows_second_factor
from trust.sign_ins import LoggedIdentity, note_identity, wrong_with_sign_in
from trust.webauthn import challenge_of, check_assertion

PASSKEY_RECORD_TYPE = "assay/passkey/1"
PASSKEY_REGISTERED = "passkey.registered"
PASSKEY_REMOVED = "passkey.removed"
ASSERTION = "passkey"
"""The field of a record that holds the assertion."""

_ASSERTION_KEYS = (
    "credential",
    "intent",
    "nonce",
    "authenticator_data",
    "client_data",
    "signature",
)
SIGN, WAIVE, REVOKE = "sign", "waive", "revoke"
"""What a device is asked for, as the intent names it."""

SIGN_WORDS = ("person", "user", "statement_digest", "decision", "meaning", "reason")
WAIVE_WORDS = (
    "person",
    "user",
    "version_digest",
    "policy_digest",
    "finding",
    "not_after",
    "meaning",
    "reason",
)
REVOKE_WORDS = ("person", "user", "version_digest", "reason")
WITHOUT_FACTOR = "it was given without the second factor that the policy demands"
WITHOUT_PASSKEY = "it was given without the passkey that the policy demands"


@dataclass(frozen=True, slots=True)
class LoggedPasskey:
    """A passkey as the log tells of it: whose, which key, for which host, from when, until when."""

    person: object
    public_key: bytes
    rp_id: str
    record: str
    since: datetime
    removed: datetime | None = None


KnownProofs = Mapping[str, LoggedPasskey | LoggedIdentity]
"""Passkeys by the digest of the credential, accounts at providers by that of issuer and subject."""


def note_proof(known: MutableMapping[str, LoggedPasskey | LoggedIdentity], event: LogEvent) -> None:
    """Take in an event about a passkey or an account at a provider.

    Raises Malformed for a payload without its fields. The first registration of a credential
    counts, and its first removal.
    """
    note_identity(known, event)
    if event.action not in (PASSKEY_REGISTERED, PASSKEY_REMOVED):
        return
    credential = read_digest(event.payload, "credential")
    found = known.get(credential)
    if event.action == PASSKEY_REGISTERED and found is None:
        known[credential] = LoggedPasskey(
            event.person,
            decode_base64url(read_text(event.payload, "public_key")),
            read_text(event.payload, "rp_id"),
            read_digest(event.payload, "record"),
            event.at,
        )
    elif (
        event.action == PASSKEY_REMOVED
        and isinstance(found, LoggedPasskey)
        and found.removed is None
    ):
        known[credential] = replace(found, removed=event.at)


def read_known_passkeys(text: str) -> dict[str, str]:
    """A user's own list, credential -> person: lines `PERSON sha256:CREDENTIAL`, # begins a remark.

    Raises Malformed.
    """
    known: dict[str, str] = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or not is_digest(words[1]) or known.get(words[1], words[0]) != words[0]:
            raise Malformed("a line of known passkeys is a person and a credential, sha256:...")
        known[words[1]] = words[0]
    return known


def wrong_with_passkey(
    record: JsonObject, credential: str, passkey: LoggedPasskey
) -> Iterator[str]:
    """What the record of a passkey says otherwise than the log."""
    told = {
        "type": PASSKEY_RECORD_TYPE,
        "person": passkey.person,
        "credential": credential,
        "public_key": encode_base64url(passkey.public_key),
        "rp_id": passkey.rp_id,
    }
    for part, value in told.items():
        if record.get(part) != value:
            yield f"the log tells of another {part!r}"


def cited_passkey(record: JsonObject) -> str | None:
    """The digest of the credential that a record's assertion names, if it has one."""
    assertion = record.get(ASSERTION)
    named = assertion.get("credential") if isinstance(assertion, dict) else None
    return named if isinstance(named, str) else None


def wrong_with_method(
    record: JsonObject,
    policy: JsonObject,
    act: str,
    words: tuple[str, ...],
    known: KnownProofs,
) -> Iterator[str]:
    """Why a record does not show that its person said this as the policy demands.

    An assertion is looked at whatever the policy says. Raises Malformed for a policy whose demand
    is neither true nor false.
    """
    method = record.get("method")
    if demands_second_factor(policy) and not shows_second_factor(method):
        yield WITHOUT_FACTOR
    if demands_passkey(policy) and method != PASSKEY:
        yield WITHOUT_PASSKEY
    yield from wrong_with_proof(record, act, words, known)


def wrong_with_proof(
    record: JsonObject, act: str, words: tuple[str, ...], known: KnownProofs
) -> Iterator[str]:
    """Why what a record holds does not show that its person meant its words: the assertion of a
    device, or the sign-in at a provider.

    `act` is what was asked for, `words` the fields of the record that the proof commits to.
    """
    yield from wrong_with_sign_in(record, act, words, known)
    if record.get("method") != PASSKEY:
        if ASSERTION in record:
            yield "it holds an assertion of a passkey and names another method"
        return
    try:
        _check_said(record, act, words, known)
    except TrustError as error:
        yield f"its passkey does not prove it: {error}"


def _check_said(record: JsonObject, act: str, words: tuple[str, ...], known: KnownProofs) -> None:
    assertion = read_object(record, ASSERTION)
    require_keys(assertion, _ASSERTION_KEYS, "the assertion")
    passkey = known.get(read_digest(assertion, "credential"))
    if not isinstance(passkey, LoggedPasskey):
        raise Untrusted("the log does not tell of this passkey")
    _check_owner(passkey, record)
    intent = read_text(assertion, "intent").encode("utf-8")
    check_intent(intent, record, act, words)
    check_assertion(
        public_key=passkey.public_key,
        rp_id=passkey.rp_id,
        challenge=challenge_of(intent, _assertion_bytes(assertion, "nonce")),
        authenticator_data=_assertion_bytes(assertion, "authenticator_data"),
        client_data=_assertion_bytes(assertion, "client_data"),
        signature=_assertion_bytes(assertion, "signature"),
    )


def _check_owner(passkey: LoggedPasskey, record: JsonObject) -> None:
    given = read_moment(record, "at")
    if passkey.person != record.get("person"):
        raise Untrusted("it is a passkey of another person")
    if passkey.since > given:
        raise Untrusted("it was registered afterwards")
    if passkey.removed is not None and passkey.removed <= given:
        raise Untrusted("it had been removed before")


def _assertion_bytes(assertion: JsonObject, name: str) -> bytes:
    return decode_base64url(read_text(assertion, name))
