"""What a job is about: its name for people, what went into it and what came out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Team
from accounts.selectors import logins_named
from evaluation.models import EvaluationRun, ExplanationRun
from registry.models import (
    DatasetRequest,
    DatasetSnapshot,
    Evidence,
    ModelVersion,
    RegisteredModel,
    VersionRequest,
)
from training.models import CompressionRun, TrainingRun
from web.words import word
from worker.models import Job

TITLES: dict[str, Promise] = {
    "registry.admit": gettext_lazy("Registration of a version"),
    "registry.read_dataset": gettext_lazy("Registration of a dataset"),
    "training.run": gettext_lazy("Training"),
    "training.compress": gettext_lazy("Compression"),
    "evaluation.run": gettext_lazy("Evaluation"),
    "evaluation.explain": gettext_lazy("Explanation"),
    "compliance.export": gettext_lazy("Export of the audit log"),
    "compliance.pack": gettext_lazy("Pack for an examiner"),
    "waiting.mail": gettext_lazy("Mail about what waits"),
}


@dataclass(frozen=True)
class Fact:
    """A named thing with its address, empty where it has no page."""

    name: str
    text: str
    url: str = ""


@dataclass
class About:
    """Inputs, parameters and outputs of a job; `again` is the form that asks for the same."""

    inputs: list[Fact] = field(default_factory=list)
    params: list[tuple[str, Any]] = field(default_factory=list)
    outputs: list[Fact] = field(default_factory=list)
    next: Fact | None = None
    again: str = ""


def title_of(kind: str) -> str:
    """The kind of a job for people."""
    return str(TITLES.get(kind, kind))


def address(name: str, *args: object) -> str:
    """Address of a page, empty where this process does not serve it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _model(model: RegisteredModel) -> Fact:
    return Fact(_("Model"), model.name, address("web:model", model.name))


def _version(version: ModelVersion | None, name: str) -> list[Fact]:
    if version is None:
        return []
    url = address("web:version", version.model.name, version.number)
    return [Fact(name, str(version), url)]


def _dataset(dataset: DatasetSnapshot | None, name: str) -> list[Fact]:
    if dataset is None:
        return []
    text = f"{dataset.name} ({word(dataset.split, 'split')})"
    return [Fact(name, text, address("web:dataset", dataset.pk))]


def _report(evidence: Evidence | None, name: str) -> list[Fact]:
    return [Fact(name, f"sha256:{evidence.digest}")] if evidence else []


def _reading(evidence: Evidence | None, version: ModelVersion, tab: str) -> Fact | None:
    """The page on which the report of a finished job is read."""
    if evidence is None:
        return None
    url = address(f"web:version-{tab}", version.model.name, version.number)
    return Fact(_("Open the report"), str(version), url)


def _opening(version: ModelVersion | None) -> Fact | None:
    found = _version(version, "")
    name = _("Open %(version)s") % {"version": version}
    return Fact(name, name, found[0].url) if found else None


def _admission(job: Job) -> About:
    asked = (
        VersionRequest.objects.select_related("model", "version__model")
        .filter(job_id=job.pk)
        .first()
    )
    if asked is None:
        return About()
    return About(
        [_model(asked.model)],
        [
            (_("Files"), ", ".join(piece["role"] for piece in asked.pieces) or _("none")),
            *([(_("Declared"), ", ".join(asked.declared.values()))] if asked.declared else []),
            *([(_("Note"), asked.note)] if asked.note else []),
        ],
        _version(asked.version, _("Version")),
        _opening(asked.version),
        f"{address(_page_of(asked), asked.model.name)}?job={job.pk}",
    )


def _page_of(asked: VersionRequest) -> str:
    return "web:version-declare" if asked.declared else "web:version-new"


def _reading_rows(job: Job) -> About:
    asked = DatasetRequest.objects.select_related("team", "dataset").filter(job_id=job.pk).first()
    if asked is None:
        return About()
    made = _dataset(asked.dataset, _("Dataset"))
    return About(
        [Fact(_("Owner team"), asked.team.name)],
        [(name, getattr(asked, name)) for name in ("name", "format", "split", "target")],
        made,
        Fact(_("Open the dataset"), made[0].text, made[0].url) if made else None,
        f"{address('web:dataset-new')}?job={job.pk}",
    )


def _training(job: Job) -> About:
    run = (
        TrainingRun.objects.select_related("model", "dataset", "validation", "version__model")
        .filter(job_id=job.pk)
        .first()
    )
    if run is None:
        return About()
    return About(
        [
            _model(run.model),
            *_dataset(run.dataset, _("Training rows")),
            *_dataset(run.validation, _("Validation rows")),
        ],
        [(_("Recipe"), run.recipe), *run.params.items()],
        _version(run.version, _("Version")),
        _opening(run.version),
    )


def _compression(job: Job) -> About:
    run = (
        CompressionRun.objects.select_related(
            "parent__model", "calibration", "holdout", "version__model"
        )
        .filter(job_id=job.pk)
        .first()
    )
    if run is None:
        return About()
    return About(
        [
            *_version(run.parent, _("Parent")),
            *_dataset(run.calibration, _("Training rows")),
            *_dataset(run.holdout, _("Held-out rows")),
        ],
        [(_("Method"), run.get_method_display()), *run.params.items()],
        _version(run.version, _("Derived version")),
        _opening(run.version),
    )


def _evaluation(job: Job) -> About:
    run = (
        EvaluationRun.objects.select_related(
            "version__model", "dataset", "champion__model", "report", "golden"
        )
        .filter(job_id=job.pk)
        .first()
    )
    if run is None:
        return About()
    return About(
        [
            *_version(run.version, _("Version")),
            *_dataset(run.dataset, _("Held-out rows")),
            *_version(run.champion, _("Champion")),
        ],
        [("seed", run.seed), ("resamples", run.resamples)],
        [*_report(run.report, _("Report")), *_report(run.golden, _("Golden rows"))],
        _reading(run.report, run.version, "evaluation"),
    )


def _explanation(job: Job) -> About:
    run = (
        ExplanationRun.objects.select_related("version__model", "dataset", "report")
        .filter(job_id=job.pk)
        .first()
    )
    if run is None:
        return About()
    return About(
        [*_version(run.version, _("Version")), *_dataset(run.dataset, _("Rows"))],
        [("seed", run.seed), ("rows", run.rows)],
        _report(run.report, _("Report")),
        _reading(run.report, run.version, "explanations"),
    )


_READERS: dict[str, Callable[[Job], About]] = {
    "registry.admit": _admission,
    "registry.read_dataset": _reading_rows,
    "training.run": _training,
    "training.compress": _compression,
    "evaluation.run": _evaluation,
    "evaluation.explain": _explanation,
}


def about(job: Job) -> About:
    """Inputs, parameters and outputs; of an unknown kind only its plain parameters."""
    read = _READERS.get(job.kind)
    return read(job) if read else About(params=list(job.params.items()))


@dataclass(frozen=True)
class Entry:
    """A line of the list of jobs."""

    job: Job
    title: str
    subject: Fact
    requested_by: str


def entries_of(jobs: Iterable[Job]) -> list[Entry]:
    """Lines with the names of their subjects and persons, by four queries however many."""
    rows = list(jobs)
    models = RegisteredModel.objects.in_bulk(_subjects(rows, "model"))
    versions = ModelVersion.objects.select_related("model").in_bulk(_subjects(rows, "version"))
    teams = Team.objects.in_bulk(_subjects(rows, "team"))
    names = logins_named(job.requested_by_id for job in rows)
    found = []
    for job in rows:
        subject = Fact("", job.subject_type)
        if job.subject_id in models:
            subject = _model(models[job.subject_id])
        elif job.subject_id in versions:
            subject = _version(versions[job.subject_id], "")[0]
        elif job.subject_id in teams:
            subject = Fact(_("Team"), teams[job.subject_id].name)
        by = names.get(job.requested_by_id, "") if job.requested_by_id else ""
        found.append(Entry(job, title_of(job.kind), subject, by))
    return found


def _subjects(jobs: list[Job], kind: str) -> set[UUID]:
    return {job.subject_id for job in jobs if job.subject_type == kind}
