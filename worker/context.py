"""What the code of a job sees of its job: parameters, a folder, and ways to say how it goes."""

import json
import math
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import close_old_connections

from common.steering import Cancelled

PROGRESS_SECONDS = 0.1
LONGEST_TEXT = 4000


@dataclass
class JobContext:
    """One try of a job, inside its process. `threads` is what compute libraries may use.

    `workdir` is kept between tries and removed when the job has ended. It may be seen by a process
    of an earlier try for a moment, so files in it are to be replaced by renaming.
    """

    job_id: UUID
    token: int
    kind: str
    params: Mapping[str, Any]
    subject_type: str
    subject_id: UUID
    requested_by_id: UUID | None
    attempt: int
    threads: int
    workdir: Path
    channel: int
    _stopping: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _pending: dict[str, Any] | None = None
    _sent_at: float = 0.0
    _steps: int = 0

    def progress(
        self,
        *,
        stage: str,
        done: float | None = None,
        total: float | None = None,
        message: str = "",
    ) -> None:
        """Say how far the job is; may be called as often as one likes.

        Also drops a database connection that has died since, so that a job which computes for an
        hour can still write its results. Raises Cancelled when the job was asked to stop.
        """
        close_old_connections()
        now = {"stage": stage, "done": done, "total": total, "message": message}
        news = self._pending is None or self._pending["stage"] != stage or done == total
        self._pending = now
        if news or time.monotonic() - self._sent_at >= PROGRESS_SECONDS:
            self.flush()
        self.raise_if_stopped()

    def point(self, **numbers: float) -> None:
        """Add a point to the live curves; `step`, or else `epoch`, places it on the axis.

        A step that was said before is replaced, so a resumed training draws no line twice.
        Raises Cancelled when the job was asked to stop.
        """
        step = numbers.pop("step", numbers.get("epoch", self._steps))
        self._steps = int(step) + 1
        self._send({"point": {"step": int(step), "values": numbers}})
        self.raise_if_stopped()

    def log(self, text: str, level: str = "info") -> None:
        """Add a line to the job's log; what the job prints goes there as well."""
        self._send({"log": {"level": level, "text": text[:LONGEST_TEXT]}})

    def should_stop(self) -> bool:
        """Whether the job was cancelled or its slot is shutting down."""
        return self._stopping

    def raise_if_stopped(self) -> None:
        """Raise Cancelled when the job was asked to stop."""
        if self._stopping:
            raise Cancelled

    def stop(self) -> None:
        """Ask the job to stop; safe inside a signal handler."""
        self._stopping = True

    def flush(self) -> None:
        """Send the progress that was held back."""
        if self._pending is not None:
            self._send({"progress": self._pending})
            self._sent_at = time.monotonic()

    def send_failure(
        self, reason: str, *, again: bool, problem: Mapping[str, Any] | None = None
    ) -> None:
        """Tell the slot why this try failed and whether another one could help.

        `problem` is the document of a refusal, as a request would have been answered with.
        """
        failed = {"reason": reason[:LONGEST_TEXT], "again": again, "problem": problem}
        self._send({"failed": failed})

    def _send(self, message: dict[str, Any]) -> None:
        line = json.dumps(finite(message), default=float).encode() + b"\n"
        with self._lock:
            try:
                while line:
                    line = line[os.write(self.channel, line) :]
            except BrokenPipeError:
                # The slot is gone, and the lease with it: what follows could not be kept.
                self._stopping = True


def finite(value: Any) -> Any:
    """A value that JSON and PostgreSQL can hold: NaN and infinities become null, NUL a mark."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {finite(str(key)): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
