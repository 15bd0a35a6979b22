"""The slot's side of `worker.run`: asks it for the process of a try, and follows that process."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

from django.conf import settings

LONGEST_REQUEST = 64 * 1024
PASSED = 2
_PAUSE_SECONDS = 0.02


class Birth:
    """The process of a try. `returncode` is None while it runs, negative for a signal's number."""

    def __init__(self, pid: int, nursery: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery
        self._said = b""

    def poll(self) -> int | None:
        """The exit status, None while the process runs."""
        if self.returncode is None:
            self._listen()
        return self.returncode

    def _listen(self) -> None:
        try:
            heard = self._nursery.recv(64, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        self._said += heard
        if self._said.endswith(b"\n"):
            self.returncode = int(self._said)
        elif not heard:
            # The nursery was killed, and the kernel ends with it whatever it has born.
            self.kill()
            self.returncode = -signal.SIGKILL

    def wait(self, timeout: float = float("inf")) -> None:
        """Until the process has ended, at most `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)

    def terminate(self) -> None:
        """Ask it to end."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and all that it started; they share its session."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


class Nursery:
    """A process that has loaded everything but the work. It is made anew if it was killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Start it if it does not run; the first try then has less to wait for."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        here, there = socket.socketpair()
        with there:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "worker.run", str(there.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
                start_new_session=True,
                cwd=settings.BASE_DIR,
            )
        self._socket = here

    def bear(self, request: dict[str, Any], channel: int, output: int) -> Birth:
        """A process for the try that `request` describes. Raises OSError if there will be none."""
        self.open()
        assert self._socket is not None
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], [channel, output])
            said = b""
            while not said.endswith(b"\n"):
                byte = self._socket.recv(1)
                if not byte:
                    raise ConnectionResetError("it ended while it was being started")
                said += byte
        except OSError:
            self.close()
            raise
        return Birth(int(said), self._socket)

    def close(self) -> None:
        """Hang up, which ends it."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._socket = None
