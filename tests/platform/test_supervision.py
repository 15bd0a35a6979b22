"""Ports, the lock, logs, and processes that are kept alive and never left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.platform import ports, state
from config.platform.errors import CannotStart
from config.platform.processes import Spec, Supervisor, rotate
from tests.servers import ROOT

FOREVER = "import time; time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {FOREVER}"
WITH_CHILD = (
    "import subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "time.sleep(600)"
)


def spec(name: str, program: str) -> Spec:
    """A Python program as a process."""
    return Spec(name, [sys.executable, "-c", program], dict(os.environ))


def wait_for(condition: object, what: str, timeout_s: float = 20.0) -> None:
    """Returns once `condition()` holds."""
    assert callable(condition)
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """One that leaves nothing."""
    made = Supervisor(tmp_path / "log")
    yield made
    made.stop(list(made.children), grace_s=0)
    made.close()


class TestPorts:
    @pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
    def test_a_taken_one_is_named_with_its_flag(self, host: str) -> None:
        with socket.socket() as other:
            other.bind((host, 0))
            other.listen()
            port = other.getsockname()[1]

            with pytest.raises(CannotStart, match=f"Port {port} is taken.*--port"):
                ports.require_free("127.0.0.1", port, "--port")

    def test_one_taken_on_the_other_meaning_of_localhost_counts(self) -> None:
        with socket.socket(socket.AF_INET6) as other:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            other.bind(("::1", 0))
            other.listen()

            with pytest.raises(CannotStart):
                ports.require_free("127.0.0.1", other.getsockname()[1], "--port")

    def test_one_that_was_just_in_use_is_free(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)) as client:
                accepted, _ = server.accept()
                accepted.close()
                client.recv(1)

        ports.require_free("127.0.0.1", port, "--port")


class TestLock:
    def test_only_one_has_it_and_others_learn_who(self, tmp_path: Path) -> None:
        held = state.take_lock(tmp_path)

        assert held is not None
        assert state.take_lock(tmp_path) is None
        assert state.supervisor_pid(tmp_path) == os.getpid()
        held.close()
        assert state.supervisor_pid(tmp_path) is None


class TestLogs:
    def test_a_long_one_is_moved_aside_and_the_oldest_dropped(self, tmp_path: Path) -> None:
        log = tmp_path / "web.log"
        for number in range(6):
            log.write_text(f"{number}" * 20)
            assert rotate(log, limit=10, kept=3)

        kept = {path.name: path.read_text()[:1] for path in tmp_path.iterdir()}
        assert kept == {"web.log": "", "web.log.1": "5", "web.log.2": "4", "web.log.3": "3"}

    def test_its_writer_goes_on_writing(self, tmp_path: Path) -> None:
        log = tmp_path / "web.log"
        with log.open("a") as writer:
            writer.write("x" * 20)
            writer.flush()
            rotate(log, limit=10)
            writer.write("y")

        assert log.read_text() == "y"


def is_deaf(pid: int) -> bool:
    """Whether a process ignores the polite request to end."""
    status = Path(f"/proc/{pid}/status").read_text()
    (ignored,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigIgn"))
    return bool(int(ignored, 16) >> (signal.SIGTERM - 1) & 1)


class TestSupervisor:
    def test_starts_again_what_died_with_growing_pauses(self, supervisor: Supervisor) -> None:
        child = supervisor.start(spec("brief", "raise SystemExit(3)"))
        wait_for(lambda: supervisor.tick() == [] and child.deaths == 3, "three deaths")

        now = time.monotonic()
        assert child.restart_at is not None
        assert 0.5 < child.restart_at - now < 1.0

    def test_ends_what_a_dead_process_left_running(self, supervisor: Supervisor) -> None:
        child = supervisor.start(spec("web", WITH_CHILD))
        first = psutil.Process(child.process.pid)
        wait_for(first.children, "its child")
        left = first.children()[0]
        first.kill()
        wait_for(lambda: supervisor.tick() == ["web"], "noticed")

        psutil.wait_procs([left], timeout=5)
        assert not left.is_running()

    def test_stops_the_deaf_by_force_in_time(self, supervisor: Supervisor) -> None:
        child = supervisor.start(spec("deaf", DEAF))
        wait_for(lambda: is_deaf(child.process.pid), "deaf")
        begun = time.monotonic()
        supervisor.stop(["deaf"], grace_s=0.3)

        assert time.monotonic() - begun < 60
        assert child.process.returncode == -signal.SIGKILL

    def test_a_killed_one_leaves_no_orphan_however_deaf(self, tmp_path: Path) -> None:
        program = (
            "import sys, time; from pathlib import Path\n"
            "from tests.platform.test_supervision import *\n"
            "made = Supervisor(Path(sys.argv[1]))\n"
            "for name, text in (('a', WITH_CHILD), ('b', DEAF)):\n"
            "    print(made.start(spec(name, text)).process.pid, flush=True)\n"
            "time.sleep(600)"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as killed:
            assert killed.stdout is not None
            family = [psutil.Process(int(killed.stdout.readline())) for _ in range(2)]
            wait_for(family[0].children, "its child")
            family += family[0].children()
            killed.kill()
        _, alive = psutil.wait_procs(family, timeout=10)

        assert alive == []
