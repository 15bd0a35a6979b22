"""How far a job is: stage, share, time left, curves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _

from worker.models import TERMINAL, Job, Status

CURVES = ("train_loss", "validation_loss")


@dataclass(frozen=True)
class Standing:
    """What the page shows of a job that may still run; `key` changes whenever any of it does."""

    stage: str
    done: float | None
    total: float
    seconds_left: float | None
    history: list[dict[str, Any]]
    key: str

    @classmethod
    def of(cls, job: Job, now: datetime) -> "Standing":
        """Two queries at most: the row is given, the points are read."""
        history = [{"epoch": point.step, **point.values} for point in job.points.all()]
        curves = [point for point in history if any(name in point for name in CURVES)]
        progress: Mapping[str, Any] = job.progress or {}
        done, total = progress.get("done"), progress.get("total")
        return cls(
            stage=_stage(job, progress),
            done=_done(job, done, total),
            total=float(total or 1),
            seconds_left=_seconds_left(job, done, total, now),
            history=curves,
            key=_key(job, len(history)),
        )


def _stage(job: Job, progress: Mapping[str, Any]) -> str:
    if job.status in TERMINAL:
        return _("Ended")
    if job.status == Status.QUEUED:
        return _("Waits for a free worker")
    if job.cancel_requested_at and job.status == Status.RUNNING:
        return _("Is being stopped")
    words = [str(progress.get(name) or "") for name in ("stage", "message")]
    return " · ".join(word for word in words if word) or _("Starting")


def _done(job: Job, done: float | None, total: float | None) -> float | None:
    if job.status == Status.SUCCEEDED:
        return float(total or 1)
    if job.status == Status.QUEUED:
        return 0.0
    if done is not None and total:
        return float(done)
    return 0.0 if job.status in TERMINAL else None


def _seconds_left(job: Job, done: float | None, total: float | None, now: datetime) -> float | None:
    """By the pace so far; None until there is one."""
    if job.status != Status.RUNNING or job.started_at is None or not done or not total:
        return None
    elapsed = (now - job.started_at).total_seconds()
    return max(0.0, elapsed * (float(total) - float(done)) / float(done))


def _key(job: Job, points: int) -> str:
    parts = (job.status, job.attempts, bool(job.cancel_requested_at), job.progress, points)
    return sha256(repr(parts).encode()).hexdigest()[:16]


def steps_of(job: Job) -> list[dict[str, Any]]:
    """{"word", "at", "tone"}: what happened to the job, in order."""
    steps: list[dict[str, Any]] = [{"word": _("Asked for"), "at": job.created_at, "tone": "ok"}]
    if job.started_at:
        word = _("Started, try %(n)s of %(most)s") % {"n": job.attempts, "most": job.max_attempts}
        steps.append({"word": word, "at": job.started_at, "tone": "ok"})
    if job.cancel_requested_at:
        steps.append({"word": _("Asked to stop"), "at": job.cancel_requested_at, "tone": ""})
    if job.status in TERMINAL:
        words = {
            Status.SUCCEEDED: (_("Succeeded"), "ok"),
            Status.FAILED: (_("Failed"), "bad"),
            Status.CANCELLED: (_("Cancelled"), ""),
        }
        word, tone = words[Status(job.status)]
        steps.append({"word": word, "at": job.finished_at, "tone": tone})
    return steps
