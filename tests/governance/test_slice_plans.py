"""Slices that were asked for are measured; those of a plan are sealed, with limits on them."""

import json
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid
from evaluation.models import EvaluationRun
from evaluation.planned import planned
from evaluation.selectors import document_of
from evaluation.services import request_run
from governance.services import dry_run
from registry.models import ModelVersion
from tests.cast import who
from tests.factories import verbs
from tests.factories.plans import accuracy, planning_policy, seal, unmeasured
from tests.factories.waivers import strict_policy
from tests.stage import Stage

BY_RADIUS = [{"column": "worst radius", "quantiles": 2}]
WORST = [{"metric": "accuracy", "limit": 0.5, "bound": "value", "least_rows": 30}]
WISH: dict[str, Any] = {"resamples": 100, "seed": 1}


@pytest.fixture
def version(ready: Stage) -> ModelVersion:
    """A version that nobody has measured."""
    return unmeasured()


def at_work(run: EvaluationRun) -> dict[str, Any]:
    """The report of a run, as its job makes it."""
    assert run.job_id is not None
    verbs.at_work(run.job_id)
    run.refresh_from_db()
    assert run.report is not None
    found: dict[str, Any] = json.loads(bytes(run.report.body))
    return found


def gate(version: ModelVersion, name: str) -> tuple[str, Any]:
    (found,) = [one for one in dry_run(version) if one.gate == name]
    return found.state, found.measured


def test_a_run_measures_the_slices_that_were_asked_for(version: ModelVersion) -> None:
    strict_policy(metrics=[], slices=WORST)
    assert gate(version, "slice:accuracy") == ("not measured", None)

    run = request_run(
        caller=who("ada"), version=version, dataset=verbs.dataset(), slices=BY_RADIUS, **WISH
    )

    (cut,) = at_work(run)["slices"]
    assert [part["rows"] for part in cut["parts"]] == [100, 100]
    least = min(part["metrics"]["accuracy"]["value"] for part in cut["parts"])
    assert gate(version, "slice:accuracy") == ("passed", least)
    event = AuditEvent.objects.filter(action=Action.EVALUATION_REQUESTED.value).latest("pk")
    assert event.payload["slices"] == BY_RADIUS


@pytest.mark.parametrize(
    ("slices", "field"),
    [
        ([{"column": "shoe size", "quantiles": 2}], "slices[0].column"),
        ([{"column": "diagnosis", "quantiles": 2}], "slices[0].column"),
        ([{"column": "worst radius", "quantiles": 1}], "slices[0].quantiles"),
    ],
)
def test_only_features_of_the_snapshot_slice_it(
    version: ModelVersion, slices: Any, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        request_run(
            caller=who("ada"), version=version, dataset=verbs.dataset(), slices=slices, **WISH
        )

    assert refusal.value.field == field


class TestAPlan:
    def test_seals_slices_and_limits_on_them(self, version: ModelVersion) -> None:
        plan = seal(version, slices=BY_RADIUS, slice_criteria=WORST)

        run = request_run(caller=who("ada"), version=version, plan=plan)

        assert run.slices == BY_RADIUS
        found = planned(run, at_work(run))
        assert found is not None
        assert [one.state for one in found.criteria] == ["passed"] * 3
        planning_policy()
        assert gate(version, "sealed_plan") == ("passed", 3)

    def test_is_not_met_where_the_worst_slice_is_too_bad(self, version: ModelVersion) -> None:
        plan = seal(version, slices=BY_RADIUS, slice_criteria=[WORST[0] | {"limit": 1.0}])
        at_work(request_run(caller=who("ada"), version=version, plan=plan))
        planning_policy()

        assert gate(version, "sealed_plan") == ("failed", 2)

    def test_is_not_met_where_a_slice_is_too_small(self, version: ModelVersion) -> None:
        plan = seal(version, slices=BY_RADIUS, slice_criteria=[WORST[0] | {"least_rows": 101}])
        at_work(request_run(caller=who("ada"), version=version, plan=plan))
        planning_policy()

        assert gate(version, "sealed_plan") == ("not measured", 2)

    def test_may_be_of_slices_alone(self, version: ModelVersion) -> None:
        plan = seal(version, criteria=[], slices=BY_RADIUS, slice_criteria=WORST)

        assert document_of(plan)["slice_criteria"] == WORST

    def test_without_slices_reads_as_before(self, version: ModelVersion) -> None:
        assert not {"slices", "slice_criteria"} & set(document_of(seal(version)))

    def test_that_slices_otherwise_is_another_plan(self, version: ModelVersion) -> None:
        seal(version, slices=BY_RADIUS)
        with pytest.raises(Conflict):
            seal(version, slices=BY_RADIUS)

        plan = seal(version, slices=[{"column": "worst radius", "quantiles": 3}])

        assert plan.supersedes is not None

    def test_is_the_way_that_its_run_slices(self, version: ModelVersion) -> None:
        plan = seal(version, slices=BY_RADIUS)

        with pytest.raises(Invalid) as refusal:
            request_run(caller=who("ada"), version=version, plan=plan, slices=[])

        assert refusal.value.field == "slices"

    def test_is_the_way_past_the_program_too(self, version: ModelVersion) -> None:
        plan = seal(version, slices=BY_RADIUS)
        row = EvaluationRun(
            version=version,
            dataset=plan.dataset,
            plan=plan,
            seed=plan.seed,
            resamples=plan.resamples,
            slices=[],
            requested_by=who("ada").user,
            created_at=timezone.now(),
        )

        with pytest.raises(DatabaseError, match="slices its rows"), transaction.atomic():
            row.save()

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"slice_criteria": WORST}, "slice_criteria[0].columns"),
            (
                {"slices": BY_RADIUS, "slice_criteria": [WORST[0] | {"columns": ["age"]}]},
                "slice_criteria[0].columns",
            ),
            (
                {"slices": BY_RADIUS, "slice_criteria": [WORST[0] | {"metric": "r2"}]},
                "slice_criteria[0].metric",
            ),
            ({"slices": BY_RADIUS, "slice_criteria": WORST * 2}, "slice_criteria[1].metric"),
            ({"criteria": []}, "criteria"),
        ],
    )
    def test_names_the_field_at_fault(
        self, version: ModelVersion, wishes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(Invalid) as refusal:
            seal(version, **({"criteria": accuracy(0.5)} | wishes))

        assert refusal.value.field == field
