"""Dead Simple Signing Envelope 1.0 (secure-systems-lab/dsse), one meaning per envelope."""

import json
from collections.abc import Sequence

from trust.base64_text import decode_base64, encode_base64
from trust.errors import Malformed, Untrusted
from trust.fields import JsonObject, as_object, read_objects, read_text, require_keys
from trust.keys import SigningKey, TrustedKeys, VerifierKey
from trust.strict_json import parse_strict

MAX_ENVELOPE_BYTES = 4 * 1024 * 1024
_MAX_SIGNATURES = 16


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: "DSSEv1 <len> <type> <len> <body>"."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_envelope(payload_type: str, payload: bytes, keys: Sequence[SigningKey]) -> bytes:
    """The envelope's bytes (canonical JSON), one signature per key, keyid = note key id hex."""
    message = pre_authentication_encoding(payload_type, payload)
    signatures = [
        {"keyid": key.verifier.key_id.hex(), "sig": encode_base64(key.sign(message))}
        for key in keys
    ]
    envelope = {
        "payload": encode_base64(payload),
        "payloadType": payload_type,
        "signatures": signatures,
    }
    # Every value is ASCII without control characters, for which this is the RFC 8785 form.
    return json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode("ascii")


def verify_envelope(
    data: bytes, keys: TrustedKeys, payload_type: str
) -> tuple[bytes, list[VerifierKey]]:
    """The payload and the trusted keys that signed it.

    Signatures with ids of no trusted key are skipped. Raises Malformed for a bad envelope and
    Untrusted if the type differs, no trusted key signed, or a trusted key's signature is wrong.
    """
    envelope = as_object(parse_strict(data, MAX_ENVELOPE_BYTES), "the envelope")
    require_keys(envelope, ("payload", "payloadType", "signatures"), "the envelope")
    payload = _decode_any_alphabet(read_text(envelope, "payload"))
    signatures = _read_signatures(envelope)
    if read_text(envelope, "payloadType") != payload_type:
        raise Untrusted(f"the envelope's type is not {payload_type}")
    message = pre_authentication_encoding(payload_type, payload)
    signers = [
        key
        for key_id, signature in signatures
        for key in keys.with_id(key_id)
        if _require_signature(key, signature, message)
    ]
    if not signers:
        raise Untrusted("the envelope is not signed by a trusted key")
    return payload, signers


def _require_signature(key: VerifierKey, signature: bytes, message: bytes) -> bool:
    if not key.verifies(signature, message):
        raise Untrusted(f"the signature of {key.name} does not match the envelope")
    return True


def _read_signatures(envelope: JsonObject) -> list[tuple[bytes, bytes]]:
    entries = read_objects(envelope, "signatures")
    if not 1 <= len(entries) <= _MAX_SIGNATURES:
        raise Malformed(f"an envelope has 1 to {_MAX_SIGNATURES} signatures")
    return [_read_signature(entry) for entry in entries]


def _read_signature(entry: JsonObject) -> tuple[bytes, bytes]:
    require_keys(entry, ("keyid", "sig"), "a signature")
    try:
        key_id = bytes.fromhex(read_text(entry, "keyid"))
    except ValueError:
        raise Malformed("a keyid is not hexadecimal") from None
    return key_id, _decode_any_alphabet(read_text(entry, "sig"))


def _decode_any_alphabet(text: str) -> bytes:
    # The protocol obliges verifiers to take the URL-safe alphabet as well.
    if "-" in text or "_" in text:
        text = text.replace("-", "+").replace("_", "/")
    return decode_base64(text)
