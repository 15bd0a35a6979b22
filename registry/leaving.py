"""What a closed login had begun here: its jobs are stopped and its uploads removed."""

from django.db import transaction

from accounts.callers import Caller
from accounts.models import User
from audit.actions import Action
from audit.services import record
from registry.jobs import things_of
from registry.models import Upload
from registry.uploads import held
from worker.jobs import request_cancel
from worker.models import OPEN, Job


@transaction.atomic
def stop_work(*, user: User, caller: Caller) -> None:
    """Cancel what waits or runs in the name of the login; a running job stops within seconds.

    What a job has finished stays. The files of its uploads go with the next sweep.
    """
    waiting = Job.objects.filter(requested_by_id=user.pk, status__in=OPEN).order_by("pk")
    for job_id in list(waiting.values_list("pk", flat=True)):
        job = request_cancel(job_id=job_id, reason="The login that asked for it was closed.")
        record(
            actor=caller.actor,
            action=Action.JOB_CANCELLED,
            subject=("job", job.pk),
            payload={"kind": job.kind},
            related=things_of(job),
        )
    Upload.objects.filter(user=user).exclude(held()).delete()
