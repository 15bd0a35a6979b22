"""Every change of a job's state after it was queued: guarded by the fencing token, by row locks
and by the database's clock. Whoever holds an old token changes nothing.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from worker.kinds import failer
from worker.models import Job, Status

log = logging.getLogger(__name__)

CLAIMABLE = """
    j.cancel_requested_at IS NULL AND j.attempts < j.max_attempts
    AND (j.status = 'queued' OR (j.status = 'running' AND j.lease_until < clock_timestamp()))
    AND NOT EXISTS (
        SELECT 1 FROM worker_jobdependency d JOIN worker_job n ON n.id = d.needs_id
        WHERE d.job_id = j.id AND n.status <> 'succeeded')
"""

_CLAIM = f"""
    UPDATE worker_job SET status = 'running', token = token + 1, attempts = attempts + 1,
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
        heartbeat_at = clock_timestamp(), started_at = clock_timestamp(), worker = %(worker)s
    WHERE id = (
        SELECT j.id FROM worker_job j
        WHERE j.status IN ('queued', 'running') AND j.queue = %(queue)s AND {CLAIMABLE}
        ORDER BY j.priority DESC, j.created_at LIMIT 1 FOR UPDATE OF j SKIP LOCKED)
    RETURNING *
"""  # noqa: S608 - joined from the constant above

_BEAT = """
    UPDATE worker_job SET heartbeat_at = clock_timestamp(),
        lease_until = CASE WHEN status = 'running'
            THEN clock_timestamp() + make_interval(secs => %(lease)s) END
    WHERE id = %(id)s AND token = %(token)s
    RETURNING status, cancel_requested_at IS NOT NULL
"""


@dataclass(frozen=True)
class Pulse:
    """What a slot learns of its job: the row's status (None: taken over), cancel asked or not."""

    status: str | None
    cancel: bool


def claim(queue: str, worker: str) -> Job | None:
    """Take the most urgent job of a queue that may run now; None when there is none.

    One guarded UPDATE: a row that another slot is taking is skipped, a row whose lease has expired
    is taken over, and the raised token makes the former holder harmless.
    """
    values = {"queue": queue, "worker": worker, "lease": settings.JOB_LEASE_SECONDS}
    return next(iter(Job.objects.raw(_CLAIM, values)), None)


def beat(job_id: UUID, token: int) -> Pulse:
    """Renew the lease, if the job still runs under this token."""
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, {"id": job_id, "token": token, "lease": settings.JOB_LEASE_SECONDS})
        row = cursor.fetchone()
    return Pulse(*row) if row else Pulse(None, cancel=False)


def feel(job_id: UUID, token: int) -> Pulse:
    """Look at the job without renewing anything."""
    row = (
        Job.objects.filter(pk=job_id, token=token)
        .values_list("status", "cancel_requested_at")
        .first()
    )
    return Pulse(row[0], cancel=row[1] is not None) if row else Pulse(None, cancel=False)


@transaction.atomic
def requeue(job_id: UUID, token: int, reason: str, *, counted: bool = True) -> bool:
    """Put a running job back at once; False if it is no longer held under this token.

    A counted try that was the last one ends the job as failed instead, with the reason.
    """
    job = _held(job_id, token)
    if job is None:
        return False
    if counted and job.attempts >= job.max_attempts:
        close(job, Status.FAILED, f"{reason} That was try {job.attempts} of {job.max_attempts}.")
        return True
    attempts = F("attempts") if counted else F("attempts") - 1
    Job.objects.filter(pk=job_id).update(
        status=Status.QUEUED, lease_until=None, worker="", attempts=attempts, failure=reason
    )
    return True


@transaction.atomic
def end(
    job_id: UUID,
    token: int,
    status: Status,
    reason: str,
    *,
    problem: Mapping[str, Any] | None = None,
) -> bool:
    """End a running job as failed or cancelled; False if not held under this token any more."""
    job = _held(job_id, token)
    if job is not None:
        close(job, status, reason, problem=problem)
    return job is not None


def close(
    job: Job, status: Status, reason: str, *, problem: Mapping[str, Any] | None = None
) -> None:
    """Mark a locked job as failed or cancelled and tell its app, in the caller's transaction."""
    job.status, job.failure, job.lease_until = status, reason, None
    job.problem = dict(problem) if problem else None
    Job.objects.filter(pk=job.pk).update(
        status=status,
        failure=reason,
        problem=job.problem,
        lease_until=None,
        finished_at=Now(),
    )
    job.refresh_from_db(fields=["finished_at"])
    try:
        with transaction.atomic():
            failer(job.kind)(job=job, reason=reason)
    except DatabaseError:
        raise
    except Exception:
        # A broken hook must not keep the job running for ever.
        log.exception("Job %s (%s) ended, but its app could not note it.", job.pk, job.kind)


def _held(job_id: UUID, token: int) -> Job | None:
    held = Job.objects.filter(pk=job_id, token=token, status=Status.RUNNING)
    return held.select_for_update().first()
