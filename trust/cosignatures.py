"""Ed25519 cosignatures of witnesses under checkpoints (c2sp.org/tlog-cosignature)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from trust.base64_text import decode_base64, encode_base64
from trust.errors import Malformed, Untrusted
from trust.keys import VerifierKey, check_key_name
from trust.notes import NoteSignature, parse_note

_TYPE = b"\x04"
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness's public key under its name. `public` is the 32 bytes of RFC 8032."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes: SHA-256(name || 0x0A || 0x04 || public)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + _TYPE + self.public).digest()[:4]

    @property
    def line(self) -> str:
        """ "name+hash+base64(0x04||public)"."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(_TYPE + self.public)}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read one verifier key line of a cosigner. Raises Malformed."""
        parts = line.split("+", 2)
        material = decode_base64(parts[-1])
        if len(parts) != 3 or len(material) != 33 or material[:1] != _TYPE:
            raise Malformed("not an Ed25519 cosigner's key")
        key = cls(name=check_key_name(parts[0]), public=material[1:])
        if key.key_id.hex() != parts[1]:
            raise Malformed("the cosigner key's hash does not match its name and key")
        return key


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's line under a checkpoint, and when it says to have given it."""

    name: str
    line: str
    at: datetime


def open_cosignature(note: bytes, answer: bytes, key: WitnessKey) -> Cosignature:
    """The witness's cosignature of the checkpoint `note` among the lines of `answer`; it holds.

    Lines of other keys are ignored. Raises Malformed; Untrusted if none of this key holds.
    """
    text = parse_note(note).text
    for signature in _lines(text, answer):
        if (signature.name, signature.key_id) == (key.name, key.key_id):
            seconds = _seconds(signature)
            signed = f"cosignature/v1\ntime {seconds}\n{text}".encode()
            if not VerifierKey(key.name, key.public).verifies(signature.signature[8:], signed):
                raise Untrusted("the cosignature does not match the checkpoint")
            return _read(signature)
    raise Untrusted("the witness gave no cosignature of its key")


def read_cosignature(note: bytes, line: bytes) -> Cosignature:
    """What a line says, its signature unchecked. Raises Malformed."""
    signatures = _lines(parse_note(note).text, line)
    if len(signatures) != 1:
        raise Malformed("a cosignature is one line")
    return _read(signatures[0])


def _lines(text: str, answer: bytes) -> tuple[NoteSignature, ...]:
    return parse_note(text.encode() + b"\n" + answer).signatures


def _read(signature: NoteSignature) -> Cosignature:
    blob = encode_base64(signature.key_id + signature.signature)
    moment = datetime.fromtimestamp(_seconds(signature), UTC)
    return Cosignature(signature.name, f"— {signature.name} {blob}\n", moment)


def _seconds(signature: NoteSignature) -> int:
    seconds = int.from_bytes(signature.signature[:8], "big")
    if seconds > _LAST_SECOND:
        raise Malformed("the cosignature's moment is beyond the calendar")
    return seconds
