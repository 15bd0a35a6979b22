"""What the sandbox's child said, and what its end says. Its words are read like a stranger's."""

import json
import signal
from dataclasses import dataclass
from typing import Any

from common.errors import Invalid, Unavailable
from runtimes.confine import LEVELS, Level
from runtimes.fields import read_choice, read_list, read_object, read_text, shown
from runtimes.findings import Finding, refuses
from runtimes.limits import Limits
from runtimes.schema import Signature

MAX_FINDINGS = 40
MAX_MEASURES = 40
MAX_MESSAGE = 1000
_STAGES = {
    "sealed": ("stage", "level", "measures"),
    "static": ("stage", "findings"),
    "smoke": ("stage", "findings", "signature"),
    "stopped": ("stage", "findings"),
}
_MEMORY_HINT = "asking for more memory than it may have is a frequent cause"


@dataclass(frozen=True)
class Heard:
    """All that came from the child. `exit_code` is negative for the signal that ended it."""

    output: bytes
    exit_code: int
    timed_out: bool = False
    too_much: bool = False


@dataclass(frozen=True)
class Report:
    """The stages put together; `signature` is the derived one."""

    findings: tuple[Finding, ...]
    level: Level
    measures: tuple[str, ...]
    signature: Signature | None


def understand(heard: Heard, limits: Limits) -> Report:
    """Findings of the stages that were reached, and one more if the child did not end well.

    Raises Unavailable if the child never came to reading the model, which then is not to blame.
    """
    level: Level = "none"
    measures: tuple[str, ...] = ()
    findings: list[Finding] = []
    signature = None
    reached = ""
    try:
        for line in heard.output.splitlines():
            stage = _stage(line)
            reached = stage["stage"]
            if reached == "sealed":
                level, measures = _protection(stage)
            else:
                findings += _findings(stage["findings"])
            if stage.get("signature") is not None:
                signature = Signature.parse(stage["signature"])
    except (Invalid, ValueError, RecursionError):
        findings.append(Finding("verdict-unreadable", "The check was disturbed by the model."))
    if not reached and not findings and not heard.too_much:
        raise Unavailable(f"The sandbox did not start (code {heard.exit_code}): try again.")
    done = reached in ("smoke", "stopped") or (reached == "static" and refuses(findings))
    if not done or heard.exit_code != 0 or heard.timed_out or heard.too_much:
        findings.append(_end(heard, limits, reached))
    return Report(tuple(findings), level, measures, signature)


def _stage(line: bytes) -> dict[str, Any]:
    obj = json.loads(line)
    name = obj.get("stage") if isinstance(obj, dict) else None
    stage = read_choice(name, "stage", tuple(_STAGES))
    return read_object(obj, "", _STAGES[stage])


def _protection(stage: dict[str, Any]) -> tuple[Level, tuple[str, ...]]:
    level = read_choice(stage["level"], "level", LEVELS)
    names = read_list(stage["measures"], "measures", least=0, most=MAX_MEASURES)
    return next(one for one in LEVELS if one == level), tuple(read_text(n, "m") for n in names)


def _findings(value: object) -> list[Finding]:
    return [_finding(item) for item in read_list(value, "findings", least=0, most=MAX_FINDINGS)]


def _finding(value: object) -> Finding:
    item = read_object(value, "finding", ("code", "message", "severity"))
    message = item["message"]
    if not isinstance(message, str) or len(message) > MAX_MESSAGE or not message.isprintable():
        raise Invalid("Expected one line of text.", field="message")
    note = read_choice(item["severity"], "severity", ("refusal", "note")) == "note"
    return Finding(read_text(item["code"], "code"), message, "note" if note else "refusal")


def _end(heard: Heard, limits: Limits, reached: str) -> Finding:
    """Why there is no complete verdict, as far as the way the child ended tells."""
    when = "while the model ran on plain rows"
    if reached in ("", "sealed"):
        when = "while the file was read"
    if heard.too_much:
        return Finding("verdict-too-long", "The check was disturbed by the model.")
    if heard.timed_out:
        return Finding("time", f"{limits.wall_seconds} s were over {when}: make the model faster.")
    if -heard.exit_code == signal.SIGXCPU:
        message = f"{limits.cpu_seconds} s of processor time were over {when}"
        return Finding("cpu", f"{message}: make the model faster.")
    return Finding("crash", f"The check ended {when} ({_cause(heard.exit_code)}): {_MEMORY_HINT}.")


def _cause(exit_code: int) -> str:
    if exit_code >= 0:
        return f"code {exit_code}"
    try:
        return shown(signal.Signals(-exit_code).name)
    except ValueError:
        return f"signal {-exit_code}"
