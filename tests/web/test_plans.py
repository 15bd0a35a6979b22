"""Plans on the pages and in the API: sealing one, measuring under it, what reviewers are shown."""

from typing import Any

import pytest
from django.urls import reverse

from evaluation.models import EvaluationPlan, EvaluationRun
from governance.models import Review
from governance.services import submit
from registry.models import ModelVersion
from tests.cast import who
from tests.factories import verbs
from tests.factories.plans import STRENGTH, accuracy, planning_policy, seal, unmeasured
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from tests.web.test_versions import at, text

API = f"/api/v1/models/{MODEL}/versions/2"


@pytest.fixture
def version(ready: Stage) -> ModelVersion:
    """Number 2, which nobody has measured."""
    return unmeasured()


def filled(**wishes: Any) -> dict[str, Any]:
    """What the form of a plan sends: one limit, and nothing for the other metrics."""
    page = {"dataset": verbs.dataset().pk, "seed": 1, "resamples": 100}
    return page | {"limit_accuracy": "0.8", "bound_accuracy": "interval"} | wishes


def with_bounds(client: Any, **wishes: Any) -> dict[str, Any]:
    """With the choice that stands beside every metric."""
    form = client.get(at("plan", 2)).context["form"]
    bounds = {name: "value" for name in form.fields if name.startswith("bound_")}
    return bounds | filled(**wishes)


def reviewed(version: ModelVersion, *plans: EvaluationPlan) -> Review:
    """Measured under the last of these plans, and submitted."""
    last = plans[-1] if plans else None
    verbs.evaluate(who("ada"), version, strength=STRENGTH, plan=last)
    return submit(caller=who("ada"), version=version)


def page_of(as_: As, review: Review) -> str:
    return " ".join(text(as_("ben").get(reverse("web:review", args=[review.pk]))).split())


class TestSealing:
    def test_begins_with_the_floors_of_the_policy(self, version: ModelVersion, as_: As) -> None:
        form = as_("ada").get(at("plan", 2)).context["form"]

        assert form["limit_accuracy"].value() == 0.8
        assert form["limit_log_loss"].value() is None
        assert "limit_r2" not in form.fields

    def test_begins_with_the_plan_before_it(self, version: ModelVersion, as_: As) -> None:
        seal(version, criteria=accuracy(0.77), seed=9)

        form = as_("ada").get(at("plan", 2)).context["form"]

        assert form["limit_accuracy"].value() == 0.77
        assert form["seed"].value() == 9

    def test_seals_what_was_filled_in(self, version: ModelVersion, as_: As) -> None:
        client = as_("ada")

        response = client.post(at("plan", 2), with_bounds(client))

        assert response.status_code == 302
        plan = EvaluationPlan.objects.get()
        assert (plan.seed, plan.resamples, plan.dataset) == (1, 100, verbs.dataset())
        shown = text(client.get(at("evaluation", 2)))
        assert "Accuracy: lower end of the interval at least 0.8" in shown
        assert "Measure under this plan" in shown

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"limit_accuracy": ""}, "__all__"),
            ({"limit_accuracy": "much"}, "limit_accuracy"),
            ({"limit_accuracy": "1e13"}, "__all__"),
            ({"bound_accuracy": "mean"}, "bound_accuracy"),
            ({"seed": "-1"}, "seed"),
            ({"resamples": "5"}, "resamples"),
            ({"dataset": ""}, "dataset"),
        ],
    )
    def test_says_what_is_wrong_beside_the_field(
        self, version: ModelVersion, as_: As, wishes: dict[str, str], field: str
    ) -> None:
        client = as_("ada")

        response = client.post(at("plan", 2), with_bounds(client, **wishes))

        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
        assert not EvaluationPlan.objects.exists()

    def test_is_not_offered_to_reviewers(self, version: ModelVersion, as_: As) -> None:
        assert "Seal a plan" not in text(as_("ben").get(at("evaluation", 2)))
        assert as_("ben").get(at("plan", 2)).status_code == 403


class TestMeasuring:
    def test_under_the_plan_takes_what_it_says(self, version: ModelVersion, as_: As) -> None:
        plan = seal(version)

        response = as_("ada").post(at("evaluation", 2), {"plan": plan.pk})

        assert response.status_code == 302
        assert EvaluationRun.objects.get(version=version).plan == plan

    def test_under_a_superseded_plan_is_refused(self, version: ModelVersion, as_: As) -> None:
        first = seal(version)
        seal(version, criteria=accuracy(0.5))

        response = as_("ada").post(at("evaluation", 2), {"plan": first.pk})

        assert response.status_code == 409
        assert "A later plan supersedes this one" in text(response)
        assert "Start the evaluation" in text(response)

    @pytest.mark.parametrize("plan", ["", "1", "00000000-0000-0000-0000-000000000000"])
    def test_under_no_plan_at_all_is_refused(
        self, version: ModelVersion, as_: As, plan: str
    ) -> None:
        response = as_("ada").post(at("evaluation", 2), {"plan": plan})

        assert response.status_code == 422
        assert not EvaluationRun.objects.filter(version=version).exists()


class TestTheReview:
    def test_says_plainly_that_there_was_no_plan(self, version: ModelVersion, as_: As) -> None:
        shown = page_of(as_, reviewed(version))

        assert "No plan was sealed before this run." in shown
        assert "This snapshot was used 2 times for this model (2 versions)." in shown

    def test_shows_the_criteria_and_when_they_were_sealed(
        self, version: ModelVersion, as_: As
    ) -> None:
        shown = page_of(as_, reviewed(version, seal(version, criteria=accuracy(0.9999))))

        assert "before the run, by Ada" in shown
        assert "at least 0.9999" in shown
        assert "Not met" in shown
        assert "earlier plan" not in shown
        assert "known before the plan" not in shown

    def test_shows_what_the_last_plan_changed(self, version: ModelVersion, as_: As) -> None:
        plans = [seal(version, criteria=accuracy(limit)) for limit in (0.99, 0.95, 0.9)]

        shown = page_of(as_, reviewed(version, *plans))

        assert "2 earlier plans of this version." in shown
        assert "Accuracy: 0.95 → 0.9<" in shown
        assert all(plan.document.digest in shown for plan in plans)

    def test_shows_a_plan_that_came_after_the_run(self, version: ModelVersion, as_: As) -> None:
        review = reviewed(version, seal(version))
        later = seal(version, criteria=accuracy(0.99))

        shown = page_of(as_, review)

        assert "1 plan was sealed after this run was asked for." in shown
        assert later.document.digest in shown
        assert "earlier plan" not in shown

    def test_warns_of_results_that_were_known(self, version: ModelVersion, as_: As) -> None:
        verbs.evaluate(who("ada"), version)

        shown = page_of(as_, reviewed(version, seal(version)))

        assert "1 result on these rows was known before the plan was sealed." in shown

    def test_shows_the_gate_beside_the_criteria(self, version: ModelVersion, as_: As) -> None:
        planning_policy()

        shown = page_of(as_, reviewed(version, seal(version)))

        assert "Criteria sealed before the run" in shown
        assert 'href="#plan"' in shown


def test_the_evaluation_page_shows_plan_and_uses(version: ModelVersion, as_: As) -> None:
    verbs.evaluate(who("ada"), version, strength=STRENGTH, plan=seal(version))

    shown = " ".join(text(as_("cora").get(at("evaluation", 2))).split())

    assert "before the run, by Ada" in shown
    assert "This snapshot was used 2 times for this model (2 versions)." in shown


def test_the_snapshot_shows_its_uses_by_model(version: ModelVersion, as_: As) -> None:
    verbs.evaluate(who("ada"), version)

    response = as_("cora").get(reverse("web:dataset", args=[verbs.dataset().pk]))

    rows = [
        (row["model"], row["runs"], row["versions"]) for row in response.context["measured_for"]
    ]
    assert rows == [(MODEL, 2, 2)]
    assert "Measured on for" in text(response)


def test_a_policy_says_that_it_wants_a_plan(ready: Stage, as_: As) -> None:
    policy = planning_policy()

    shown = text(as_("ben").get(reverse("web:policy", args=[policy.pk])))

    assert "were sealed before its run and are met" in shown
    assert "sealed_plan: true" in shown


class TestTheApi:
    def ask(self, as_: As, path: str, body: dict[str, Any]) -> Any:
        return as_("ada").post(f"{API}/{path}", body, content_type="application/json")

    def test_seals_lists_and_measures(self, version: ModelVersion, as_: As) -> None:
        dataset = str(verbs.dataset().pk)
        sealed = self.ask(as_, "plans", {"dataset": dataset, "criteria": accuracy(0.8)})
        assert sealed.status_code == 201, sealed.content

        plan = sealed.json()
        listed = as_("ben").get(f"{API}/plans").json()["results"]
        run = self.ask(as_, "evaluations", {"plan": plan["id"]})

        assert listed == [plan]
        assert (plan["seed"], plan["resamples"], plan["sealed_by"]) == (0, 2000, "ada")
        assert run.status_code == 202
        assert (run.json()["plan"], run.json()["dataset"]) == (plan["id"], dataset)
        document = as_("ben").get(f"{API}/evidence/{plan['digest']}").json()
        assert document["criteria"] == plan["criteria"]

    @pytest.mark.parametrize(
        ("body", "status", "field"),
        [
            ({}, 422, "dataset"),
            ({"seed": 3}, 422, "seed"),
            ({"resamples": 200}, 422, "resamples"),
            ({"plan": "x"}, 422, "plan"),
            ({"plan": "00000000-0000-0000-0000-000000000000"}, 404, None),
        ],
    )
    def test_refuses_a_run_that_is_not_the_plans(
        self, version: ModelVersion, as_: As, body: dict[str, Any], status: int, field: str | None
    ) -> None:
        plan = seal(version)
        named = {} if body == {} else {"plan": str(plan.pk)} | body

        reply = self.ask(as_, "evaluations", named)

        assert reply.status_code == status, reply.content
        assert reply.json().get("field") == field

    def test_refuses_criteria_of_another_task(self, version: ModelVersion, as_: As) -> None:
        criteria = [{"metric": "r2", "limit": 0.1}]

        reply = self.ask(as_, "plans", {"dataset": str(verbs.dataset().pk), "criteria": criteria})

        assert (reply.status_code, reply.json()["field"]) == (422, "criteria[0].metric")

    def test_shows_plan_and_uses_in_the_review(self, version: ModelVersion, as_: As) -> None:
        plans = [seal(version, criteria=accuracy(limit)) for limit in (0.95, 0.8)]
        review = reviewed(version, *plans)

        found = as_("ben").get(f"/api/v1/reviews/{review.pk}").json()

        shown = found["plan"]
        assert shown["plan"]["digest"] == f"sha256:{plans[1].document.digest}"
        assert [entry["state"] for entry in shown["criteria"]] == ["passed"]
        assert (shown["met"], shown["known_before"]) == (1, 0)
        assert shown["changes"] == [{"what": "accuracy (value)", "before": 0.95, "after": 0.8}]
        assert [plan["id"] for plan in shown["earlier"]] == [str(plans[0].pk)]
        assert shown["sealed_before_run_s"] > 0
        assert shown["later"] == []
        assert found["uses"] == {"runs": 2, "versions": 2}

    def test_shows_no_plan_where_none_was_sealed(self, version: ModelVersion, as_: As) -> None:
        review = reviewed(version)

        found = as_("ben").get(f"/api/v1/reviews/{review.pk}").json()

        assert (found["plan"], found["uses"]) == (None, {"runs": 2, "versions": 2})

    def test_counts_the_uses_of_a_snapshot(self, version: ModelVersion, as_: As) -> None:
        found = as_("ben").get(f"/api/v1/datasets/{verbs.dataset().pk}/uses").json()

        assert [(row["model"], row["runs"], row["versions"]) for row in found] == [(MODEL, 1, 1)]
