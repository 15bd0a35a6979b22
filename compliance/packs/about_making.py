"""Sources: how the version was trained or compressed, and what it took."""

import json

from audit.actions import Action
from audit.selectors import about
from compliance.packs import words
from compliance.packs.found import Cell, Found, Table, measured
from compliance.packs.subject import Subject
from compliance.packs.telling import telling
from training.models import CompressionRun, TrainingRun
from worker.models import Job

_TRAINED = "trained"
_MADE = (Action.TRAINING_COMPLETED.value, Action.COMPRESSION_COMPLETED.value)


def compute(subject: Subject) -> Found | None:
    """The job that made it: queue, worker, tries, seconds of the last try."""
    job = _job(subject)
    if job is None or job.started_at is None or job.finished_at is None:
        return None
    rows: list[tuple[str, Cell]] = [
        ("job", words.JOBS.get(job.kind, job.kind)),
        ("queue of the workers", job.queue),
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


def stages(subject: Subject) -> Found | None:
    """Each version that it came from, oldest first; a manifest names its parent by digest."""
    chain = subject.ancestry
    rows = [(f"v{one.number}", one.kind, f"sha256:{one.digest}") for one in reversed(chain)]
    return measured(Table(("version", "made by", "digest"), rows), *(row[2] for row in rows))


def feedback(subject: Subject) -> Found | None:
    """That it learned from rows with labels alone, where a recipe of this registry trained it."""
    root = subject.trained
    recipe = json.loads(bytes(root.manifest))["lineage"].get("recipe")
    if root.kind != _TRAINED or not recipe:
        return None
    said = f"The recipe {recipe} learns from rows with labels, not from human feedback."
    return measured(said, f"sha256:{root.digest}")


def architecture(subject: Subject) -> Found | None:
    """The recipe by which it was built; of a compressed version its ancestor's."""
    root = subject.trained
    recipe = json.loads(bytes(root.manifest))["lineage"].get("recipe")
    return measured(str(recipe), f"sha256:{root.digest}") if recipe else None


SOURCES = {
    "making.architecture": architecture,
    "making.compute": compute,
    "making.stages": stages,
    "making.feedback": feedback,
}
