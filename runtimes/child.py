"""The sandbox's child process: checks one model, says what it found, and ends.

Started by `sandbox` with nothing but three pipes. Reads a header line (JSON: limits, signature,
size), gives up its rights, reads the model, and writes one JSON line per stage.
"""

import json
import os
from collections.abc import Callable
from typing import Any, BinaryIO

from runtimes import confine
from runtimes.findings import Finding
from runtimes.limits import Limits
from runtimes.schema import Signature
from runtimes.smoke import smoke_test
from runtimes.static_check import static_check
from runtimes.supported import tiny_model

# The room that a derived signature may take in the 64 KiB of the whole verdict.
MAX_SIGNATURE = 40_000
# Bytes as read, parsed, copied by the checker and shape inference, and opened by onnxruntime.
COPIES = 6

Emit = Callable[[dict[str, Any]], None]


def main(measures: list[str]) -> None:
    """Serve one request on standard input and output; `measures` hold since the start."""
    with os.fdopen(0, "rb") as source, os.fdopen(1, "wb", buffering=0) as target:

        def emit(stage: dict[str, Any]) -> None:
            target.write(json.dumps(stage).encode() + b"\n")

        serve(source, emit, measures, confine.seal)
        # Destructors of native libraries would call what is forbidden by now.
        os._exit(0)


def serve(
    source: BinaryIO, emit: Emit, measures: list[str], seal: Callable[..., list[str]]
) -> None:
    """Read a request from `source`, and `emit` the stages sealed, static and smoke."""
    header = json.loads(source.readline())
    limits = Limits.parse(header["limits"])
    signature = None if header["signature"] is None else Signature.parse(header["signature"])
    size = header["size"]
    # Loads all that the checks load on their way, and finds the supported versions.
    examine(tiny_model(), None, Limits(), lambda _: None)
    sealed = measures + seal(
        memory_bytes=limits.memory_bytes + COPIES * size, cpu_seconds=limits.cpu_seconds
    )
    emit({"stage": "sealed", "level": confine.level(sealed), "measures": sealed})
    try:
        examine(source.read(size), signature, limits, emit)
    except MemoryError:
        message = f"It takes more than {limits.memory_bytes} bytes of memory: make it smaller."
        emit({"stage": "stopped", "findings": [Finding("memory", message).as_dict()]})


def examine(model_bytes: bytes, signature: Signature | None, limits: Limits, emit: Emit) -> None:
    """Both checks, one after the other; the second only if the first refuses nothing."""
    static = static_check(model_bytes, limits)
    emit({"stage": "static", "findings": [finding.as_dict() for finding in static.findings]})
    if not static.ok or static.model is None:
        return
    smoke = smoke_test(model_bytes, static.model, signature)
    findings = list(smoke.findings)
    derived = None
    if signature is None and smoke.signature is not None:
        derived = smoke.signature.as_dict()
        if len(json.dumps(derived)) > MAX_SIGNATURE:
            message = "The signature is too long to be derived: give one."
            findings.append(Finding("signature", message))
            derived = None
    emit(
        {
            "stage": "smoke",
            "findings": [finding.as_dict() for finding in findings],
            "signature": derived,
        }
    )
