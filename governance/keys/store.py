"""The notary's two keys: one for the log, one for approvals."""

import os
from pathlib import Path

from trust.key_files import generate_key, load_key, load_trusted_keys, save_key
from trust.keys import SigningKey, TrustedKeys, approvals_name

KEY_FILES = {"log": "", "approvals": "approvals"}
# While keys are rotated: those that come, and those that go.
NEXT, FORMER = ".next.pem", ".former.pem"


def load_notary_keys(folder: Path, origin: str) -> tuple[SigningKey, SigningKey]:
    """The log key and the approval key. Raises OSError, trust.errors.TrustError."""
    return (
        load_key(folder / "log.pem", origin),
        load_key(folder / "approvals.pem", approvals_name(origin)),
    )


def make_notary_keys(folder: Path, origin: str, trusted: Path) -> bool:
    """Make the keys that are missing and write the public ones; True if any was made.

    Raises OSError, trust.errors.TrustError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = False
    for file, kind in KEY_FILES.items():
        path = folder / f"{file}.pem"
        if not path.exists():
            name = approvals_name(origin) if kind else origin
            save_key(path, generate_key(name))
            made = True
    known = load_trusted_keys(trusted) if trusted.exists() else TrustedKeys([])
    added = [key.verifier for key in load_notary_keys(folder, origin)]
    if any(key not in known.all for key in added):
        write_trusted(trusted, known.changed(added, (), None))
    return made


def write_trusted(path: Path, keys: TrustedKeys) -> None:
    """Put the public keys where gate and pages read them, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(keys.text())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
