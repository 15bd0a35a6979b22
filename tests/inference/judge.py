"""Reads envelopes and trees by itself: base64, Ed25519 and SHA-256, and nothing of the product."""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

KIND = "application/vnd.in-toto+json"


def public_half(private: Path) -> Ed25519PublicKey:
    """The key that verifies what the notary's file signs."""
    key = load_pem_private_key(private.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key.public_key()


def why_not(
    envelope: bytes,
    keys: Sequence[Ed25519PublicKey],
    *,
    version: str,
    model: bytes,
    now: datetime,
) -> str:
    """Why the envelope does not let these bytes answer now; empty where it does.

    `version` is the digest (hex) of the manifest as it was when the version was made.
    """
    dsse = json.loads(envelope)
    payload = base64.b64decode(dsse["payload"])
    message = b"DSSEv1 %d %s %d %s" % (len(KIND), KIND.encode(), len(payload), payload)
    signed = [base64.b64decode(one["sig"]) for one in dsse["signatures"]]
    if dsse["payloadType"] != KIND or not any(_fits(k, s, message) for k in keys for s in signed):
        return "nobody signed it"
    statement = json.loads(payload)
    said = statement["predicate"]
    if [one["digest"]["sha256"] for one in statement["subject"]] != [version]:
        return "it is of another version"
    files = {one["role"]: one["sha256"] for one in said["artifacts"]}
    if files != {"model": "sha256:" + hashlib.sha256(model).hexdigest()}:
        return "it is of other bytes"
    if not _moment(said["issued_at"]) <= now < _moment(said["not_after"]):
        return "it is not of now"
    return ""


def _fits(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def key_at(model: str, alias: str, place: int) -> str:
    """A key with which a call of the alias has this place among a hundred."""
    return next(key for key in map(str, count()) if _place(f"{model}:{alias}:{key}") == place)


def _place(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:16], 16) % 100


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, as RFC 6962 (2.1) says."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    halves = root_of(leaves[:left]), root_of(leaves[left:])
    return hashlib.sha256(b"\x01" + halves[0] + halves[1]).digest()


def tree_of(note: bytes) -> tuple[int, bytes]:
    """Size and root of a checkpoint's note."""
    _origin, size, root, *_ = note.decode().split("\n")
    return int(size), base64.b64decode(root)
