"""Verbs on passkeys: offer, register, rename, remove. Each is its person's own."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.exceptions import UnsupportedAlgorithm
from django.db import transaction
from django.utils import timezone
from fido2 import cbor
from fido2.webauthn import (
    AttestationObject,
    AuthenticatorData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
)

from accounts import policies
from accounts.callers import Caller
from accounts.models import Passkey, Person
from accounts.passkeys import host as passkey_host
from accounts.passkeys.assertions import VERIFIED
from accounts.passkeys.challenges import Challenge, open_challenge, use_challenge
from accounts.passkeys.records import passkeys_of, said_by
from accounts.reauthentication import reauthenticate
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid
from trust.base64_text import encode_base64url
from trust.canonical import canonical
from trust.cose import cose_algorithm
from trust.errors import Malformed
from trust.passkeys import PASSKEY_RECORD_TYPE
from trust.times import format_moment

MOST_PASSKEYS = 20
LONGEST_NAME = 100
TRANSPORTS = ("usb", "nfc", "ble", "hybrid", "internal", "smart-card")
_ACT = "register"
# The library reads bytes from outside, and says in many ways that they are wrong.
_UNREADABLE = (
    Malformed,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    AssertionError,
    struct.error,
)


@dataclass(frozen=True)
class Offer:
    """A challenge and what a browser needs: `PublicKeyCredentialCreationOptions`."""

    challenge: UUID
    public_key: dict[str, Any]


def offer_passkey(*, caller: Caller) -> Offer:
    """What a browser needs to make a passkey; nothing is kept of it until it comes back.

    Raises NotAllowed, Conflict where this instance's address allows none or the person has enough,
    TooManyChallenges.
    """
    policies.may_manage_factor(caller).enforce()
    if not passkey_host.is_set_up():
        raise Conflict(
            "Browsers make no passkeys for the address of this instance; its administrator sets "
            "ASSAY_URL to a name with https, or to localhost."
        )
    known = list(passkeys_of(caller.person_id))
    _require_room(len(known))
    challenge = open_challenge(caller, _ACT, _words(caller))
    options, _state = passkey_host.server().register_begin(
        PublicKeyCredentialUserEntity(
            id=caller.person_id.bytes,
            name=caller.user.username,
            display_name=caller.user.person.name,
        ),
        [
            PublicKeyCredentialDescriptor.from_dict(
                {"type": "public-key", "id": said_by(passkey)["credential_id"]}
            )
            for passkey in known
        ],
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=VERIFIED,
        challenge=challenge.signed,
    )
    return Offer(challenge.id, passkey_host.for_browsers(options))


def _words(caller: Caller) -> dict[str, str]:
    return {"person": str(caller.person_id), "user": str(caller.user.pk)}


def _require_room(count: int) -> None:
    if count >= MOST_PASSKEYS:
        raise Conflict(f"A person has at most {MOST_PASSKEYS} passkeys; remove one first.")


def register_passkey(
    *,
    caller: Caller,
    name: str,
    challenge: UUID,
    credential: Mapping[str, Any],
    password: str,
    code: str = "",
) -> Passkey:
    """Keep the passkey that a device has just made for the challenge of an offer.

    `credential` is the answer as browsers give it. Raises NotAllowed (wrong password or code),
    Conflict, Invalid.
    """
    policies.may_manage_factor(caller).enforce()
    name = _named(name)
    reauthenticate(caller=caller, password=password, code=code)
    opened, _why = use_challenge(caller, challenge, _ACT, _words(caller))
    if opened is None:
        raise Invalid(
            "This challenge is not valid, or no longer; ask for a new one.", field="challenge"
        )
    return _register(caller, name, _made_by_device(opened, credential))


@dataclass(frozen=True)
class _New:
    """What a device made, read and checked."""

    credential_id: bytes
    public_key: bytes
    algorithm: str
    aaguid: str
    attestation: str
    transports: list[str]
    backup_eligible: bool
    sign_count: int
    origin: str


def _made_by_device(challenge: Challenge, credential: Mapping[str, Any]) -> _New:
    state = {"challenge": encode_base64url(challenge.signed), "user_verification": VERIFIED}
    try:
        answer = RegistrationResponse.from_dict(_as_browsers_say(credential))
        data = passkey_host.server().register_complete(state, answer)
        made = _read(answer.response.attestation_object, data, credential)
        origin = answer.response.client_data.origin
        if answer.response.client_data.cross_origin:
            raise ValueError("It was made inside a page of another address.")
    except _UNREADABLE as error:
        why = str(error) if isinstance(error, ValueError | Malformed) else "it cannot be read."
        raise Invalid(f"This is no new passkey: {why}", field="credential") from None
    return _New(**made, origin=origin)


def _as_browsers_say(credential: Mapping[str, Any]) -> dict[str, Any]:
    response = credential["response"]
    return {
        "id": credential["id"],
        "rawId": credential["id"],
        "type": "public-key",
        "response": {name: response[name] for name in ("clientDataJSON", "attestationObject")},
    }


def _read(
    attestation: AttestationObject, data: AuthenticatorData, credential: Mapping[str, Any]
) -> dict[str, Any]:
    made = data.credential_data
    if made is None or encode_base64url(made.credential_id) != credential["id"]:
        raise ValueError("It names another passkey than it holds.")
    # Encoded again: from here on there is one spelling of the key.
    public_key = cbor.encode(dict(made.public_key))
    told = credential["response"].get("transports") or []
    return {
        "credential_id": bytes(made.credential_id),
        "public_key": public_key,
        "algorithm": cose_algorithm(public_key),
        "aaguid": str(made.aaguid),
        "attestation": str(attestation.fmt)[:32],
        "transports": [way for way in TRANSPORTS if way in told],
        "backup_eligible": data.is_backup_eligible(),
        "sign_count": data.counter,
    }


@transaction.atomic
def _register(caller: Caller, name: str, new: _New) -> Passkey:
    Person.objects.select_for_update(no_key=True).get(pk=caller.person_id)
    _require_room(passkeys_of(caller.person_id).count())
    credential, now = sha256(new.credential_id).hexdigest(), timezone.now()
    if Passkey.objects.filter(credential=credential).exists():
        raise Conflict("This passkey is registered already.")
    body = canonical(
        {
            "type": PASSKEY_RECORD_TYPE,
            "person": str(caller.person_id),
            "user": str(caller.user.pk),
            "credential": f"sha256:{credential}",
            "credential_id": encode_base64url(new.credential_id),
            "public_key": encode_base64url(new.public_key),
            "algorithm": new.algorithm,
            "aaguid": new.aaguid,
            "attestation": new.attestation,
            "transports": new.transports,
            "backup_eligible": new.backup_eligible,
            "sign_count": new.sign_count,
            "rp_id": passkey_host.host(),
            "origin": new.origin,
            "at": format_moment(now),
        }
    )
    passkey = Passkey.objects.create(
        person_id=caller.person_id,
        name=name,
        credential=credential,
        record=body,
        digest=sha256(body).hexdigest(),
        sign_count=new.sign_count,
        registered_at=now,
    )
    _tell(
        caller,
        Action.PASSKEY_REGISTERED,
        passkey,
        public_key=encode_base64url(new.public_key),
        algorithm=new.algorithm,
        aaguid=new.aaguid,
        rp_id=passkey_host.host(),
        record=f"sha256:{passkey.digest}",
        name=_name_digest(name),
    )
    return passkey


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or "\0" in name:
        raise Invalid(f"Give a name of at most {LONGEST_NAME} characters.", field="name")
    return name


def _name_digest(name: str) -> str:
    """The log holds no free text of persons."""
    return f"sha256:{sha256(name.encode()).hexdigest()}"


def _tell(caller: Caller, action: Action, passkey: Passkey, **more: Any) -> None:
    record(
        actor=caller.actor,
        action=action,
        subject=("person", passkey.person_id),
        payload={"credential": f"sha256:{passkey.credential}"} | more,
        related=[("user", caller.user.pk)],
    )


def _mine(caller: Caller, key: UUID) -> Passkey:
    found = passkeys_of(caller.person_id).select_for_update().filter(pk=key).first()
    if found is None:
        raise Conflict("This passkey was removed already.")
    return found


@transaction.atomic
def rename_passkey(*, caller: Caller, passkey: Passkey, name: str) -> Passkey:
    """Give a passkey of one's own another name. Raises NotAllowed, Conflict, Invalid."""
    policies.may_change_passkey(caller, passkey).enforce()
    name, found = _named(name), _mine(caller, passkey.pk)
    if found.name == name:
        return found
    found.name = name
    found.save(update_fields=["name"])
    _tell(caller, Action.PASSKEY_RENAMED, found, name=_name_digest(name))
    return found


def remove_passkey(*, caller: Caller, passkey: Passkey, password: str, code: str = "") -> Passkey:
    """Sign with a passkey of one's own no more; what it has signed stays signed.

    Raises NotAllowed (wrong password or code), Conflict, Invalid.
    """
    policies.may_change_passkey(caller, passkey).enforce()
    if passkey.removed_at is not None:
        raise Conflict("This passkey was removed already.")
    reauthenticate(caller=caller, password=password, code=code)
    return _remove(caller, passkey.pk)


@transaction.atomic
def _remove(caller: Caller, key: UUID) -> Passkey:
    found = _mine(caller, key)
    found.removed_at = timezone.now()
    found.save(update_fields=["removed_at"])
    _tell(caller, Action.PASSKEY_REMOVED, found)
    return found
