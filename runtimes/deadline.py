"""One thread that ends runs which take too long, for the whole process."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count

import onnxruntime


class Watchdog:
    """Sets `terminate` on the options of runs whose time is up.

    A timer thread per run would cost more than the run of a small model.
    """

    def __init__(self) -> None:
        self._reset()
        # A forked child has the locks but not the thread.
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int]] = []
        self._running: dict[int, onnxruntime.RunOptions] = {}
        self._tickets = count()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, options: onnxruntime.RunOptions, seconds: float) -> Iterator[None]:
        """Within the block, the run with these options is ended after `seconds`."""
        ticket = next(self._tickets)
        due = time.monotonic() + seconds
        with self._changed:
            self._running[ticket] = options
            heappush(self._due, (due, ticket))
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="deadlines", daemon=True)
                self._thread.start()
            elif self._due[0][1] == ticket:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                del self._running[ticket]

    def _serve(self) -> None:
        with self._changed:
            while True:
                self._end_late_runs(time.monotonic())
                wait = self._due[0][0] - time.monotonic() if self._due else None
                self._changed.wait(wait)

    def _end_late_runs(self, now: float) -> None:
        while self._due and (self._due[0][1] not in self._running or self._due[0][0] <= now):
            _, ticket = heappop(self._due)
            if ticket in self._running:
                self._running[ticket].terminate = True


WATCHDOG = Watchdog()
