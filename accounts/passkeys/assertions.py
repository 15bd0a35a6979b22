"""Asking a passkey of a person, and taking its answer: what a device signed, for one act alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import (
    Aaguid,
    AttestedCredentialData,
    PublicKeyCredentialDescriptor,
    UserVerificationRequirement,
)

from accounts.callers import Caller
from accounts.models import Passkey
from accounts.passkeys import host as passkey_host
from accounts.passkeys.challenges import Challenge, open_challenge, use_challenge
from accounts.passkeys.records import passkeys_of, said_by
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid, NotAllowed
from trust.base64_text import decode_base64url, encode_base64url
from trust.errors import Malformed, TrustError
from trust.strict_json import parse_strict
from trust.webauthn import check_assertion, sign_count

VERIFIED = UserVerificationRequirement.REQUIRED
_WHY = {
    "challenge": "This challenge is not yours; ask for a new one.",
    "used": "This challenge was answered already; ask for a new one.",
    "expired": "This challenge is too old; ask for a new one.",
    "session": "This challenge was made for another session; ask for a new one.",
    "intent": "This challenge is for something else than what was sent; ask for a new one.",
    "passkey": "This is none of your passkeys.",
    "counter": "The passkey's counter went back: there may be a copy of it. It signs no more "
    "until it shows a higher one; remove it if you do not know why.",
    "assertion": "The passkey's answer does not fit.",
}


@dataclass(frozen=True)
class Ask:
    """A challenge and what a browser needs for it: `PublicKeyCredentialRequestOptions`, or the
    address at which its person signs in anew."""

    challenge: UUID
    public_key: dict[str, Any]
    intent: str
    address: str = ""


@dataclass(frozen=True)
class _Answer:
    """The bytes of an answer."""

    credential_id: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes
    user_handle: bytes | None


def ask_passkey(caller: Caller, act: str, words: Mapping[str, Any]) -> Ask:
    """A challenge for one of the caller's passkeys, for exactly this act and wording.

    Raises Conflict if there is no passkey, TooManyChallenges.
    """
    known = list(passkeys_of(caller.person_id))
    if not known:
        raise Conflict("You have no passkey; register one first.")
    challenge = open_challenge(caller, act, words)
    options, _state = passkey_host.server().authenticate_begin(
        [
            PublicKeyCredentialDescriptor.from_dict(
                {
                    "type": "public-key",
                    "id": said["credential_id"],
                    "transports": said["transports"] or None,
                }
            )
            for said in map(said_by, known)
        ],
        user_verification=VERIFIED,
        challenge=challenge.signed,
    )
    return Ask(challenge.id, passkey_host.for_browsers(options), challenge.intent.decode("utf-8"))


def take_assertion(
    caller: Caller, act: str, words: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """What a record keeps of an answer, if it shows that a device of the caller meant these words.

    `given` is {"challenge", "credential"}: the id of the challenge, and the answer as browsers
    give it. The challenge is used up, and a refusal is in the log, whatever becomes of the act:
    call it outside the transaction of the act. Raises Invalid for what is no answer, NotAllowed.
    """
    answer = _read(given["credential"])
    challenge, why = use_challenge(caller, given["challenge"], act, words)
    if challenge is None:
        raise _refused(caller, act, why)
    why = _accept(caller, challenge, answer)
    if why:
        raise _refused(caller, act, why)
    return {
        "credential": f"sha256:{sha256(answer.credential_id).hexdigest()}",
        "intent": challenge.intent.decode("utf-8"),
        "nonce": encode_base64url(challenge.nonce),
        "authenticator_data": encode_base64url(answer.authenticator_data),
        "client_data": encode_base64url(answer.client_data),
        "signature": encode_base64url(answer.signature),
    }


def require_live(assertion: Mapping[str, Any]) -> None:
    """Hold the passkey of an assertion until the act is done. Raises Conflict if it was removed."""
    credential = str(assertion["credential"]).removeprefix("sha256:")
    rows = Passkey.objects.select_for_update(no_key=True).filter(credential=credential)
    if not rows.filter(removed_at=None).exists():
        raise Conflict("This passkey was removed a moment ago; nothing was done.")


def _read(credential: Mapping[str, Any]) -> _Answer:
    response = credential["response"]
    try:
        handle = response.get("userHandle")
        return _Answer(
            credential_id=decode_base64url(credential["id"]),
            authenticator_data=decode_base64url(response["authenticatorData"]),
            client_data=decode_base64url(response["clientDataJSON"]),
            signature=decode_base64url(response["signature"]),
            user_handle=decode_base64url(handle) if handle else None,
        )
    except Malformed as error:
        raise Invalid(f"This is no answer of a passkey: {error}.", field="passkey") from None


def _refused(caller: Caller, act: str, why: str) -> NotAllowed:
    with transaction.atomic():
        record(
            actor=caller.actor,
            action=Action.PASSKEY_REFUSED,
            subject=("person", caller.person_id),
            payload={"act": act, "why": why.partition(":")[0]},
            related=[("user", caller.user.pk)],
        )
    word, _colon, detail = why.partition(":")
    said = f"{_WHY[word]} {detail.strip().capitalize()}." if detail else _WHY[word]
    return NotAllowed(f"{said} Nothing was done.", field="passkey")


@transaction.atomic
def _accept(caller: Caller, challenge: Challenge, answer: _Answer) -> str:
    """Why the answer is refused, as a word for the log; empty where it is taken."""
    passkey = (
        passkeys_of(caller.person_id)
        .select_for_update(no_key=True)
        .filter(credential=sha256(answer.credential_id).hexdigest())
        .first()
    )
    if passkey is None:
        return "passkey"
    if answer.user_handle not in (None, caller.person_id.bytes):
        return "passkey"
    try:
        _check(said_by(passkey), challenge, answer)
    except (TrustError, ValueError) as error:
        return f"assertion: {error}"
    count = sign_count(answer.authenticator_data)
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        return "counter"
    passkey.sign_count, passkey.last_used_at = count, timezone.now()
    passkey.save(update_fields=["sign_count", "last_used_at"])
    return ""


def _check(said: Mapping[str, Any], challenge: Challenge, answer: _Answer) -> None:
    """Twice, by two programs: the one that outsiders have, and the library that browsers' makers
    test against. Raises TrustError, ValueError."""
    check_assertion(
        public_key=decode_base64url(said["public_key"]),
        rp_id=said["rp_id"],
        challenge=challenge.signed,
        authenticator_data=answer.authenticator_data,
        client_data=answer.client_data,
        signature=answer.signature,
    )
    fields: Any = cbor.decode(decode_base64url(said["public_key"]))
    key = CoseKey.parse(fields)
    credential = AttestedCredentialData.create(
        Aaguid.parse(said["aaguid"]), answer.credential_id, key
    )
    passkey_host.server().authenticate_complete(
        {"challenge": encode_base64url(challenge.signed), "user_verification": VERIFIED},
        [credential],
        {
            "id": encode_base64url(answer.credential_id),
            "rawId": encode_base64url(answer.credential_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": encode_base64url(answer.client_data),
                "authenticatorData": encode_base64url(answer.authenticator_data),
                "signature": encode_base64url(answer.signature),
            },
        },
    )


def parse_given(text: str) -> Any:
    """An answer as a page sends it: the JSON of {"challenge", "credential"}. Raises Invalid."""
    try:
        return parse_strict(text.encode("utf-8"), 64 * 1024)
    except Malformed as error:
        raise Invalid(f"This is no answer of a passkey: {error}.", field="passkey") from None
