"""Private keys on disk: PEM (PKCS 8), readable by their owner alone."""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from trust.errors import Malformed, Untrusted
from trust.keys import SigningKey, TrustedKeys, check_key_name

_MAX_PEM_BYTES = 10_000


def generate_key(name: str) -> SigningKey:
    """A fresh Ed25519 key. Raises Malformed for a bad name."""
    return SigningKey(name=check_key_name(name), private=Ed25519PrivateKey.generate())


def save_key(path: Path, key: SigningKey) -> None:
    """Write the private key to a new file, mode 0600, flushed. Raises FileExistsError."""
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def load_key(path: Path, name: str) -> SigningKey:
    """Read a private key that only its owner can read.

    Raises OSError, Untrusted when group or others have any right on it, Malformed otherwise.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise Untrusted("the key file can be read by others than its owner")
        pem = file.read(_MAX_PEM_BYTES)
    try:
        private = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise Malformed(f"not an unencrypted PEM private key: {error}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise Malformed("not an Ed25519 key")
    return SigningKey(name=check_key_name(name), private=private)


def load_trusted_keys(path: Path) -> TrustedKeys:
    """Read a trusted key file. Raises OSError, Malformed."""
    try:
        return TrustedKeys.parse(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise Malformed("the key file is not UTF-8") from None
