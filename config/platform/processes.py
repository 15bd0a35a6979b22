"""Starts, watches, restarts and ends the processes of an instance."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from config.platform.embedded import Identity, leash

GUARD = Path(__file__).with_name("guard.py")
LOG_BYTES = 10 * 2**20
LOGS_KEPT = 3
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 30.0
# A process that ran this long is healthy: its next death starts the pauses anew.
HEALTHY_S = 20.0


@dataclass(frozen=True)
class Spec:
    """How one process is started and asked to stop."""

    name: str
    command: list[str]
    env: dict[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    identity: Identity = "same"


@dataclass
class Child:
    """A process that is kept alive."""

    spec: Spec
    process: subprocess.Popen[bytes]
    started: float
    deaths: int = 0
    restart_at: float | None = None


def rotate(log: Path, limit: int = LOG_BYTES, kept: int = LOGS_KEPT) -> bool:
    """Moves a log longer than `limit` bytes aside; True if it did.

    The file is copied and emptied, since its writer keeps it open; what is written between the two
    is lost, which is why nothing but diagnostics goes here.
    """
    try:
        if log.stat().st_size <= limit:
            return False
    except FileNotFoundError:
        return False
    for number in range(kept - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)
    return True


def kill_group(pid: int, number: signal.Signals) -> None:
    """Sends a signal to a process group that may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


@dataclass
class Supervisor:
    """The children of this process. Used from one thread."""

    logs: Path
    children: dict[str, Child] = field(default_factory=dict)
    guard: subprocess.Popen[bytes] | None = None

    def start(self, spec: Spec) -> Child:
        """Starts a process and keeps it alive from now on."""
        child = Child(spec, self._launch(spec), time.monotonic())
        self.children[spec.name] = child
        return child

    def _launch(self, spec: Spec) -> subprocess.Popen[bytes]:
        if self.guard is None:
            self.guard = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-S", str(GUARD)],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.logs / f"{spec.name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                leash(spec.command, identity=spec.identity, at_death=spec.stop_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=spec.env,
                start_new_session=True,
            )
        self._tell_guard(f"+{process.pid}")
        return process

    def _tell_guard(self, line: str) -> None:
        if self.guard and self.guard.stdin:
            with contextlib.suppress(OSError):
                self.guard.stdin.write(f"{line}\n".encode())
                self.guard.stdin.flush()

    def tick(self) -> list[str]:
        """Restarts what has died, after a pause that grows; returns the names of the new dead."""
        now = time.monotonic()
        dead = []
        for child in self.children.values():
            if child.restart_at is None and child.process.poll() is not None:
                self._bury(child, now)
                dead.append(child.spec.name)
            if child.restart_at is not None and now >= child.restart_at:
                child.process = self._launch(child.spec)
                child.started, child.restart_at = now, None
        return dead

    def _bury(self, child: Child, now: float) -> None:
        """Ends what the dead process left behind and sets the time of its restart."""
        kill_group(child.process.pid, signal.SIGKILL)
        self._tell_guard(f"-{child.process.pid}")
        child.deaths = 1 if now - child.started > HEALTHY_S else child.deaths + 1
        pause = min(FIRST_PAUSE_S * 2 ** (child.deaths - 1), LONGEST_PAUSE_S)
        child.restart_at = now + pause

    def rotate_logs(self) -> None:
        """Keeps every log below its limit."""
        for child in self.children.values():
            rotate(self.logs / f"{child.spec.name}.log")

    def stop(self, names: list[str], grace_s: float) -> None:
        """Asks the named processes to stop and kills those that have not within `grace_s`."""
        ending = [self.children.pop(name) for name in names]
        for child in ending:
            if child.process.poll() is None:
                child.process.send_signal(child.spec.stop_signal)
        deadline = time.monotonic() + grace_s
        while any(child.process.poll() is None for child in ending):
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        for child in ending:
            kill_group(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._tell_guard(f"-{child.process.pid}")

    def close(self) -> None:
        """Lets the guard go, when nothing is left to guard."""
        if self.guard and self.guard.stdin:
            self.guard.stdin.close()
            self.guard.wait()
            self.guard = None
