"""What an outsider does with an exported bundle, and what a damaged store leads to."""

import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from scripts.story.people import ROOT


def verify(bundle: Path, *options: str) -> int:
    """The exit status of the repository's verifier."""
    command = [sys.executable, "-I", str(ROOT / "verify.py"), str(bundle), *options]
    return subprocess.run(command, check=False, capture_output=True).returncode


def change_one_byte(bundle: Path, changed: Path, seed: int) -> str:
    """Repack the archive with one byte of one member changed; the member's name."""
    chance = random.Random(seed)  # noqa: S311 - chooses a byte to damage, protects nothing
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(changed, "w") as target:
        names = [info.filename for info in source.infolist() if info.file_size]
        victim = chance.choice(names)
        for name in source.namelist():
            body = bytearray(source.read(name))
            if name == victim:
                place = chance.randrange(len(body))
                body[place] ^= 1 << chance.randrange(8)
            target.writestr(name, bytes(body))
    return victim


def load_from_damaged_copy(var: Path, sha256: str, name: str, number: int) -> str:
    """What the serving gate says when one byte of the model is changed in a copy of the store."""
    bare = sha256.removeprefix("sha256:")
    copy = var / "damaged-copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(var / "blobs", copy)
    victim = copy / bare[:2] / bare[2:4] / bare
    body = bytearray(victim.read_bytes())
    body[len(body) // 2] ^= 1
    victim.write_bytes(bytes(body))
    environment = os.environ | {"ASSAY_VAR": str(var), "ASSAY_BLOBS": str(copy)}
    command = [sys.executable, str(ROOT / "manage.py"), "try_load", name, str(number)]
    try:
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    return (done.stderr or done.stdout).strip().removeprefix("CommandError: ")
