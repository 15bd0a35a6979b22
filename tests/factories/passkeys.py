"""An authenticator in software: makes passkeys and signs with them, honestly or as it is told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256, RS256, EdDSA

from accounts.callers import Caller
from accounts.models import Passkey
from accounts.passkeys.assertions import Ask
from accounts.passkeys.challenges import intent_of
from accounts.passkeys.services import offer_passkey, register_passkey
from governance.models import Review
from governance.reviewing.asking import ask_to_sign
from tests.cast import password_of, who
from tests.factories.verbs import REASON
from trust.base64_text import decode_base64url, encode_base64url
from trust.webauthn import challenge_of

ORIGIN = "http://localhost:8300"
PRESENT, VERIFIED, HOLDS_CREDENTIAL = 0x01, 0x04, 0x40
AAGUID = bytes(range(16))
b64 = encode_base64url


def _cose(kind: Any, key: Any) -> Any:
    return kind.from_cryptography_key(key.public_key())


def _es256() -> tuple[Any, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, _cose(ES256, key)


def _eddsa() -> tuple[Any, Any]:
    key = ed25519.Ed25519PrivateKey.generate()
    return key, _cose(EdDSA, key)


def _rs256() -> tuple[Any, Any]:
    key = rsa.generate_private_key(65537, 2048)
    return key, _cose(RS256, key)


MAKES = {"ES256": _es256, "EdDSA": _eddsa, "RS256": _rs256}


@dataclass
class Device:
    """One passkey in a device; `flags`, `origin` and `rp_id` are what it says of its work."""

    algorithm: str = "ES256"
    origin: str = ORIGIN
    rp_id: str = "localhost"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: token_bytes(32))

    def __post_init__(self) -> None:
        self.key, self.cose = MAKES[self.algorithm]()

    @property
    def public_key(self) -> bytes:
        """The COSE key."""
        return cbor.encode(dict(self.cose))

    @property
    def digest(self) -> str:
        """As records and the log name the credential."""
        return f"sha256:{sha256(self.credential_id).hexdigest()}"

    def made(self, public_key: Mapping[str, Any], **client: Any) -> dict[str, Any]:
        """The answer to `PublicKeyCredentialCreationOptions`."""
        length = len(self.credential_id).to_bytes(2, "big")
        data = self._data(HOLDS_CREDENTIAL) + AAGUID + length + self.credential_id
        attestation = cbor.encode(
            {"fmt": "none", "attStmt": {}, "authData": data + self.public_key}
        )
        said = self._client_data("webauthn.create", public_key["challenge"], client)
        return self._answer(
            clientDataJSON=b64(said), attestationObject=b64(attestation), transports=["usb"]
        )

    def signed(self, challenge: str, /, **client: Any) -> dict[str, Any]:
        """The answer to a challenge in base64url; `client` changes what the browser says."""
        said = self._client_data("webauthn.get", challenge, client)
        self.count += 1
        data = self._data()
        return self._answer(
            clientDataJSON=b64(said),
            authenticatorData=b64(data),
            signature=b64(self.sign(data + sha256(said).digest())),
        )

    def sign(self, message: bytes) -> bytes:
        """A signature by the key."""
        signature: bytes
        if self.algorithm == "ES256":
            signature = self.key.sign(message, ec.ECDSA(SHA256()))
        elif self.algorithm == "EdDSA":
            signature = self.key.sign(message)
        else:
            signature = self.key.sign(message, padding.PKCS1v15(), SHA256())
        return signature

    def _data(self, more: int = 0) -> bytes:
        head = sha256(self.rp_id.encode()).digest() + bytes([self.flags | more])
        return head + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, more: Mapping[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | dict(more)).encode()

    def _answer(self, **response: Any) -> dict[str, Any]:
        name = b64(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }


def register(name: str, *, device: Device | None = None, called: str = "Key ring") -> Device:
    """A passkey for somebody of the cast."""
    device = device or Device()
    keep(who(name), password_of(name), device, called)
    return device


def keep(caller: Caller, password: str, device: Device, called: str = "Key ring") -> Passkey:
    """Registers a device."""
    offer = offer_passkey(caller=caller)
    return register_passkey(
        caller=caller,
        name=called,
        challenge=offer.challenge,
        credential=device.made(offer.public_key),
        password=password,
    )


def answer(device: Device, ask: Ask, **client: Any) -> dict[str, Any]:
    """What a service takes as `passkey`."""
    credential = device.signed(ask.public_key["challenge"], **client)
    return {"challenge": ask.challenge, "credential": credential}


def asked(name: str, review: Review, *, decision: str = "approve", reason: str = REASON) -> Ask:
    """A challenge for a signature of somebody of the cast."""
    return ask_to_sign(
        caller=who(name),
        review=review,
        statement_digest=f"sha256:{review.statement_digest}",
        decision=decision,
        reason=reason,
    )


def proof(name: str, device: Device, review: Review, **wishes: Any) -> dict[str, Any]:
    """The keyword arguments of `verbs.put` that sign with a passkey."""
    return {"password": "", "passkey": answer(device, asked(name, review, **wishes)), **wishes}


def assertion(device: Device, act: str, words: Mapping[str, Any], **client: Any) -> dict[str, Any]:
    """What a record keeps of a device's answer, without a service that asked."""
    intent, nonce = intent_of(act, words), token_bytes(32)
    response = device.signed(b64(challenge_of(intent, nonce)), **client)["response"]
    return {
        "credential": device.digest,
        "intent": intent.decode(),
        "nonce": b64(nonce),
        "authenticator_data": response["authenticatorData"],
        "client_data": response["clientDataJSON"],
        "signature": response["signature"],
    }


def client_data_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the browser said, out of the assertion in a record."""
    said: dict[str, Any] = json.loads(decode_base64url(record["passkey"]["client_data"]))
    return said
