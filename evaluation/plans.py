"""The verb of plans: seal the criteria of a version's evaluation before its run."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid
from evaluation import policies
from evaluation.criteria import (
    Floor,
    SliceFloor,
    interval_of,
    read_floors,
    read_slice_floors,
)
from evaluation.metrics.catalogue import BY_NAME
from evaluation.models import EvaluationPlan
from evaluation.selectors import document_of, newest_plan, plans_of
from evaluation.services import check_measurable
from evaluation.slicing import Slicing, check_columns, read_slicings
from registry.models import DatasetSnapshot, ModelVersion
from registry.services import add_evidence, note_contributor
from trust.times import format_moment

TYPE = "assay/plan/1"
# Every one of them is shown to reviewers.
MOST_PLANS = 50
# What two plans are compared by: who sealed them, and when, is no difference of the criteria.
SAID = ("dataset", "criteria", "slices", "slice_criteria", "seed", "interval")


@transaction.atomic
def seal_plan(
    *,
    caller: Caller,
    version: ModelVersion,
    dataset: DatasetSnapshot,
    criteria: Sequence[Mapping[str, Any]],
    slices: Sequence[Mapping[str, Any]] = (),
    slice_criteria: Sequence[Mapping[str, Any]] = (),
    seed: int = 0,
    resamples: int = 2000,
) -> EvaluationPlan:
    """Fix what a measurement of the version on these rows has to show, before it is made.

    `criteria` are limits on metrics, as the floors of a policy; `slices` say how the rows are
    sliced, and `slice_criteria` what the worst slice has to show. The plan supersedes the version's
    plan before it; neither is ever changed. Whoever seals it becomes a contributor. Raises
    NotAllowed, Conflict (nothing changed, too many, or nothing can be measured), Invalid.
    """
    policies.may_evaluate(caller, version.model.team_id).enforce()
    check_measurable(version, dataset, seed, resamples)
    sliced = read_slicings(slices, "slices")
    check_columns(sliced, dataset, "slices")
    floors = _criteria(version, criteria)
    worst = _slice_criteria(version, slice_criteria, sliced)
    if not floors and not worst:
        raise Invalid("Name at least one criterion.", field="criteria")
    locked = ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    before, now = newest_plan(version), timezone.now()
    if plans_of(version).count() >= MOST_PLANS:
        raise Conflict(f"A version has at most {MOST_PLANS} plans.")
    said = _said(locked, dataset, floors, seed, resamples) | _on_slices(sliced, worst)
    if before and all(document_of(before).get(part) == said.get(part) for part in SAID):
        raise Conflict("The newest plan says this already; nothing was sealed.")
    document = add_evidence(
        version=locked, kind="plan", document=_sealed(said, before, caller, now)
    )
    plan = EvaluationPlan.objects.create(
        version=version,
        dataset=dataset,
        document=document,
        seed=seed,
        resamples=resamples,
        supersedes=before,
        sealed_by=caller.user,
        sealed_at=now,
    )
    _record(caller, plan, len(floors) + len(worst))
    note_contributor(version=version, person_id=caller.person_id, reason="plan")
    return plan


def _record(caller: Caller, plan: EvaluationPlan, criteria: int) -> None:
    before = plan.supersedes
    record(
        actor=caller.actor,
        action=Action.PLAN_SEALED,
        subject=("version", plan.version_id),
        payload={
            "plan": f"sha256:{plan.document.digest}",
            "version_digest": f"sha256:{plan.version.digest}",
            "dataset": f"sha256:{plan.dataset.blob_id}",
            "supersedes": f"sha256:{before.document.digest}" if before else None,
            "criteria": criteria,
        },
        related=[("model", plan.version.model_id), ("dataset", plan.dataset_id)],
    )


def _criteria(version: ModelVersion, criteria: Sequence[Mapping[str, Any]]) -> tuple[Floor, ...]:
    floors = read_floors(criteria, "criteria")
    task = (version.signature or {}).get("task")
    for place, floor in enumerate(floors):
        if task not in BY_NAME[floor.metric].tasks:
            raise Invalid(f"This is no metric of {task} models.", field=f"criteria[{place}].metric")
        if any(f.metric == floor.metric and f.bound == floor.bound for f in floors[:place]):
            raise Invalid("This metric has a limit already.", field=f"criteria[{place}].metric")
    return floors


def _slice_criteria(
    version: ModelVersion, wanted: Sequence[Mapping[str, Any]], sliced: Sequence[Slicing]
) -> tuple[SliceFloor, ...]:
    floors = read_slice_floors(list(wanted), "slice_criteria")
    task, columns = (version.signature or {}).get("task"), {one.column for one in sliced}
    for place, floor in enumerate(floors):
        field = f"slice_criteria[{place}]"
        if task not in BY_NAME[floor.metric].tasks:
            raise Invalid(f"This is no metric of {task} models.", field=f"{field}.metric")
        if any((f.metric, f.bound) == (floor.metric, floor.bound) for f in floors[:place]):
            raise Invalid("This metric has a limit already.", field=f"{field}.metric")
        if not sliced or set(floor.columns) - columns:
            raise Invalid("The plan does not slice the rows so.", field=f"{field}.columns")
    return floors


def _on_slices(sliced: Sequence[Slicing], worst: Sequence[SliceFloor]) -> dict[str, Any]:
    """Nothing where none are named, as in plans from before there were any."""
    slices = {"slices": [one.as_dict() for one in sliced]} if sliced else {}
    limits = {"slice_criteria": [floor.as_dict() for floor in worst]} if worst else {}
    return slices | limits


def _said(
    version: ModelVersion,
    dataset: DatasetSnapshot,
    floors: Sequence[Floor],
    seed: int,
    resamples: int,
) -> dict[str, Any]:
    return {
        "type": TYPE,
        "version": f"sha256:{version.digest}",
        "dataset": {
            "id": str(dataset.pk),
            "name": dataset.name,
            "split": dataset.split,
            "digest": f"sha256:{dataset.blob_id}",
            "rows": dataset.rows,
        },
        "criteria": [floor.as_dict() for floor in floors],
        "seed": seed,
        "interval": interval_of(resamples),
    }


def _sealed(
    said: Mapping[str, Any], before: EvaluationPlan | None, caller: Caller, now: datetime
) -> dict[str, Any]:
    return {
        **said,
        "supersedes": f"sha256:{before.document.digest}" if before else None,
        "sealed_by": str(caller.person_id),
        "sealed_at": format_moment(now),
    }
