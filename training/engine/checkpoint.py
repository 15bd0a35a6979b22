"""A checkpoint that is either whole or absent, and never resumes another run."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch

FORMAT = "assay/checkpoint/1"


def write(path: Path, identity: str, state: dict[str, Any]) -> None:
    """Replace the checkpoint at once: a kill at any moment leaves the old or the new one."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        torch.save({"format": FORMAT, "identity": identity, "state": state}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def read(path: Path, identity: str) -> dict[str, Any] | None:
    """The state stored for this very run, or None when there is none that can be used.

    Only plain values and tensors are read (`weights_only`): a checkpoint runs no code.
    """
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError):
        return None
    if not isinstance(stored, dict):
        return None
    if stored.get("format") != FORMAT or stored.get("identity") != identity:
        return None
    state: dict[str, Any] = stored["state"]
    return state


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
