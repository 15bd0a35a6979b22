"""The child's work, done in this process: only the giving up of rights is left out."""

import io
import json
from typing import Any

from runtimes.child import COPIES, serve
from runtimes.limits import Limits
from runtimes.schema import Signature
from tests.runtimes import hostile
from tests.runtimes.signatures import BINARY


def ask(model: bytes, signature: Signature | None = None) -> tuple[list[Any], dict[str, int]]:
    """The stages, and with which limits the rights were given up."""
    request = {
        "limits": Limits().as_dict(),
        "signature": None if signature is None else signature.as_dict(),
        "size": len(model),
    }
    stages: list[Any] = []
    asked: dict[str, int] = {}

    def seal(**limits: int) -> list[str]:
        assert stages == []
        asked.update(limits)
        return ["limit-cpu"]

    source = io.BytesIO(json.dumps(request).encode() + b"\n" + model)
    serve(source, stages.append, ["limit-core"], seal)
    return stages, asked


def test_rights_are_given_up_before_the_model_is_looked_at(sound_model: bytes) -> None:
    stages, asked = ask(sound_model)
    assert stages[0] == {
        "stage": "sealed",
        "level": "rlimits-only",
        "measures": ["limit-core", "limit-cpu"],
    }
    assert asked["cpu_seconds"] == Limits().cpu_seconds
    assert asked["memory_bytes"] == Limits().memory_bytes + COPIES * len(sound_model)


def test_a_sound_model_passes_both_stages_and_gets_a_signature(sound_model: bytes) -> None:
    stages, _ = ask(sound_model)
    assert [stage["stage"] for stage in stages] == ["sealed", "static", "smoke"]
    assert stages[2]["findings"] == []
    assert Signature.parse(stages[2]["signature"]).task == "binary"


def test_a_file_that_cannot_be_served_is_not_run() -> None:
    stages, _ = ask(hostile.raw(hostile.constant_bomb()))
    assert [stage["stage"] for stage in stages] == ["sealed", "static"]
    assert stages[1]["findings"][0]["code"] == "too-many-elements"


def test_a_given_signature_is_compared_and_not_sent_back(sound_model: bytes) -> None:
    stages, _ = ask(sound_model, Signature.parse(BINARY))
    assert {finding["code"] for finding in stages[2]["findings"]} == {"signature"}
    assert stages[2]["signature"] is None
