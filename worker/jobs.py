"""What apps may do with jobs: enqueue, cancel, try again, and finish from inside a job.

Authorisation and audit belong to the services that call this.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from common.errors import Conflict, Invalid, NotFound
from worker.bell import ring
from worker.context import JobContext
from worker.kinds import kind_named
from worker.leases import close
from worker.models import OPEN, Job, JobDependency, Queue, Status

__all__ = [
    "JobContext",
    "LostLease",
    "enqueue",
    "finish",
    "keep_result",
    "request_cancel",
    "retry",
]


class LostLease(Exception):
    """The job was taken over, cancelled or ended meanwhile: nothing of this try may be kept."""


@transaction.atomic
def enqueue(
    *,
    kind: str,
    subject_type: str,
    subject_id: UUID,
    params: Mapping[str, Any],
    queue: str = "cpu",
    priority: int = 0,
    requested_by_id: UUID | None = None,
    team_id: UUID | None = None,
    depends_on: Iterable[Job] = (),
) -> Job:
    """Queue a job in the caller's transaction; slots hear of it when that commits.

    It starts when every job of `depends_on` has succeeded, higher priority first. A broker that is
    down changes nothing but the seconds until a slot looks by itself. Raises Invalid; Conflict
    where the login has too many that have not ended.
    """
    kind_named(kind)
    if queue not in Queue.values:
        raise Invalid(f"There is no queue named {queue!r}.", field="queue")
    _leave_room(requested_by_id)
    job = Job.objects.create(
        kind=kind,
        queue=queue,
        subject_type=subject_type,
        subject_id=subject_id,
        params=dict(params),
        priority=priority,
        requested_by_id=requested_by_id,
        team_id=team_id,
        max_attempts=settings.JOB_ATTEMPTS,
    )
    JobDependency.objects.bulk_create(JobDependency(job=job, needs=other) for other in depends_on)
    _ring_on_commit(queue)
    return job


@transaction.atomic
def request_cancel(*, job_id: UUID, reason: str = "Cancelled on request.") -> Job:
    """Cancel a queued job at once, ask the slot of a running one to stop it.

    Raises NotFound, or Conflict when the job has already ended. Asking twice is harmless.
    """
    job = _locked(job_id)
    if job.status == Status.QUEUED:
        close(job, Status.CANCELLED, reason)
    elif job.status == Status.RUNNING:
        Job.objects.filter(pk=job_id, cancel_requested_at=None).update(cancel_requested_at=Now())
        job.refresh_from_db(fields=["cancel_requested_at"])
    else:
        raise Conflict(f"This job has already {job.status}.")
    return job


@transaction.atomic
def retry(*, job_id: UUID) -> Job:
    """Queue a failed or cancelled job again, with all its tries and a fresh curve.

    The token stays, so that a process left over from before can still change nothing.
    Raises NotFound, or Conflict for a job that is queued, running or has succeeded, and where its
    login has too many that have not ended.
    """
    job = _locked(job_id)
    if job.status not in (Status.FAILED, Status.CANCELLED):
        raise Conflict(f"A job that is {job.status} cannot be tried again.")
    _leave_room(job.requested_by_id)
    Job.objects.filter(pk=job_id).update(
        status=Status.QUEUED,
        attempts=0,
        failure="",
        problem=None,
        progress={},
        worker="",
        started_at=None,
        finished_at=None,
        cancel_requested_at=None,
    )
    job.points.all().delete()
    job.refresh_from_db()
    _ring_on_commit(job.queue)
    return job


def finish(job_id: UUID, token: int, *, result: Mapping[str, Any] | None = None) -> None:
    """Mark the job as done inside the transaction that writes its effects: both or neither.

    Call it first in that transaction: it locks the job's row, so that effects are never written
    beside another try's. Raises LostLease when the token is no longer the row's.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("finish() belongs into the transaction that writes the effects.")
    held = Job.objects.filter(pk=job_id, token=token, status=Status.RUNNING)
    if not held.update(
        status=Status.SUCCEEDED,
        lease_until=None,
        finished_at=Now(),
        failure="",
        result=None if result is None else dict(result),
    ):
        raise LostLease(f"Job {job_id} is no longer held under token {token}.")
    waiting = Job.objects.filter(needed__needs=job_id, status__in=OPEN)
    for queue in waiting.values_list("queue", flat=True).distinct():
        _ring_on_commit(queue)


def keep_result(job_id: UUID, result: Mapping[str, Any]) -> None:
    """Say what came of a job, where only its effects tell: in their transaction, after finish()."""
    Job.objects.filter(pk=job_id, status=Status.SUCCEEDED).update(result=dict(result))


def _leave_room(login: UUID | None) -> None:
    """Slots take the oldest first, so one login's many would keep everybody waiting."""
    if login is None:
        return
    most = settings.JOB_MOST_OPEN
    if Job.objects.filter(requested_by_id=login, status__in=OPEN).count() >= most:
        raise Conflict(f"This login has {most} jobs that have not ended; cancel one, or wait.")


def _locked(job_id: UUID) -> Job:
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job.")
    return job


def _ring_on_commit(queue: str) -> None:
    transaction.on_commit(partial(ring, queue), robust=True)
