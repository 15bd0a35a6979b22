"""One command for a whole instance: prepare what is missing, start everything, keep it alive."""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from config.platform import plan, ports, state, static
from config.platform.embedded import embedded
from config.platform.errors import CannotStart
from config.platform.processes import Child, Supervisor

READY_S = 120.0
TICK_S = 0.1
STOP_S = 1.3
STOP_DATABASE_S = 0.7
TOO_MANY_DEATHS = 4
ROTATE_EVERY_S = 10.0


class Stopped(Exception):
    """The person asked to stop before everything was up."""


def say(text: str) -> None:
    """A line for the terminal; one that is gone is no reason to stop."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Prints what is done and how long it took."""
    begun = time.monotonic()
    yield
    say(f"  {name:<44}{time.monotonic() - begun:6.1f} s")


class Up:
    """A running instance, from its lock to its end."""

    def __init__(self, options: plan.Options) -> None:
        self.options = options
        self.var = Path(settings.VAR)
        self.supervisor = Supervisor(self.var / "log")
        self.asked_to_stop = False
        self.ready = False

    def run(self) -> None:
        """Starts, watches until a signal comes, stops. CannotStart says what stands in the way."""
        lock = state.take_lock(self.var)
        if lock is None:
            self._say_running()
            return
        with lock:
            state.remove_state(self.var)
            self._require_ports()
            self._listen_to_signals()
            begun = time.monotonic()
            say(f"Assay starts in {self.var}")
            try:
                self._prepare()
                self._start()
                self._announce(time.monotonic() - begun)
                self._watch()
            except Stopped:
                pass
            finally:
                self._stop()

    def _say_running(self) -> None:
        found = state.read_state(self.var)
        pid = state.supervisor_pid(self.var)
        if found is None:
            say(f"Assay is being started already by process {pid} in {self.var}")
            return
        say(f"Assay runs already (process {pid}, {self.var}):")
        self._say_addresses(found["urls"])

    def _require_ports(self) -> None:
        ports.require_free(self.options.host, self.options.port, "--port")
        ports.require_free(self.options.host, self.options.inference_port, "--inference-port")

    def _listen_to_signals(self) -> None:
        def stop(_number: int, _frame: object) -> None:
            self.asked_to_stop = True

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, stop)

    def _pause(self) -> None:
        if self.asked_to_stop:
            raise Stopped
        time.sleep(TICK_S)

    # --- Before the processes ---------------------------------------------------------------

    def _prepare(self) -> None:
        if settings.EMBEDDED_DATABASE:
            self._start_database()
        if settings.DATABASE_OWNER_URL:
            with step("tables and rights brought up to date"):
                self._command("owner", "setup_database")
        else:
            say("  no DATABASE_OWNER_URL: tables and rights are left as they are")
        with step("keys of the notary ready"):
            self._command("notary", "notary_keys")
        with step("approval policies there"):
            self._command("app", "publish_policies")
        with step("static files ready"):
            static.collect()

    def _start_database(self) -> None:
        cluster = embedded(self.var)
        if not (cluster.data / "PG_VERSION").exists():
            with step("PostgreSQL data folder made"):
                cluster.create()
        with step("PostgreSQL started"):
            cluster.create()
            cluster.clear_left_over()
            cluster.wait(self.supervisor.start(plan.database(cluster)).process)
            cluster.make_owner()

    def _command(self, role: str, *arguments: str) -> None:
        """Runs a management command as a database role; CannotStart with its last words."""
        with subprocess.Popen(  # noqa: S603
            plan.manage(*arguments),
            env=plan.environment(self.options, role),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            while process.poll() is None:
                if self.asked_to_stop:
                    process.kill()
                    raise Stopped
                time.sleep(0.02)
            output = process.stdout.read() if process.stdout else ""
        if process.returncode != 0:
            said = re.findall(r"^[\w.]+: .+$", output, re.MULTILINE) or [output.strip()]
            raise CannotStart(f"manage.py {arguments[0]} failed: {said[-1]}")

    # --- The processes ----------------------------------------------------------------------

    def _start(self) -> None:
        with step("processes started and answering"):
            for spec in plan.processes(self.options):
                self.supervisor.start(spec)
            self._await_health()
        self.ready = True
        self._write_state()

    def _await_health(self) -> None:
        deadline = time.monotonic() + READY_S
        waiting = {"web": self.options.port, "inference": self.options.inference_port}
        while waiting:
            self._pause()
            self._keep_alive()
            for child in self.supervisor.children.values():
                self._require_life(child)
            for name, port in list(waiting.items()):
                if healthy(self.options.host, port):
                    del waiting[name]
            if time.monotonic() > deadline:
                raise CannotStart(f"No answer from {', '.join(waiting)} in {READY_S:.0f} s.")

    def _require_life(self, child: Child) -> None:
        if child.deaths >= TOO_MANY_DEATHS:
            log = self.var / "log" / f"{child.spec.name}.log"
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise CannotStart(f"{child.spec.name} ends again and again: {lines[-1:]} (see {log})")

    def _announce(self, seconds: float) -> None:
        say(f"Assay is up after {seconds:.1f} s; Ctrl-C stops it. Logs: {self.var / 'log'}")
        self._say_addresses(self.options.urls())

    def _say_addresses(self, urls: dict[str, str]) -> None:
        say(f"  pages and REST   {urls['web']}")
        say(f"  predictions      {urls['inference']}")

    def _watch(self) -> None:
        rotated = time.monotonic()
        known = self._pids()
        while not self.asked_to_stop:
            self._keep_alive()
            if self._pids() != known:
                known = self._pids()
                self._write_state()
            if time.monotonic() - rotated > ROTATE_EVERY_S:
                self.supervisor.rotate_logs()
                rotated = time.monotonic()
            time.sleep(TICK_S)

    def _keep_alive(self) -> None:
        for name in self.supervisor.tick():
            say(f"  {name} ended and is started again (see {self.var / 'log' / name}.log)")

    def _pids(self) -> dict[str, int]:
        return {name: child.process.pid for name, child in self.supervisor.children.items()}

    def _write_state(self) -> None:
        state.write_state(
            self.var,
            {
                "pid": os.getpid(),
                "written_at": datetime.now(UTC).isoformat(),
                "ready": self.ready,
                "var": str(self.var),
                "ports": {"web": self.options.port, "inference": self.options.inference_port},
                "urls": self.options.urls(),
                "processes": self._pids(),
            },
        )

    def _stop(self) -> None:
        """Ends all: the database last, so that nobody loses it while finishing. Below 3 s."""
        begun = time.monotonic()
        state.remove_state(self.var)
        others = [name for name in self.supervisor.children if name != "postgres"]
        self.supervisor.stop(others, STOP_S)
        if "postgres" in self.supervisor.children:
            self.supervisor.stop(["postgres"], STOP_DATABASE_S)
        self.supervisor.close()
        say(f"Assay stopped in {time.monotonic() - begun:.1f} s")


def healthy(host: str, port: int) -> bool:
    """Whether a process answers /health with 200."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/health", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
