"""Jobs as people see them: which ones, and the verbs cancel and retry.

The mechanics are in `worker.jobs`; authority and the log are added here.
"""

from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.callers import Caller
from accounts.roles import Role, Scope
from audit.actions import Action
from audit.services import record
from common.decisions import Decision, allow, deny
from common.errors import NotFound
from registry.models import ModelVersion
from registry.policies import KEEPERS, READERS
from worker import jobs
from worker.models import OPEN, Job, Status

_RECORDS = ("export", "pack")
_EXPORT = Q(subject_type__in=_RECORDS)


def jobs_seen_by(caller: Caller) -> QuerySet[Job]:
    """Jobs of the teams in which the caller reads evidence, and his own of no team; newest first.

    The job of an export or pack is for whoever may export the team's records.
    """
    return Job.objects.filter(
        Q(team_id__in=caller.teams_with(*READERS)) & ~_EXPORT
        | Q(team_id__in=caller.teams_with(*KEEPERS)) & _EXPORT
        | Q(requested_by_id=caller.user.pk, team_id=None)
    ).order_by("-created_at", "pk")


def things_of(job: Job) -> list[tuple[str, object]]:
    """What an event about a job also concerns: its subject, the subject's model, its team."""
    found: list[tuple[str, object]] = [(job.subject_type, job.subject_id)]
    if job.subject_type == "version":
        rows = ModelVersion.objects.filter(pk=job.subject_id)
        found += [("model", model) for model in rows.values_list("model_id", flat=True)]
    return [*found, ("team", job.team_id)] if job.team_id else found


def job_by_id(caller: Caller, job_id: UUID) -> Job:
    """A job that the caller may see. Raises NotFound."""
    job = jobs_seen_by(caller).filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job that you may see.")
    return job


def _may_steer(caller: Caller, job: Job) -> Decision:
    if not caller.may_use(Scope.WRITE):
        return deny("This token may not change jobs.")
    if job.requested_by_id == caller.user.pk and _may_still_ask(caller, job):
        return allow()
    if job.team_id is not None and caller.has_role(job.team_id, Role.MANAGER):
        return allow()
    return deny("Only whoever asked for the job, or a manager of the team, may do this.")


def _may_still_ask(caller: Caller, job: Job) -> bool:
    """Whether the caller has a role, now, with which the job can be asked for."""
    roles = KEEPERS if job.subject_type in _RECORDS else (Role.CONTRIBUTOR, Role.MANAGER)
    return job.team_id is None or caller.has_role(job.team_id, *roles)


def may_cancel(caller: Caller, job: Job) -> Decision:
    """Whoever asked for the job, or a manager of its team, while it has not ended."""
    if job.status not in OPEN:
        return deny(f"The job has already {job.status}.")
    if job.cancel_requested_at is not None:
        return deny("The job was asked to stop already.")
    return _may_steer(caller, job)


def may_retry(caller: Caller, job: Job) -> Decision:
    """The same persons, once the job has failed or was cancelled."""
    if job.status not in (Status.FAILED, Status.CANCELLED):
        return deny(f"Only a failed or cancelled job is tried again; this one is {job.status}.")
    return _may_steer(caller, job)


@transaction.atomic
def cancel_job(*, caller: Caller, job: Job) -> Job:
    """Stop a job; a running one ends within seconds. Raises NotAllowed, Conflict (has ended)."""
    _may_steer(caller, job).enforce()
    stopped = jobs.request_cancel(job_id=job.pk)
    _record(caller, Action.JOB_CANCELLED, stopped)
    return stopped


@transaction.atomic
def retry_job(*, caller: Caller, job: Job) -> Job:
    """Queue a failed or cancelled job again. Raises NotAllowed, Conflict (in any other state)."""
    _may_steer(caller, job).enforce()
    queued = jobs.retry(job_id=job.pk)
    _record(caller, Action.JOB_RETRIED, queued)
    return queued


def _record(caller: Caller, action: Action, job: Job) -> None:
    record(
        actor=caller.actor,
        action=action,
        subject=("job", job.pk),
        payload={"kind": job.kind},
        related=things_of(job),
    )
