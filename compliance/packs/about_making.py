"""Sources: what it took to train or compress the version."""

from audit.actions import Action
from audit.selectors import about
from compliance.packs.found import Cell, Found, Table, measured
from compliance.packs.subject import Subject
from compliance.packs.telling import telling
from training.models import CompressionRun, TrainingRun
from worker.models import Job

_MADE = (Action.TRAINING_COMPLETED.value, Action.COMPRESSION_COMPLETED.value)


def compute(subject: Subject) -> Found | None:
    """The job that made it: queue, worker, tries, seconds of the last try."""
    job = _job(subject)
    if job is None or job.started_at is None or job.finished_at is None:
        return None
    rows: list[tuple[str, Cell]] = [
        ("job", job.kind),
        ("queue", job.queue),
        ("tries", job.attempts),
        ("seconds of the last try", round((job.finished_at - job.started_at).total_seconds(), 1)),
    ]
    told = about("version", subject.version.pk).filter(action__in=_MADE).first()
    return measured(Table(("what", "value"), rows), subject.digest, *telling(told))


def _job(subject: Subject) -> Job | None:
    run = (
        TrainingRun.objects.filter(version=subject.version).first()
        or CompressionRun.objects.filter(version=subject.version).first()
    )
    return Job.objects.filter(pk=run.job_id).first() if run and run.job_id else None


SOURCES = {"making.compute": compute}
