"""A report beside the plan of its run: was that sealed first, and are its limits met?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db.models import Q

from evaluation.criteria import PASSED, Judged, judge, read_floors
from evaluation.models import EvaluationPlan, EvaluationRun
from evaluation.selectors import document_of, plans_of
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
        floors = read_floors(document_of(self.plan)["criteria"], "criteria")
        return [judge(floor, self.report, of="plan") for floor in floors]

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


def planned(run: EvaluationRun, report: Mapping[str, Any]) -> Planned | None:
    """The plan of the run that gave this report; None if it was under none. Two queries."""
    if run.plan_id is None:
        return None
    plans = list(plans_of(run.version))
    place = next((n for n, plan in enumerate(plans) if plan.pk == run.plan_id), None)
    if place is None or report.get("plan") != f"sha256:{plans[place].document.digest}":
        return None
    plan, earlier, later = plans[place], plans[place + 1 :], plans[:place]
    return Planned(plan, run, report, earlier, later, _known_before(plan))


def _known_before(plan: EvaluationPlan) -> int:
    """Results on these rows, of this version or of the same model file, that were there before.

    A champion is measured along with whoever is compared with it.
    """
    files = Artifact.objects.filter(role=MODEL)
    own = files.filter(version=plan.version_id).values("blob")
    same = files.filter(blob__in=own).values("version")
    return EvaluationRun.objects.filter(
        Q(version__in=same) | Q(champion__in=same),
        dataset__blob=plan.dataset.blob_id,
        report__created_at__lt=plan.sealed_at,
    ).count()


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
    limits = {
        f"{floor.metric} ({floor.bound})": floor.limit
        for floor in read_floors(document["criteria"], "criteria")
    }
    rows = document["dataset"]
    return limits | {
        "dataset": f"{rows['name']} ({rows['split']}) {rows['digest']}",
        "seed": document["seed"],
        "resamples": document["interval"]["resamples"],
    }
