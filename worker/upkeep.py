"""What keeps the table of jobs moving: ring again, end what cannot go on, remove old folders.

Every function may run in several places at once: each change is guarded by a row lock.
"""

import logging
import shutil
import uuid
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from worker.leases import CLAIMABLE, close
from worker.models import OPEN, Job, Status

log = logging.getLogger(__name__)

_UNHEARD = f"""
    SELECT DISTINCT j.queue FROM worker_job j
    WHERE j.status IN ('queued', 'running') AND {CLAIMABLE}
        AND j.created_at < clock_timestamp() - %s * interval '1 second'
"""  # noqa: S608 - joined from a constant


def unheard(seconds: float) -> list[str]:
    """The queues that hold a job which could run and which nobody took for so long."""
    with connection.cursor() as cursor:
        cursor.execute(_UNHEARD, [seconds])
        return [row[0] for row in cursor.fetchall()]


def reap() -> int:
    """End every job that can go no further, and tell its app. Returns how many.

    These are jobs whose slot vanished: at their last try, or after somebody cancelled them; and
    queued jobs that wait for one which failed.
    """
    ended = 0
    while _reap_one():
        ended += 1
    return ended


@transaction.atomic
def _reap_one() -> bool:
    left = Job.objects.filter(status=Status.RUNNING, lease_until__lt=Now())
    stuck = (
        left.filter(cancel_requested_at__isnull=False)
        | left.filter(attempts__gte=F("max_attempts"))
    ).select_for_update(skip_locked=True)
    job = stuck.first()
    if job is not None:
        _close_left(job)
        return True
    broken = (Status.FAILED, Status.CANCELLED)
    # A subquery, since a join would repeat rows and lock those of the needed jobs too.
    orphans = Job.objects.filter(status=Status.QUEUED).filter(
        pk__in=Job.objects.filter(needed__needs__status__in=broken).values("pk")
    )
    job = orphans.select_for_update(skip_locked=True).first()
    if job is not None:
        close(job, Status.FAILED, "A job that this one needs has not succeeded.")
    return job is not None


def _close_left(job: Job) -> None:
    if job.cancel_requested_at is not None:
        close(job, Status.CANCELLED, "Cancelled on request.")
    else:
        tries = f"try {job.attempts} of {job.max_attempts}"
        close(job, Status.FAILED, f"The slot vanished while the job ran; that was {tries}.")


def clean_folders() -> None:
    """Remove the folders of jobs on this machine that have ended or are unknown."""
    root = Path(settings.JOB_DIR)
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            clean_folder(uuid.UUID(folder.name))
        except ValueError:
            shutil.rmtree(folder, ignore_errors=True)


def clean_folder(job_id: uuid.UUID) -> None:
    """Remove the folder of a job that has ended.

    The row is locked while the folder is renamed, so that nobody can try the job again meanwhile
    and lose the new folder.
    """
    folder = Path(settings.JOB_DIR) / str(job_id)
    if not folder.is_dir():
        return
    doomed = folder.with_name(f"{job_id}.old-{uuid.uuid4().hex}")
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(pk=job_id).first()
        if job is not None and job.status in OPEN:
            return
        folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
