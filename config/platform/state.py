"""What a running instance leaves in var/: the lock that makes it the only one, and up.json."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any, TextIO

LOCK = "up.lock"
STATE = "up.json"


def take_lock(var: Path) -> TextIO | None:
    """The lock of the instance in `var`, held until the file is closed; None if another has it."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (var / LOCK).open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def supervisor_pid(var: Path) -> int | None:
    """The process that holds the lock of the instance in `var`, if one does."""
    try:
        file = (var / LOCK).open("r+", encoding="utf-8")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = file.read()
            return int(text) if text else None
        return None


def write_state(var: Path, state: dict[str, Any]) -> None:
    """Replaces up.json at once; it holds process ids, ports and addresses, and no secret."""
    fresh = var / f"{STATE}.new"
    fresh.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    fresh.replace(var / STATE)


def read_state(var: Path) -> dict[str, Any] | None:
    """What up.json says, or None if there is none."""
    try:
        found = json.loads((var / STATE).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return found if isinstance(found, dict) else None


def remove_state(var: Path) -> None:
    """Forgets a stopped instance."""
    (var / STATE).unlink(missing_ok=True)
