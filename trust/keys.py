"""Ed25519 keys in the form of C2SP signed notes (c2sp.org/signed-note)."""

import hashlib
import re
from collections.abc import Iterable, Mapping
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
_KEY_END = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


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


@dataclass(frozen=True, slots=True)
class TreeBound:
    """How far an ended key counts: for what the log held at `size` leaves with this root."""

    size: int
    root: bytes


class TrustedKeys:
    """The keys somebody trusts, as read from their key file. Empty is allowed.

    Of an ended key `bounds` says how far it counts; of the others nothing.
    """

    def __init__(
        self, keys: Iterable[VerifierKey], bounds: Mapping[VerifierKey, TreeBound] | None = None
    ) -> None:
        self._keys = tuple(dict.fromkeys(keys))
        self._bounds = {key: end for key, end in (bounds or {}).items() if key in self._keys}

    @classmethod
    def parse(cls, text: str) -> Self:
        """One verifier key a line; blank lines and lines that begin with # are skipped.

        A line that goes on with "until SIZE ROOT" (base64) is of an ended key. Raises Malformed if
        a line is not a key or there is none.
        """
        if len(text) > _MAX_KEY_FILE_CHARACTERS:
            raise Malformed("the key file is too large")
        lines = [line.strip() for line in text.splitlines()]
        read = [_read_line(line) for line in lines if line and not line.startswith("#")]
        if not read:
            raise Malformed("the key file holds no key")
        bounds: dict[VerifierKey, TreeBound] = {}
        for key, end in read:
            if end is not None and (key not in bounds or end.size < bounds[key].size):
                bounds[key] = end
        return cls((key for key, _end in read), bounds)

    @property
    def all(self) -> tuple[VerifierKey, ...]:
        """Every key, in the file's order."""
        return self._keys

    @property
    def bounds(self) -> Mapping[VerifierKey, TreeBound]:
        """The ended keys, and how far each counts."""
        return self._bounds

    @property
    def open(self) -> "TrustedKeys":
        """Only the keys that have not ended."""
        return TrustedKeys(key for key in self._keys if key not in self._bounds)

    def named(self, name: str) -> "TrustedKeys":
        """Only the keys of that name: a key signs for its own name and no other."""
        return TrustedKeys((key for key in self._keys if key.name == name), self._bounds)

    def with_id(self, key_id: bytes) -> list[VerifierKey]:
        """The keys with this four-byte id; a hint for choosing, never a proof."""
        return [key for key in self._keys if key.key_id == key_id]

    def changed(
        self,
        introduced: Iterable[VerifierKey],
        ended: Iterable[VerifierKey],
        tree: TreeBound | None,
    ) -> "TrustedKeys":
        """With further keys, and with keys that end at a tree; an earlier end stands."""
        bounds = dict(self._bounds)
        for key in ended if tree else ():
            if tree and (key not in bounds or tree.size < bounds[key].size):
                bounds[key] = tree
        return TrustedKeys([*self._keys, *introduced], bounds)

    def text(self) -> str:
        """The key file: one line each."""
        return "".join(f"{key.line}{_written(self._bounds.get(key))}\n" for key in self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _written(end: TreeBound | None) -> str:
    return f" until {end.size} {encode_base64(end.root)}" if end else ""


def _read_line(line: str) -> tuple[VerifierKey, TreeBound | None]:
    words = line.split()
    key = VerifierKey.parse(words[0])
    if len(words) == 1:
        return key, None
    if len(words) != 4 or words[1] != "until" or not _KEY_END.fullmatch(words[2]):
        raise Malformed("after a key stands nothing, or: until SIZE ROOT")
    root = decode_base64(words[3])
    if len(root) != 32:
        raise Malformed("the root at which a key ends is not 32 bytes")
    return key, TreeBound(int(words[2]), root)
