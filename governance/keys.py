"""The notary's two keys: one for the log, one for approvals."""

import os
from pathlib import Path

from trust.key_files import generate_key, load_key, save_key
from trust.keys import SigningKey, approvals_name

_FILES = {"log.pem": "", "approvals.pem": "approvals"}


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
    for file, kind in _FILES.items():
        path = folder / file
        if not path.exists():
            name = approvals_name(origin) if kind else origin
            save_key(path, generate_key(name))
            made = True
    lines = [key.verifier.line for key in load_notary_keys(folder, origin)]
    _add_lines(trusted, lines)
    return made


def _add_lines(path: Path, lines: list[str]) -> None:
    kept = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    missing = [line for line in lines if line not in kept]
    if not missing:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write("\n".join([*kept, *missing]) + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
