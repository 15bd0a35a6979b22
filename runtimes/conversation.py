"""Hand a request to a process and hear its answer, within a time and a length. POSIX only."""

import os
import selectors
import signal
import subprocess
import time

from runtimes.verdict import Heard

_CHUNK = 1 << 20


class Conversation:
    """One exchange over the process's pipes: a header, and a body once it has said a line.

    The clock for the body (`body_seconds`) starts with that line, so that a slow start of the
    process is not the body's fault.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        *,
        start_seconds: float,
        body_seconds: float,
        most: int,
    ) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("The process needs pipes for its standard input and output.")
        self._process = process
        self._stdin, self._stdout = process.stdin, process.stdout
        self._until = time.monotonic() + start_seconds
        self._body_seconds = body_seconds
        self._most = most
        self._heard = bytearray()
        self._pending = memoryview(b"")

    def hold(self, header: bytes, body: bytes) -> Heard:
        """Returns when the process has closed its output, said too much, or time is up.

        Ends the process, and everything in its process group, in every case.
        """
        try:
            timed_out = not self._exchange(header, body)
            if not timed_out and len(self._heard) <= self._most:
                timed_out = not self._ended()
        finally:
            self._kill()
        exit_code = self._process.returncode
        too_much = len(self._heard) > self._most
        return Heard(bytes(self._heard[: self._most]), exit_code, timed_out, too_much)

    def _exchange(self, header: bytes, body: bytes) -> bool:
        """False if time was up."""
        waiting: memoryview | None = memoryview(body)
        self._pending = memoryview(header)
        os.set_blocking(self._stdin.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            selector.register(self._stdin, selectors.EVENT_WRITE)
            while (left := self._until - time.monotonic()) > 0:
                ready = [key.fileobj for key, _ in selector.select(left)]
                if self._stdin in ready and not self._write():
                    selector.unregister(self._stdin)
                if self._stdout in ready and not self._read():
                    return True
                if waiting is not None and b"\n" in self._heard:
                    self._pending, waiting = waiting, None
                    self._until = time.monotonic() + self._body_seconds
                    if self._stdin not in selector.get_map():
                        selector.register(self._stdin, selectors.EVENT_WRITE)
        return False

    def _write(self) -> bool:
        """Write what fits. False if there is no more to write for now, or nobody to read it."""
        try:
            written = os.write(self._stdin.fileno(), self._pending[:_CHUNK])
        except BlockingIOError:
            return True
        except BrokenPipeError:
            self._pending = memoryview(b"")
            return False
        self._pending = self._pending[written:]
        return len(self._pending) > 0

    def _read(self) -> bool:
        """Read what is there. False at the end, or if it is too much."""
        chunk = os.read(self._stdout.fileno(), _CHUNK)
        self._heard += chunk
        return bool(chunk) and len(self._heard) <= self._most

    def _ended(self) -> bool:
        try:
            self._process.wait(max(0.0, self._until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def _kill(self) -> None:
        # Not reaped yet, so the number still belongs to this process and its group.
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._stdin.close()
        self._stdout.close()
