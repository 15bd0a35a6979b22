"""Running the verifier: as a user would, or for many runs inside this process."""

import functools
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.trust.bundle_factory import BundleStory
from trust.bundle import verify_bundle
from trust.bundle_report import BundleReport
from trust.bundle_source import open_bundle
from trust.verify_cli import main

VERIFIER = Path(__file__).resolve().parents[2] / "verify.py"


def run_verifier(*arguments: object) -> tuple[int, dict[str, Any]]:
    """Exit code and report of `python -I verify.py ... --json` in a process of its own."""
    command = [sys.executable, "-I", str(VERIFIER), *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"stderr": done.stderr}


def load_module(name: str, path: Path) -> ModuleType:
    """A script, loaded as a module."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name while they are being made.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@functools.cache
def verifier_module() -> ModuleType:
    """verify.py, loaded as a module."""
    return load_module("assay_verify", VERIFIER)


def verify_here(*arguments: object) -> int:
    """The exit code of the verifier's main, in this process, from the modules of trust/."""
    return main([str(argument) for argument in arguments])


def verify_generated(*arguments: object) -> int:
    """The same from the generated verify.py."""
    return int(verifier_module().main([str(argument) for argument in arguments]))


def report_of(story: BundleStory, folder: Path) -> BundleReport:
    """What the verifier says of a story's bundle, with its keys and an older checkpoint."""
    checkpoint = story.checkpoint(4)
    (folder / "bundle.zip").write_bytes(story.build())
    with open_bundle(folder / "bundle.zip") as source:
        return verify_bundle(source, keys=story.keys, remembered=checkpoint)
