"""Verbs of measuring and explaining: ask, complete, fail. Plans are sealed in `plans`."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from audit.actions import Action
from audit.actors import SYSTEM
from audit.services import record
from common.errors import Conflict, Invalid
from evaluation import policies
from evaluation.models import EvaluationPlan, EvaluationRun, ExplanationRun
from evaluation.selectors import document_of
from evaluation.shift import compared
from evaluation.slicing import check_columns, read_slicings
from registry.blobs import require_not_deleted
from registry.jobs import things_of
from registry.models import DatasetSnapshot, Evidence, ModelVersion, Status
from registry.selectors import champion_of
from registry.services import add_evidence, note_contributor
from worker.jobs import enqueue, finish
from worker.models import Job

RESAMPLES = 2000
MOST_RESAMPLES = 10_000
MOST_ROWS = 1000
MOST_SEED = 2**31 - 1
_CLOSED = (Status.RETIRED, Status.QUARANTINED)


def check_measurable(
    version: ModelVersion, dataset: DatasetSnapshot, seed: int, resamples: int
) -> None:
    """Raises Conflict, Invalid where the version cannot be measured on these rows like this."""
    _check(version, dataset, seed)
    if dataset.split == "train":
        raise Invalid("Measure on held-out rows, not on a training split.", field="dataset")
    if not 100 <= resamples <= MOST_RESAMPLES:
        raise Invalid(f"From 100 to {MOST_RESAMPLES} resamples.", field="resamples")


def _check(version: ModelVersion, dataset: DatasetSnapshot, seed: int) -> None:
    if not version.servable or version.status in _CLOSED:
        raise Conflict("This version cannot be run, so nothing can be measured.")
    if dataset.team_id != version.model.team_id:
        raise Invalid("The snapshot belongs to another team.", field="dataset")
    require_not_deleted(dataset.blob_id)
    if not 0 <= seed <= MOST_SEED:
        raise Invalid(f"The seed is a whole number from 0 to {MOST_SEED}.", field="seed")


@transaction.atomic
def request_run(
    *,
    caller: Caller,
    version: ModelVersion,
    dataset: DatasetSnapshot | None = None,
    seed: int | None = None,
    resamples: int | None = None,
    slices: Sequence[Mapping[str, Any]] | None = None,
    plan: EvaluationPlan | None = None,
) -> EvaluationRun:
    """Ask for a measurement on a held-out snapshot, beside the champion where there is one.

    `slices` as `slicing` reads them. Under a plan, what is left out is as that says, and nothing
    may be otherwise; else the seed is 0, resamples 2,000. Raises NotAllowed, Conflict, Invalid.
    """
    policies.may_evaluate(caller, version.model.team_id).enforce()
    sliced = [one.as_dict() for one in read_slicings(slices or [], "slices")]
    if plan is not None:
        planned = document_of(plan).get("slices", [])
        _check_plan(
            version,
            plan,
            dataset=(dataset and dataset.pk, plan.dataset_id),
            seed=(seed, plan.seed),
            resamples=(resamples, plan.resamples),
            slices=(None if slices is None else sliced, planned),
        )
        dataset, seed, resamples = plan.dataset, plan.seed, plan.resamples
        sliced = planned
    if dataset is None:
        raise Invalid("Name the rows, or a plan.", field="dataset")
    seed, resamples = seed or 0, RESAMPLES if resamples is None else resamples
    check_measurable(version, dataset, seed, resamples)
    check_columns(read_slicings(sliced, "slices"), dataset, "slices")
    champion = champion_of(version.model)
    run = EvaluationRun.objects.create(
        version=version,
        dataset=dataset,
        champion=champion if champion and champion.pk != version.pk else None,
        plan=plan,
        seed=seed,
        resamples=resamples,
        slices=sliced,
        requested_by=caller.user,
    )
    run.job_id = _start(caller, version, "evaluation.run", run.pk)
    run.save(update_fields=["job_id"])
    _record(caller, Action.EVALUATION_REQUESTED, version, dataset, run.pk, seed, _named(run))
    note_contributor(version=version, person_id=caller.person_id, reason="evaluation")
    return run


def _named(run: EvaluationRun) -> dict[str, Any]:
    """What the event of a run says besides."""
    planned = {"plan": f"sha256:{run.plan.document.digest}"} if run.plan else {}
    return planned | ({"slices": run.slices} if run.slices else {})


@transaction.atomic
def request_explanation(
    *,
    caller: Caller,
    version: ModelVersion,
    dataset: DatasetSnapshot,
    rows: int = 100,
    seed: int = 0,
) -> ExplanationRun:
    """Ask for a SHAP explanation on rows of a snapshot. Raises NotAllowed, Conflict, Invalid."""
    policies.may_evaluate(caller, version.model.team_id).enforce()
    _check(version, dataset, seed)
    if not 1 <= rows <= MOST_ROWS:
        raise Invalid(f"From 1 to {MOST_ROWS} rows.", field="rows")
    run = ExplanationRun.objects.create(
        version=version, dataset=dataset, rows=rows, seed=seed, requested_by=caller.user
    )
    run.job_id = _start(caller, version, "evaluation.explain", run.pk)
    run.save(update_fields=["job_id"])
    _record(caller, Action.EXPLANATION_REQUESTED, version, dataset, run.pk, seed)
    note_contributor(version=version, person_id=caller.person_id, reason="explanation")
    return run


def _check_plan(
    version: ModelVersion, plan: EvaluationPlan, **wanted: tuple[object, object]
) -> None:
    """`wanted` is what was given, and what was sealed, by field."""
    if plan.version_id != version.pk:
        raise Invalid("The plan is for another version.", field="plan")
    ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if EvaluationPlan.objects.filter(supersedes=plan).exists():
        raise Conflict("A later plan supersedes this one; measure under the last.")
    if plan.sealed_at > timezone.now():
        raise Conflict("The plan was not sealed before this run.")
    for field, (given, sealed) in wanted.items():
        if given is not None and given != sealed:
            raise Invalid("The plan says otherwise; leave this out.", field=field)


def _start(caller: Caller, version: ModelVersion, kind: str, run_id: UUID) -> UUID:
    job = enqueue(
        kind=kind,
        subject_type="version",
        subject_id=version.pk,
        params={"run": str(run_id)},
        requested_by_id=caller.user.pk,
        team_id=version.model.team_id,
    )
    return job.pk


def _record(
    caller: Caller,
    action: Action,
    version: ModelVersion,
    dataset: DatasetSnapshot,
    run_id: UUID,
    seed: int,
    more: Mapping[str, Any] | None = None,
) -> None:
    said = {"run": str(run_id), "dataset": f"sha256:{dataset.blob_id}", "seed": seed}
    record(
        actor=caller.actor,
        action=action,
        subject=("version", version.pk),
        payload=said | dict(more or {}),
        related=[("model", version.model_id), ("dataset", dataset.pk)],
    )


@transaction.atomic
def complete_run(
    *,
    run_id: UUID,
    job_id: UUID,
    token: int,
    report: Mapping[str, Any],
    golden: Mapping[str, Any],
) -> EvaluationRun:
    """Keep the report and the golden rows, and end the job, in one. Raises LostLease.

    The report of a run under a plan names the plan by its digest.
    """
    finish(job_id, token)
    run = EvaluationRun.objects.select_related("version", "plan__document").get(pk=run_id)
    named = {"plan": f"sha256:{run.plan.document.digest}"} if run.plan else {}
    document = {**report, **named}
    run.report = add_evidence(version=run.version, kind="evaluation", document=document)
    run.golden = add_evidence(version=run.version, kind="golden", document=golden)
    run.save(update_fields=["report", "golden"])
    _completed(Action.EVALUATION_COMPLETED, run.version, run.pk, [run.report, run.golden])
    return run


@transaction.atomic
def complete_explanation(
    *, run_id: UUID, job_id: UUID, token: int, report: Mapping[str, Any]
) -> ExplanationRun:
    """Keep the explanation and end the job, in one. Raises LostLease."""
    finish(job_id, token)
    rows = ExplanationRun.objects.select_related("version__model", "version__parent")
    run = rows.get(pk=run_id)
    document = {**report, **compared(run.version, report)}
    run.report = add_evidence(version=run.version, kind="explanation", document=document)
    run.save(update_fields=["report"])
    _completed(Action.EXPLANATION_COMPLETED, run.version, run.pk, [run.report])
    return run


def _completed(
    action: Action, version: ModelVersion, run_id: UUID, reports: list[Evidence]
) -> None:
    record(
        actor=SYSTEM,
        action=action,
        subject=("version", version.pk),
        payload={
            "run": str(run_id),
            "reports": {row.kind: f"sha256:{row.digest}" for row in reports},
        },
        related=[("model", version.model_id)],
    )


def fail_run(*, job: Job, reason: str) -> None:
    """Note that an evaluation ended without a result."""
    _failed(job, reason, Action.EVALUATION_FAILED)


def fail_explanation(*, job: Job, reason: str) -> None:
    """Note that an explanation ended without a result."""
    _failed(job, reason, Action.EXPLANATION_FAILED)


def _failed(job: Job, reason: str, action: Action) -> None:
    record(
        actor=SYSTEM,
        action=action,
        subject=("version", job.subject_id),
        payload={"run": job.params["run"], "job": str(job.pk), "reason": reason[:500]},
        related=things_of(job),
    )
