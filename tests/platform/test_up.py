"""`manage.py up`: one command, one instance, nothing left behind."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.instance import Instance
from tests.servers import Database

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow(seconds=100, waits=True),
    pytest.mark.usefixtures("untraced"),
]
# Three seconds is what is promised; the rest is what a machine adds whose cores are all busy.
STOP_S = 6.0
# Without workers it starts sooner.
FEW = ("--slots", "0", "--light-slots", "0")
NAMES = {"postgres", "web", "inference", "notary", "clock", "slot-cpu-1", "slot-light-1"}


def family(instance: Instance) -> list[psutil.Process]:
    """The supervisor and everything it started, the guard included."""
    assert instance.process is not None
    parent = psutil.Process(instance.process.pid)
    return [parent, *parent.children(recursive=True)]


def answers(url: str) -> bool:
    """Whether a process says that it is well."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def await_answer(url: str, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not answers(url):
        assert time.monotonic() < deadline, f"{url} does not answer again"
        time.sleep(0.1)


def ended(processes: list[psutil.Process]) -> list[str]:
    """The command lines of those that are still there after 10 s: nobody's, one hopes."""
    _, alive = psutil.wait_procs(processes, timeout=10)
    return [" ".join(one.cmdline()) for one in alive]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """An instance with the embedded database, in a path with spaces, as an ordinary user."""
    var = tmp_path_factory.mktemp("up") / "a folder with spaces" / "var"
    # Root becomes a user without any power; its files stay readable, wherever the suite lies.
    identity = "namespace" if os.geteuid() == 0 else "same"
    instance = Instance(var, None).start(identity=identity)
    yield instance
    instance.stop()


class TestRunning:
    def test_says_each_step_and_where_it_is(self, up: Instance) -> None:
        words = up.words()

        for said in ("PostgreSQL started", "tables and rights", "keys of the notary", " s\n"):
            assert said in words
        assert f"http://localhost:{up.port}" in words
        assert f"http://localhost:{up.inference_port}" in words

    def test_runs_all_its_processes_and_both_answer(self, up: Instance) -> None:
        assert {name for name in NAMES if psutil.pid_exists(up.pid(name))} == NAMES
        assert answers(up.web)
        assert answers(up.inference)

    def test_a_second_start_says_where_it_runs_and_starts_nothing(self, up: Instance) -> None:
        before = up.pid("web")
        again = up.manage("up")

        assert "runs already" in again
        assert up.web in again
        assert up.pid("web") == before

    def test_only_the_notary_is_given_its_keys_and_its_database_role(self, up: Instance) -> None:
        for name in NAMES - {"postgres"}:
            environment = psutil.Process(up.pid(name)).environ()
            reserved = {"ASSAY_NOTARY_KEYS", "DATABASE_NOTARY_URL"} & environment.keys()

            assert bool(reserved) == (name == "notary"), name
            assert "DATABASE_OWNER_URL" not in environment

    @pytest.mark.parametrize("name", ["web", "inference", "notary", "clock", "slot-cpu-1"])
    def test_a_killed_process_is_started_again(self, up: Instance, name: str) -> None:
        up.await_restart(name, up.kill(name))

        await_answer(up.web)
        await_answer(up.inference)

    def test_a_killed_database_comes_back_under_the_running_pages(self, up: Instance) -> None:
        up.await_restart("postgres", up.kill("postgres"))

        await_answer(up.web)
        assert "0 migrations applied" in up.manage("setup_database")


def assert_stops_everything(up: Instance, number: signal.Signals) -> None:
    assert up.process is not None
    everything = family(up)
    begun = time.monotonic()
    up.process.send_signal(number)
    up.process.wait(timeout=10)

    assert time.monotonic() - begun < STOP_S
    assert ended(everything) == []
    assert up.process.returncode == 0


class TestStopping:
    def test_ctrl_c_stops_everything_in_three_seconds(self, up: Instance) -> None:
        assert_stops_everything(up, signal.SIGINT)

    def test_down_stops_it_from_elsewhere(self, up: Instance) -> None:
        everything = family(up.start(*FEW))

        assert "stopped" in up.manage("down")
        assert ended(everything) == []
        assert "does not run" in up.manage("down")

    def test_a_killed_supervisor_leaves_no_orphan_and_starts_again(self, up: Instance) -> None:
        everything = family(up.start())
        assert up.process is not None
        up.process.kill()

        assert ended(everything) == []
        assert answers(up.start(*FEW).web)

    def test_so_does_a_closed_terminal(self, up: Instance) -> None:
        assert_stops_everything(up, signal.SIGHUP)

    def test_ctrl_c_during_the_start_leaves_nothing(self, up: Instance) -> None:
        up.stop()
        process = up.launch()
        while "PostgreSQL started" not in up.words()[-200:]:
            assert process.poll() is None
            time.sleep(0.02)
        everything = family(up)
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=10) == 0
        assert ended(everything) == []


@pytest.mark.parametrize("flag", ["--port", "--inference-port"])
def test_a_taken_port_is_one_clear_line(tmp_path: Path, flag: str) -> None:
    instance = Instance(tmp_path / "var", None)
    with socket.socket() as other:
        taken = instance.port if flag == "--port" else instance.inference_port
        other.bind(("127.0.0.1", taken))
        other.listen()
        process = instance.launch()

        assert process.wait(timeout=60) == 2
    assert instance.words() == f"Port {taken} is taken; choose another with {flag}.\n"


def test_a_process_that_cannot_start_is_named_with_its_log(
    tmp_path: Path, new_database: Callable[[], Database]
) -> None:
    instance = Instance(tmp_path / "var", new_database(), GRANIAN_LOOP="nonsense")
    process = instance.launch()

    assert process.wait(timeout=120) == 2
    assert "again and again" in instance.words()


def test_a_server_database_needs_nothing_embedded(start_instance: object, tmp_path: Path) -> None:
    assert callable(start_instance)
    instance: Instance = start_instance()

    assert "left as they are" in instance.words()
    assert not (instance.var / "postgres").exists()
    with pytest.raises(subprocess.CalledProcessError):
        instance.manage("setup_database")
