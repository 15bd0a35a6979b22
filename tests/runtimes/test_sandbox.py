"""A stranger's model is admitted, or refused with a reason; the server lives on in every case."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
import psutil
import pytest

from runtimes.limits import Limits
from runtimes.sandbox import MAX_VERDICT, Admission, admit
from runtimes.schema import Signature
from tests.runtimes import hostile
from tests.runtimes.signatures import BINARY

LIMITS = Limits()
LOOPS = replace(LIMITS, allow_control_flow=True)


def signature() -> Signature:
    return Signature.parse(
        BINARY
        | {
            "outputs": [
                {"name": "y", "dtype": "float32", "shape": ["batch", 2], "kind": "probabilities"}
            ]
        }
    )


def codes(admission: Admission) -> set[str]:
    return {finding.code for finding in admission.findings}


def test_a_sound_model_is_admitted_with_evidence(sound_model: bytes) -> None:
    admission = admit(sound_model, signature())
    assert admission.ok
    assert admission.findings == ()
    evidence = json.loads(json.dumps(admission.as_dict()))
    assert evidence["type"] == "assay/sandbox/1"
    assert evidence["model_digest"] == f"sha256:{hashlib.sha256(sound_model).hexdigest()}"
    assert evidence["level"] in ("full", "no-namespaces", "rlimits-only")
    assert evidence["limits"] == LIMITS.as_dict()
    assert set(evidence["versions"]) == {"onnx", "onnxruntime", "python"}
    assert evidence["duration_s"] > 0
    assert not evidence["signature_derived"]


def test_without_a_signature_one_is_derived(sound_model: bytes) -> None:
    admission = admit(sound_model)
    assert admission.signature_derived
    assert admission.signature is not None
    assert admission.signature.as_dict() == {
        "task": "binary",
        "classes": ["0", "1"],
        "inputs": [
            {"name": "x", "dtype": "float32", "shape": ["batch", 3], "features": None}
        ],
        "outputs": [
            {"name": "y", "dtype": "float32", "shape": ["batch", 2], "kind": "probabilities"}
        ],
    }  # fmt: skip


def test_a_signature_that_does_not_fit_is_refused_with_all_its_faults(sound_model: bytes) -> None:
    admission = admit(sound_model, Signature.parse(BINARY))
    assert not admission.ok
    assert codes(admission) == {"signature"}
    assert "no output p" in " ".join(finding.message for finding in admission.findings)


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (hostile.hidden_bomb, "memory"),
        (hostile.not_a_number, "not-finite"),
        (hostile.endless_loop, "control-flow"),
        (lambda: hostile.external_initialiser("../secret"), "external-data"),
    ],
)
def test_a_hostile_model_is_refused(build: Callable[[], onnx.ModelProto], code: str) -> None:
    admission = admit(hostile.raw(build()))
    assert not admission.ok
    assert codes(admission) == {code}
    assert admission.level != "none"


@pytest.mark.parametrize("data", [b"", b"\x00", os.urandom(1000), b"\x80\x04."])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    admission = admit(data)
    assert not admission.ok
    assert codes(admission) == {"not-onnx"}


def test_a_file_over_the_limit_starts_nothing(sound_model: bytes) -> None:
    admission = admit(sound_model, None, replace(LIMITS, max_bytes=100))
    assert codes(admission) == {"too-large"}
    assert (admission.ok, admission.level) == (False, "none")


def test_a_model_that_never_ends_is_stopped_by_the_clock() -> None:
    admission = admit(hostile.raw(hostile.endless_loop()), None, replace(LOOPS, wall_seconds=1))
    assert codes(admission) == {"time"}
    assert "1 s were over while the model ran" in admission.findings[0].message
    assert admission.level != "none"


def test_a_model_that_never_ends_is_stopped_by_its_processor_time() -> None:
    admission = admit(hostile.raw(hostile.endless_loop()), None, replace(LOOPS, cpu_seconds=0))
    assert codes(admission) == {"cpu"}


def test_a_bomb_known_before_the_run_would_not_hurt_in_the_run_either() -> None:
    lenient = replace(LIMITS, max_elements=10**13)
    assert codes(admit(hostile.raw(hostile.constant_bomb()), None, lenient)) == {"memory"}


def test_a_large_model_passes_within_the_limits() -> None:
    made = hostile.linear()
    made.graph.initializer.append(hostile.weight("ballast", 1000, 5_000))
    # Room for the copies of the file itself is given on top.
    admission = admit(hostile.raw(made), None, replace(LIMITS, memory_bytes=2**20))
    assert admission.findings == ()
    assert admission.ok


def test_a_signature_too_long_for_the_verdict_is_asked_for() -> None:
    made = hostile.model(
        hostile.linear_nodes(),
        weights=[hostile.weight("w", 3, 9000)],
        outputs=[hostile.info("y", ["batch", 9000])],
    )
    admission = admit(hostile.raw(made))
    assert not admission.ok
    assert "give one" in admission.findings[0].message
    assert len(json.dumps(admission.as_dict())) < MAX_VERDICT


def test_nothing_is_left_behind(sound_model: bytes, tmp_path: Path,
                                monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    before = set(psutil.Process().children(recursive=True))
    admit(sound_model)
    assert list(tmp_path.iterdir()) == []
    assert set(psutil.Process().children(recursive=True)) <= before
