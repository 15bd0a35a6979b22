"""A report beside the plan of its run: was that sealed first, and are its limits met?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q

from evaluation.criteria import (
    PASSED,
    Judged,
    SliceFloor,
    judge,
    judge_slices,
    read_floors,
    read_slice_floors,
)
from evaluation.models import EvaluationPlan, EvaluationRun
from evaluation.selectors import document_of, plans_of, plans_of_all, runs_that_gave
from evaluation.slicing import read_slicings
from registry.manifests import MODEL
from registry.models import Artifact


@dataclass(frozen=True)
class Change:
    """What a plan says otherwise than the one before it; None where one says nothing."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Planned:
    """A run under a plan. `known` counts the results on these rows from before the seal.

    `later` are plans that came after the run was asked for; it is not under them.
    """

    plan: EvaluationPlan
    run: EvaluationRun
    report: Mapping[str, Any]
    earlier: Sequence[EvaluationPlan]
    later: Sequence[EvaluationPlan]
    known: int

    @cached_property
    def criteria(self) -> list[Judged]:
        """Each limit of the plan with what the report says to it."""
        document = document_of(self.plan)
        floors = read_floors(document["criteria"], "criteria")
        found = [judge(floor, self.report, of="plan") for floor in floors]
        return found + [judge_slices(floor, self.report) for floor in slice_floors_of(document)]

    @property
    def met(self) -> int:
        """How many limits are met."""
        return sum(found.state == PASSED for found in self.criteria)

    @property
    def ahead(self) -> timedelta:
        """How long before the run was asked for the plan was sealed."""
        return self.run.created_at - self.plan.sealed_at

    @cached_property
    def changes(self) -> list[Change]:
        """What the plan says otherwise than the one that it supersedes."""
        if not self.earlier:
            return []
        return changes_between(document_of(self.earlier[0]), document_of(self.plan))


def slice_floors_of(document: Mapping[str, Any]) -> tuple[SliceFloor, ...]:
    """The limits on slices of a plan's document; older ones have none."""
    return read_slice_floors(document.get("slice_criteria", []), "slice_criteria")


def planned(run: EvaluationRun, report: Mapping[str, Any]) -> Planned | None:
    """The plan of the run that gave this report; None if it was under none."""
    if run.plan_id is None:
        return None
    return _planned(run, report, list(plans_of(run.version)), known_before)


def planned_all(
    measured: Mapping[UUID, tuple[str, Mapping[str, Any]]],
) -> dict[UUID, Planned]:
    """The same for reports, (SHA-256 in hex, parsed) by version, by as many queries as for one."""
    digests = [digest for digest, _report in measured.values()]
    runs: dict[tuple[UUID, str], EvaluationRun] = {}
    for run in runs_that_gave(list(measured), digests):
        assert run.report is not None
        runs.setdefault((run.version_id, run.report.digest), run)
    plans: dict[UUID, list[EvaluationPlan]] = {}
    for plan in plans_of_all(list(measured)):
        plans.setdefault(plan.version_id, []).append(plan)
    known = _known_before_all([plan for own in plans.values() for plan in own])
    found: dict[UUID, Planned] = {}
    for version, (digest, report) in measured.items():
        under = runs.get((version, digest))
        if under is not None and under.plan_id is not None:
            made = _planned(under, report, plans.get(version, []), lambda plan: known[plan.pk])
            if made is not None:
                found[version] = made
    return found


def _planned(
    run: EvaluationRun,
    report: Mapping[str, Any],
    plans: Sequence[EvaluationPlan],
    known: Callable[[EvaluationPlan], int],
) -> Planned | None:
    place = next((n for n, plan in enumerate(plans) if plan.pk == run.plan_id), None)
    if place is None or report.get("plan") != f"sha256:{plans[place].document.digest}":
        return None
    plan, earlier, later = plans[place], plans[place + 1 :], plans[:place]
    return Planned(plan, run, report, earlier, later, known(plan))


def known_before(plan: EvaluationPlan) -> int:
    """Results on these rows, of this version or of the same model file, that were there before.

    A champion is measured along with whoever is compared with it.
    """
    return _known_before_all([plan])[plan.pk]


def _known_before_all(plans: Sequence[EvaluationPlan]) -> dict[UUID, int]:
    """The same of many plans, by two queries."""
    files = Artifact.objects.filter(role=MODEL)
    own = files.filter(version__in={plan.version_id for plan in plans}).values("blob")
    holders: dict[str, set[UUID]] = {}
    for blob, version in files.filter(blob__in=own).values_list("blob_id", "version_id"):
        holders.setdefault(blob, set()).add(version)
    results = list(
        EvaluationRun.objects.filter(
            dataset__blob__in={plan.dataset.blob_id for plan in plans}, report__isnull=False
        )
        .filter(Q(version__in=_any(holders)) | Q(champion__in=_any(holders)))
        .values_list("version_id", "champion_id", "dataset__blob_id", "report__created_at")
    )
    found = {}
    for plan in plans:
        same = {v for group in holders.values() if plan.version_id in group for v in group}
        found[plan.pk] = sum(
            (version in same or champion in same)
            and blob == plan.dataset.blob_id
            and at < plan.sealed_at
            for version, champion, blob, at in results
        )
    return found


def _any(groups: Mapping[str, set[UUID]]) -> set[UUID]:
    return {version for group in groups.values() for version in group}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The differences of two plans' documents: rows, limits, seed, intervals."""
    sides = [_flat(document) for document in (before, after)]
    names = dict.fromkeys([*sides[0], *sides[1]])
    return [
        Change(name, sides[0].get(name), sides[1].get(name))
        for name in names
        if sides[0].get(name) != sides[1].get(name)
    ]


def _flat(document: Mapping[str, Any]) -> dict[str, Any]:
    """Every part that can differ, by a name; a limit by its metric and bound."""
    limits: dict[str, Any] = {
        f"{floor.metric} ({floor.bound})": floor.limit
        for floor in read_floors(document["criteria"], "criteria")
    }
    limits |= {
        f"{floor.metric} (worst slice, {floor.bound})": f"{floor.limit:g} (≥ {floor.least_rows})"
        for floor in slice_floors_of(document)
    }
    rows = document["dataset"]
    return limits | {
        "slices": "; ".join(
            f"{one.column} ({one.how}: {', '.join(f'{value:g}' for value in one.values)})"
            for one in read_slicings(document.get("slices", []), "slices")
        ),
        "dataset": f"{rows['name']} ({rows['split']}) {rows['digest']}",
        "seed": document["seed"],
        "resamples": document["interval"]["resamples"],
    }
