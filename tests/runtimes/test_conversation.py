"""A process that misbehaves is heard no longer than allowed, and is gone afterwards."""

import os
import subprocess
import sys
import time

import pytest

from runtimes.conversation import Conversation
from runtimes.verdict import Heard


def talk(script: str, body: bytes = b"", *, most: int = 1000, seconds: float = 20) -> Heard:
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    conversation = Conversation(process, start_seconds=20, body_seconds=seconds, most=most)
    heard = conversation.hold(b"header\n", body)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    return heard


ECHO = """
import sys
header = sys.stdin.buffer.readline()
print("ready", flush=True)
print(header, len(sys.stdin.buffer.read(5_000_000)))
"""


def test_a_header_and_a_body_larger_than_any_pipe_arrive() -> None:
    heard = talk(ECHO, b"x" * 5_000_000)
    assert heard == Heard(b"ready\nb'header\\n' 5000000\n", 0)


def test_who_says_too_much_is_cut_off() -> None:
    heard = talk("print('x' * 10_000_000)")
    assert heard.too_much
    assert len(heard.output) == 1000


def test_who_is_silent_after_the_body_runs_out_of_time() -> None:
    begun = time.monotonic()
    heard = talk("import time; print('ready', flush=True); time.sleep(60)", seconds=0.3)
    assert heard.timed_out
    assert heard.output == b"ready\n"
    assert time.monotonic() - begun < 20


def test_who_hangs_up_and_goes_on_runs_out_of_time() -> None:
    script = "import os, time; os.write(1, b'ready\\n'); os.close(1); time.sleep(60)"
    assert talk(script, seconds=0.3).timed_out


def test_who_never_reads_the_body_can_still_answer() -> None:
    heard = talk("import os; os.close(0); print('ready', flush=True)", b"x" * 5_000_000)
    assert heard == Heard(b"ready\n", 0)


def test_how_a_process_ended_is_told() -> None:
    assert talk("raise SystemExit(7)").exit_code == 7
    assert talk("import os, signal; os.kill(os.getpid(), signal.SIGTERM)").exit_code == -15


def test_a_process_without_pipes_cannot_be_talked_to() -> None:
    with subprocess.Popen([sys.executable, "-I", "-c", ""]) as process, pytest.raises(ValueError):
        Conversation(process, start_seconds=1, body_seconds=1, most=1)
