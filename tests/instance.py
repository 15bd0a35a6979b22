"""A real instance for tests: `manage.py up` on private ports, in a private folder."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from config.platform import state
from config.platform.embedded import Identity, leash
from tests.servers import ROOT, Database

READY_S = 90.0
# Short leases and pauses, so that what has to be noticed is noticed within a test's time.
QUICK = {"ASSAY_JOB_LEASE": "6", "ASSAY_JOB_HEARTBEAT": "1", "ASSAY_NOTARY_INTERVAL": "200"}
QUICK["ASSAY_SEGMENT_SECONDS"] = "1"


def free_port() -> int:
    """A port that is free now, below those that the system gives to outgoing connections.

    Not from `random`: test tools seed it alike in every process of the suite.
    """
    while True:
        port = 20000 + secrets.randbelow(12000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Instance:
    """One `manage.py up`. With a database it uses that one, without it starts the embedded one."""

    def __init__(self, var: Path, database: Database | None, **env: str) -> None:
        self.var = var
        self.database = database
        self.port, self.inference_port = free_port(), free_port()
        self.web = f"http://localhost:{self.port}"
        self.inference = f"http://localhost:{self.inference_port}"
        self.log = var.with_name(f"{var.name}.up.log")
        kept = {
            key: value
            for key, value in os.environ.items()
            if key == "ASSAY_STATIC"
            or not key.startswith(("ASSAY_", "DATABASE_", "CELERY_", "DJANGO_"))
        }
        self.env = {**kept, **QUICK, "ASSAY_VAR": str(var), **env}
        self.env |= database.env() if database else {}
        if any(key.startswith("COVERAGE_PROCESS") for key in os.environ):
            self.env["PYTHONPATH"] = str(ROOT / "tests" / "tracing")
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self, *arguments: str, identity: Identity = "same") -> subprocess.Popen[bytes]:
        """Starts `up` and waits for nothing."""
        if self.process is not None:
            self.process.wait(timeout=15)
        ports = ["--port", str(self.port), "--inference-port", str(self.inference_port)]
        command = [sys.executable, str(ROOT / "manage.py"), "up", *ports, *arguments]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                leash(command, identity=identity, at_death=signal.SIGTERM),
                env=self.env,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.process

    def start(self, *arguments: str, identity: Identity = "same") -> "Instance":
        """Starts it and returns when everything answers; RuntimeError with its words if not."""
        process = self.launch(*arguments, identity=identity)
        deadline = time.monotonic() + READY_S
        while (state.read_state(self.var) or {}).get("pid") != process.pid:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"up did not come up: {self.words()}")
            time.sleep(0.05)
        return self

    def stop(self) -> float:
        """Ends it as a service manager would; returns the seconds it took."""
        begun = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=15)
        return time.monotonic() - begun

    def words(self) -> str:
        """What `up` printed."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def process_log(self, name: str) -> str:
        """What one process logged."""
        return (self.var / "log" / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def pid(self, name: str) -> int:
        """The process that runs under a name (web, inference, notary, clock, slot-cpu-1, …)."""
        found: dict[str, Any] = state.read_state(self.var) or {}
        return int(found["processes"][name])

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Sends a signal to a process and its group; returns the process id."""
        pid = self.pid(name)
        os.killpg(pid, number)
        return pid

    def await_restart(self, name: str, old: int, timeout_s: float = 20.0) -> int:
        """The new process id, once the supervisor has replaced `old`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.pid(name) != old:
                return self.pid(name)
            time.sleep(0.05)
        raise TimeoutError(f"{name} was not started again")

    def manage(self, *arguments: str, text: str = "") -> str:
        """What a management command on this instance prints; CalledProcessError if it fails."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env={**self.env, "DJANGO_SETTINGS_MODULE": "config.settings"},
            cwd=ROOT,
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout
