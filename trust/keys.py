"""Ed25519 keys in the form of C2SP signed notes (c2sp.org/signed-note)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from trust.base64_text import decode_base64, encode_base64
from trust.errors import Malformed

APPROVALS_SUFFIX = "/approvals"
_ED25519_TYPE = b"\x01"
_MAX_KEY_FILE_CHARACTERS = 1_000_000


def check_key_name(name: str) -> str:
    """A key's name: not empty, no space, no plus, no control character. Raises Malformed."""
    if not name or "+" in name or any(char.isspace() or ord(char) < 0x20 for char in name):
        raise Malformed("a key name must not be empty nor hold a space or a plus")
    return name


def approvals_name(origin: str) -> str:
    """The name of the key that signs approvals for the log called `origin`."""
    return origin + APPROVALS_SUFFIX


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name. `public` is the 32 bytes of RFC 8032."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes: SHA-256(name || 0x0A || 0x01 || public)[:4]."""
        named = self.name.encode("utf-8") + b"\n" + _ED25519_TYPE + self.public
        return hashlib.sha256(named).digest()[:4]

    @property
    def line(self) -> str:
        """ "name+hash+base64(0x01||public)"."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(_ED25519_TYPE + self.public)}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read one verifier key line. Raises Malformed, also when the hash is not the key's."""
        parts = line.split("+", 2)
        if len(parts) != 3:
            raise Malformed("a verifier key is written name+hash+key")
        material = decode_base64(parts[2])
        if len(material) != 33 or material[:1] != _ED25519_TYPE:
            raise Malformed("not an Ed25519 verifier key")
        key = cls(name=check_key_name(parts[0]), public=material[1:])
        if key.key_id.hex() != parts[1]:
            raise Malformed("the verifier key's hash does not match its name and key")
        return key

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` (64 bytes) is this key's over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key under a name."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        public = self.private.public_key().public_bytes_raw()
        return VerifierKey(name=check_key_name(self.name), public=public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes, RFC 8032."""
        return self.private.sign(message)


class TrustedKeys:
    """The keys somebody trusts, as read from their key file. Empty is allowed."""

    def __init__(self, keys: Iterable[VerifierKey]) -> None:
        self._keys = tuple(dict.fromkeys(keys))

    @classmethod
    def parse(cls, text: str) -> Self:
        """One verifier key a line; blank lines and lines that begin with # are skipped.

        Raises Malformed if a line is not a key or there is none.
        """
        if len(text) > _MAX_KEY_FILE_CHARACTERS:
            raise Malformed("the key file is too large")
        lines = [line.strip() for line in text.splitlines()]
        keys = [VerifierKey.parse(line) for line in lines if line and not line.startswith("#")]
        if not keys:
            raise Malformed("the key file holds no key")
        return cls(keys)

    @property
    def all(self) -> tuple[VerifierKey, ...]:
        """Every key, in the file's order."""
        return self._keys

    def named(self, name: str) -> "TrustedKeys":
        """Only the keys of that name: a key signs for its own name and no other."""
        return TrustedKeys(key for key in self._keys if key.name == name)

    def with_id(self, key_id: bytes) -> list[VerifierKey]:
        """The keys with this four-byte id; a hint for choosing, never a proof."""
        return [key for key in self._keys if key.key_id == key_id]

    def text(self) -> str:
        """The key file: one line each."""
        return "".join(key.line + "\n" for key in self._keys)

    def __len__(self) -> int:
        return len(self._keys)
