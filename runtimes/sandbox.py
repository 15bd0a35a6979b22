"""Check a stranger's model in a process that has nothing to lose, and report what was found.

The child gets no files, network, environment or time beyond its limits. Whatever it does, the
parent reads at most 64 KiB from it, believes no type that it did not check, and kills it.
"""

import hashlib
import json
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import onnxruntime

from runtimes.confine import Level
from runtimes.conversation import Conversation
from runtimes.findings import Finding, refuses
from runtimes.limits import Limits
from runtimes.schema import Signature
from runtimes.verdict import Heard, Report, understand

TYPE = "assay/sandbox/1"
MAX_VERDICT = 65_536
# Until the child is ready; its libraries may have to come from a cold disk.
START_SECONDS = 120

_ROOT = Path(__file__).resolve().parent.parent
# Rights go before the heavy imports, which start threads; so this is no `-m`.
_BOOT = """
import sys
sys.path.insert(0, sys.argv[1])
from runtimes.confine import enter
measures = enter()
from runtimes.child import main
main(measures)
"""
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}


@dataclass(frozen=True)
class Admission:
    """The outcome, as evidence. `signature` is the given or, without one, the derived."""

    ok: bool
    findings: tuple[Finding, ...]
    level: Level
    measures: tuple[str, ...]
    limits: Limits
    versions: dict[str, str]
    duration_s: float
    sha256: str
    signature: Signature | None
    signature_derived: bool

    def as_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "type": TYPE,
            "model_digest": f"sha256:{self.sha256}",
            "ok": self.ok,
            "findings": [finding.as_dict() for finding in self.findings],
            "level": self.level,
            "measures": list(self.measures),
            "limits": self.limits.as_dict(),
            "versions": self.versions,
            "duration_s": self.duration_s,
            "signature": None if self.signature is None else self.signature.as_dict(),
            "signature_derived": self.signature_derived,
        }


def admit(
    model_bytes: bytes, signature: Signature | None = None, limits: Limits | None = None
) -> Admission:
    """Check a model file statically and by a few runs, in a fresh confined process.

    Without a `signature` one is derived from the graph. Raises nothing because of any bytes;
    Unavailable if the sandbox does not start, OSError if no process can be made.
    """
    limits = limits or Limits()
    begun = time.monotonic()
    if len(model_bytes) > limits.max_bytes:
        message = f"The file has {len(model_bytes)} bytes, allowed are {limits.max_bytes}."
        report = Report((Finding("too-large", message),), "none", (), None)
    else:
        report = understand(_ask(model_bytes, signature, limits), limits)
    found = signature or report.signature
    return Admission(
        ok=not refuses(report.findings) and found is not None,
        findings=report.findings,
        level=report.level,
        measures=report.measures,
        limits=limits,
        versions=_versions(),
        duration_s=round(time.monotonic() - begun, 3),
        sha256=hashlib.sha256(model_bytes).hexdigest(),
        signature=found,
        signature_derived=signature is None and found is not None,
    )


def _ask(model_bytes: bytes, signature: Signature | None, limits: Limits) -> Heard:
    request = {
        "limits": limits.as_dict(),
        "signature": None if signature is None else signature.as_dict(),
        "size": len(model_bytes),
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o500)
        talk = Conversation(
            _start(folder),
            start_seconds=START_SECONDS,
            body_seconds=limits.wall_seconds,
            most=MAX_VERDICT,
        )
        return talk.hold(json.dumps(request).encode() + b"\n", model_bytes)


def _start(folder: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 (our own interpreter and text; nothing from outside)
        [sys.executable, "-I", "-B", "-c", _BOOT, str(_ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_ENVIRONMENT,
        start_new_session=True,
    )


def _versions() -> dict[str, str]:
    return {
        "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__,
        "python": platform.python_version(),
    }
