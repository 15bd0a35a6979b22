"""One try of a job, inside its own process: call the kind's function, report how it ended."""

import os
import signal
import traceback
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from common.errors import DomainError, Unavailable
from common.problems import problem_of
from common.steering import Cancelled
from worker.context import JobContext
from worker.jobs import LostLease
from worker.kinds import runner
from worker.limits import Limits
from worker.models import Job, Status

FINISHED, FAILED, STOPPED = 0, 1, 75
_PASSING = (OperationalError, InterfaceError, ConnectionError, Unavailable)


def execute(job_id: UUID, token: int, limits: Limits) -> int:
    """Do the work of a job that is held under this token. Returns the exit status."""
    # Only a dead connection is to be replaced, never one that a long read still uses.
    connection.settings_dict["CONN_MAX_AGE"] = None
    job = Job.objects.filter(pk=job_id, token=token, status=Status.RUNNING).first()
    if job is None:
        return STOPPED
    context = _context(job, limits)
    signal.signal(signal.SIGTERM, lambda *_: context.stop())
    try:
        runner(job.kind)(context)
        context.flush()
    except (Cancelled, LostLease):
        return STOPPED
    except Exception as error:  # noqa: BLE001 - whatever went wrong must be told to the person
        if not isinstance(error, DomainError):
            traceback.print_exc()
        problem = problem_of(error) if isinstance(error, DomainError) else None
        again = isinstance(error, _PASSING)
        context.send_failure(_reason(error, limits), again=again, problem=problem)
        return FAILED
    return FINISHED


def _context(job: Job, limits: Limits) -> JobContext:
    workdir = Path(settings.JOB_DIR) / str(job.pk)
    workdir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return JobContext(
        job_id=job.pk,
        token=job.token,
        kind=job.kind,
        params=job.params,
        subject_type=job.subject_type,
        subject_id=job.subject_id,
        requested_by_id=job.requested_by_id,
        attempt=job.attempts,
        threads=int(os.environ.get("ASSAY_JOB_THREADS", "1")),
        workdir=workdir,
        channel=limits.channel,
    )


def _reason(error: Exception, limits: Limits) -> str:
    if isinstance(error, MemoryError):
        return f"It needed more memory than a job may use ({limits.memory / 2**30:.3g} GiB)."
    if isinstance(error, DomainError):
        return error.reason
    return f"{type(error).__name__}: {error}"
