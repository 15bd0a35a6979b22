"""What an authenticator signed (W3C WebAuthn, level 3, section 7.2), checked without a server.

The challenge is not a random number alone: it commits to the words that the person meant.
"""

import hashlib
from urllib.parse import urlsplit

from trust.base64_text import encode_base64url
from trust.cbor import parse_cbor
from trust.cose import verify_cose
from trust.errors import Malformed, Untrusted
from trust.fields import as_object
from trust.strict_json import parse_strict

NONCE_BYTES = 32
MAX_CLIENT_DATA_BYTES = 16 * 1024
_DOMAIN = b"assay/passkey-assertion/1\x00"
_HEAD_BYTES = 37
_USER_PRESENT, _USER_VERIFIED, _ELIGIBLE, _BACKED_UP = 0x01, 0x04, 0x08, 0x10
_HOLDS_CREDENTIAL, _HOLDS_EXTENSIONS = 0x40, 0x80


def challenge_of(intent: bytes, nonce: bytes) -> bytes:
    """The 32 bytes that a device signs for an intent: SHA-256(domain || SHA-256(intent) || nonce).

    `intent` is the canonical JSON of what is meant: act, person, login, digest of what was shown,
    decision, meaning, reason. All three parts have a fixed length, so no two readings of the same
    bytes exist. Raises Malformed for a nonce of another length.
    """
    if len(nonce) != NONCE_BYTES:
        raise Malformed(f"a nonce is {NONCE_BYTES} bytes")
    return hashlib.sha256(_DOMAIN + hashlib.sha256(intent).digest() + nonce).digest()


def check_assertion(
    *,
    public_key: bytes,
    rp_id: str,
    challenge: bytes,
    authenticator_data: bytes,
    client_data: bytes,
    signature: bytes,
) -> None:
    """Whether the owner of the key, present and verified, signed this challenge for this host.

    Raises Malformed, Untrusted.
    """
    _check_client_data(client_data, challenge, rp_id)
    _check_authenticator_data(authenticator_data, rp_id)
    signed = authenticator_data + hashlib.sha256(client_data).digest()
    verify_cose(public_key, signature, signed)


def sign_count(authenticator_data: bytes) -> int:
    """The counter of signatures; 0 where the device keeps none. Raises Malformed."""
    _require_head(authenticator_data)
    return int.from_bytes(authenticator_data[33:_HEAD_BYTES], "big")


def origin_fits(origin: object, rp_id: str) -> bool:
    """Whether a browser lets pages of this origin use passkeys of the host.

    https at the host or below it; http only where the host is localhost or below that.
    """
    if not isinstance(origin, str) or not rp_id:
        return False
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    local = host == "localhost" or host.endswith(".localhost")
    if origin != plain or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        return False
    return host == rp_id or host.endswith(f".{rp_id}")


def _check_client_data(client_data: bytes, challenge: bytes, rp_id: str) -> None:
    said = as_object(parse_strict(client_data, MAX_CLIENT_DATA_BYTES), "the client data")
    if said.get("type") != "webauthn.get":
        raise Untrusted("the client data is not of an assertion")
    if said.get("challenge") != encode_base64url(challenge):
        raise Untrusted("another challenge was signed")
    if not origin_fits(said.get("origin"), rp_id):
        raise Untrusted("it was signed at another address")
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise Untrusted("it was signed inside a page of another address")


def _require_head(data: bytes) -> None:
    if len(data) < _HEAD_BYTES:
        raise Malformed("the authenticator's data is too short")


def _check_authenticator_data(data: bytes, rp_id: str) -> None:
    _require_head(data)
    flags = data[32]
    if data[:32] != hashlib.sha256(rp_id.encode("utf-8")).digest():
        raise Untrusted("it was signed for another host")
    if not flags & _USER_PRESENT:
        raise Untrusted("nobody was present at the device")
    if not flags & _USER_VERIFIED:
        raise Untrusted("the device did not verify its user")
    if flags & _BACKED_UP and not flags & _ELIGIBLE:
        raise Malformed("a passkey that is backed up may be backed up")
    if flags & _HOLDS_CREDENTIAL:
        raise Malformed("an assertion holds no credential")
    if not flags & _HOLDS_EXTENSIONS:
        if len(data) != _HEAD_BYTES:
            raise Malformed("the authenticator's data is too long")
    elif not isinstance(parse_cbor(data[_HEAD_BYTES:]), dict):
        raise Malformed("extensions are a map")
