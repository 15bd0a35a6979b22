"""The child's words are believed only as far as they have the right form and end."""

import json
import signal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Unavailable
from runtimes.findings import refuses
from runtimes.limits import Limits
from runtimes.verdict import Heard, Report, understand
from tests.runtimes.signatures import BINARY

SEALED = {"stage": "sealed", "level": "full", "measures": ["seccomp"]}
STATIC = {"stage": "static", "findings": []}
SMOKE = {"stage": "smoke", "findings": [], "signature": BINARY}
NOTE = {"code": "rows-depend", "message": "Rows depend.", "severity": "note"}
REFUSAL = {"code": "opset", "message": "Too new.", "severity": "refusal"}


def report(*stages: object, exit_code: int = 0, **more: Any) -> Report:
    output = b"".join(json.dumps(stage).encode() + b"\n" for stage in stages)
    return understand(Heard(output, exit_code, **more), Limits())


def codes(made: Report) -> list[str]:
    return [finding.code for finding in made.findings]


def test_all_stages_make_a_clean_report() -> None:
    made = report(SEALED, STATIC, SMOKE)
    assert made.findings == ()
    assert (made.level, made.measures) == ("full", ("seccomp",))
    assert made.signature is not None
    assert made.signature.as_dict() == BINARY


def test_notes_and_refusals_arrive() -> None:
    noted = report(SEALED, STATIC, SMOKE | {"findings": [NOTE]})
    assert codes(noted) == ["rows-depend"]
    assert not refuses(noted.findings)
    assert codes(report(SEALED, STATIC | {"findings": [REFUSAL]})) == ["opset"]
    assert codes(report(SEALED, STATIC, {"stage": "stopped", "findings": [REFUSAL]})) == ["opset"]


@pytest.mark.parametrize(
    ("stages", "code"),
    [((SEALED,), "crash"), ((SEALED, STATIC), "crash")],
)
def test_a_check_that_ended_early_is_no_pass(stages: tuple[object, ...], code: str) -> None:
    for exit_code in (0, 1, -signal.SIGSEGV, -signal.SIGKILL, -63):
        made = report(*stages, exit_code=exit_code)
        assert codes(made) == [code]
        assert refuses(made.findings)


@pytest.mark.parametrize(("exit_code", "timed_out"), [(0, False), (1, False), (-9, True)])
def test_a_sandbox_that_never_read_the_model_blames_no_model(
    exit_code: int, timed_out: bool
) -> None:
    with pytest.raises(Unavailable, match="try again"):
        report(exit_code=exit_code, timed_out=timed_out)


def test_a_static_check_with_notes_only_is_no_pass() -> None:
    assert refuses(report(SEALED, STATIC | {"findings": [NOTE]}).findings)


def test_a_complete_verdict_of_a_process_that_then_crashed_is_no_pass() -> None:
    assert codes(report(SEALED, STATIC, SMOKE, exit_code=-signal.SIGSEGV)) == ["crash"]


def test_time_processor_time_and_length_have_their_own_reasons() -> None:
    assert codes(report(SEALED, STATIC, timed_out=True, exit_code=-9)) == ["time"]
    assert codes(report(SEALED, timed_out=True, exit_code=-9)) == ["time"]
    assert codes(report(SEALED, exit_code=-signal.SIGXCPU)) == ["cpu"]
    assert codes(report(SEALED, STATIC, SMOKE, too_much=True)) == ["verdict-too-long"]


@pytest.mark.parametrize(
    "lie",
    [
        [],
        "x",
        {"stage": "other"},
        {"stage": ["smoke"]},
        SEALED | {"level": "perfect"},
        SEALED | {"measures": ["x"] * 41},
        SEALED | {"measures": [1]},
        STATIC | {"more": 1},
        STATIC | {"findings": {}},
        STATIC | {"findings": [NOTE] * 41},
        STATIC | {"findings": [NOTE | {"message": "x" * 1001}]},
        STATIC | {"findings": [NOTE | {"message": "\x1b[2J"}]},
        STATIC | {"findings": [NOTE | {"message": 1}]},
        STATIC | {"findings": [NOTE | {"severity": "fine"}]},
        SMOKE | {"signature": {"task": "binary"}},
    ],
)
def test_a_malformed_word_is_no_pass(lie: object) -> None:
    made = report(SEALED, STATIC, lie)
    assert refuses(made.findings)
    assert "verdict-unreadable" in codes(made)


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_are_understood_as_no_pass(output: bytes) -> None:
    assert refuses(understand(Heard(output, 0), Limits()).findings)


def test_nesting_without_end_is_no_pass() -> None:
    assert refuses(understand(Heard(b"[" * 60_000, 0), Limits()).findings)
