"""What a job says of itself, gathered and written in batches: progress, curve points, log lines.

A chatty job costs one transaction a second, and a flood of output only its own oldest lines: what
the job logs by intent, and warnings about it, are kept apart from what it prints.
"""

import json
from collections import deque
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from worker.context import LONGEST_TEXT, finite
from worker.leases import Pulse, beat
from worker.models import Job, JobLogLine, JobPoint

BATCH_LINES = 500
KEPT_LINES = 1000
OUTPUT = "output"
KEPT_POINTS = 20_000


@dataclass(frozen=True)
class Failure:
    """Why a try failed, in the words of its own process; `problem` is a refusal's document."""

    reason: str
    again: bool
    problem: dict[str, Any] | None = None


class Journal:
    """The unwritten part of one try's report. Not thread-safe: one loop feeds and flushes it."""

    def __init__(self, job_id: UUID, token: int) -> None:
        self.job_id, self.token = job_id, token
        self.failure: Failure | None = None
        self._progress: dict[str, Any] | None = None
        self._points: dict[int, dict[str, Any]] = {}
        self._printed: deque[tuple[int, str, str]] = deque(maxlen=BATCH_LINES)
        self._logged: deque[tuple[int, str, str]] = deque(maxlen=BATCH_LINES)
        self._number: int | None = None
        self._heard = 0

    @property
    def dirty(self) -> bool:
        """Whether there is something to write."""
        lines = self._printed or self._logged
        return bool(lines or self._points or self._progress is not None)

    def line(self, text: str, level: str = OUTPUT) -> None:
        """Note a line that the job printed or, with another level, logged."""
        self._heard += 1
        lines = self._printed if level == OUTPUT else self._logged
        lines.append((self._heard, level[:16], finite(text)[:LONGEST_TEXT]))

    def hear(self, line: bytes) -> None:
        """Take a message of the child; what is not one becomes a line of the log."""
        try:
            message = json.loads(line)
            for kind, body in message.items():
                self._take(kind, finite(body))
        except (ValueError, KeyError, TypeError, AttributeError):
            self.line(f"not a message: {line[:200]!r}", "warning")

    def _take(self, kind: str, body: dict[str, Any]) -> None:
        if kind == "progress":
            self._progress = {key: body[key] for key in ("stage", "done", "total", "message")}
        elif kind == "point":
            if 0 <= int(body["step"]) < 2**62:
                self._points[int(body["step"])] = dict(body["values"])
        elif kind == "log":
            self.line(str(body["text"]), str(body["level"]))
        elif kind == "failed":
            problem = body.get("problem")
            self.failure = Failure(
                str(body["reason"]), bool(body["again"]), dict(problem) if problem else None
            )

    def flush(self) -> Pulse:
        """Renew the lease and write what was gathered, if the token still holds.

        Nothing is forgotten when the database fails: the same is written by the next call.
        """
        with transaction.atomic():
            pulse = beat(self.job_id, self.token)
            if pulse.status is not None:
                self._write()
        self.discard()
        return pulse

    def discard(self) -> None:
        """Forget what was gathered."""
        self._progress = None
        self._points.clear()
        self._printed.clear()
        self._logged.clear()

    def _write(self) -> None:
        if self._progress is not None:
            Job.objects.filter(pk=self.job_id, token=self.token).update(progress=self._progress)
        if self._points:
            self._write_points()
        if self._printed or self._logged:
            self._write_lines()

    def _write_points(self) -> None:
        if JobPoint.objects.filter(job_id=self.job_id).count() >= KEPT_POINTS:
            return
        JobPoint.objects.bulk_create(
            [
                JobPoint(job_id=self.job_id, step=step, values=values)
                for step, values in self._points.items()
            ],
            update_conflicts=True,
            unique_fields=["job", "step"],
            update_fields=["values"],
        )

    def _write_lines(self) -> None:
        lines = JobLogLine.objects.filter(job_id=self.job_id)
        if self._number is None:
            self._number = lines.aggregate(last=Max("number"))["last"] or 0
        JobLogLine.objects.bulk_create(
            [
                JobLogLine(job_id=self.job_id, number=self._number + n, level=level, text=text)
                for n, level, text in sorted([*self._printed, *self._logged])
            ],
            # A commit whose answer was lost is repeated.
            ignore_conflicts=True,
        )
        for voice in (Q(level=OUTPUT), ~Q(level=OUTPUT)):
            _trim(lines.filter(voice))


def _trim(lines: QuerySet[JobLogLine]) -> None:
    numbers = lines.order_by("-number").values_list("number", flat=True)
    surplus = numbers[KEPT_LINES : KEPT_LINES + 1].first()
    if surplus is not None:
        lines.filter(number__lte=surplus).delete()
