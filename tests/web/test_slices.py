"""Slices on the pages and in the API: asked for, shown, sealed in a plan."""

import html
import json
from typing import Any

import pytest

from evaluation.models import EvaluationPlan, EvaluationRun
from evaluation.selectors import document_of
from registry.models import ModelVersion
from tests.factories import verbs
from tests.factories.plans import unmeasured
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from tests.web.test_versions import at, text

API = f"/api/v1/models/{MODEL}/versions/2"
LINES = "worst radius: ranges 14, 18\nworst texture: quantiles 2"
ASKED = [
    {"column": "worst radius", "ranges": [14.0, 18.0]},
    {"column": "worst texture", "quantiles": 2},
]


@pytest.fixture
def version(ready: Stage) -> ModelVersion:
    """Number 2, which nobody has measured."""
    return unmeasured()


def asked(as_: As, slices: str) -> Any:
    given = {"dataset": verbs.dataset().pk, "seed": 1, "resamples": 100, "slices": slices}
    return as_("ada").post(at("evaluation", 2), given)


def test_are_asked_for_by_lines_and_shown_as_tables(version: ModelVersion, as_: As) -> None:
    assert asked(as_, LINES).status_code == 302

    run = EvaluationRun.objects.get(version=version)
    assert run.slices == ASKED
    assert run.job_id is not None
    verbs.at_work(run.job_id)
    shown = " ".join(text(as_("ben").get(at("evaluation", 2))).split())
    assert "By slices of worst radius" in shown
    assert "14 ≤ worst radius < 18" in html.unescape(shown)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("worst radius", "Line 1 is not like age: ranges 18, 65."),
        ("\nworst radius: halves 2", "Line 2 is not like"),
        ("worst radius: ranges x", "Line 1 is not like"),
        ("worst radius: quantiles 1.5", "This must be a whole number from 2 to 20."),
        ("shoe: quantiles 2", "The snapshot has no such feature"),
    ],
)
def test_a_line_that_is_none_is_named(
    version: ModelVersion, as_: As, lines: str, words: str
) -> None:
    response = asked(as_, lines)

    assert response.status_code == 422
    assert words in html.unescape(response.content.decode())
    assert response.context["form"]["slices"].value() == lines


def test_are_sealed_in_a_plan_with_limits_on_the_worst(version: ModelVersion, as_: As) -> None:
    client = as_("ada")
    form = client.get(at("plan", 2)).context["form"]
    bounds = {name: "value" for name in form.fields if name.startswith("bound_")}
    given = {"dataset": verbs.dataset().pk, "seed": 1, "resamples": 100, "slices": LINES}
    given |= bounds | {"limit_accuracy": "0.8", "worst_accuracy": "0.7", "least_rows": "20"}

    assert client.post(at("plan", 2), given).status_code == 302

    document = document_of(EvaluationPlan.objects.get())
    assert document["slices"] == ASKED
    worst = {"metric": "accuracy", "limit": 0.7, "bound": "value", "least_rows": 20}
    assert document["slice_criteria"] == [worst]
    shown = " ".join(html.unescape(text(client.get(at("evaluation", 2)))).split())
    assert "Accuracy, worst slice: at least 0.7, with at least 20 rows each" in shown
    assert "Slices by worst radius: at 14, 18" in shown
    again = client.get(at("plan", 2)).context["form"]
    assert again["slices"].value() == LINES
    assert again["worst_accuracy"].value() == 0.7
    assert again["least_rows"].value() == 20


class TestTheApi:
    def post(self, as_: As, path: str, body: dict[str, Any]) -> Any:
        return as_("ada").post(f"{API}/{path}", json.dumps(body), content_type="application/json")

    def test_takes_them_with_a_run(self, version: ModelVersion, as_: As) -> None:
        body = {"dataset": str(verbs.dataset().pk), "resamples": 100, "slices": ASKED}

        answer = self.post(as_, "evaluations", body)

        assert answer.status_code == 202
        assert answer.json()["slices"] == ASKED

    def test_takes_them_with_a_plan(self, version: ModelVersion, as_: As) -> None:
        worst = {"metric": "accuracy", "limit": 0.5, "columns": ["worst radius"]}
        body = {"dataset": str(verbs.dataset().pk), "slices": ASKED, "slice_criteria": [worst]}

        answer = self.post(as_, "plans", body)

        assert answer.status_code == 201, answer.content
        assert answer.json()["slice_criteria"] == [worst | {"bound": "value", "least_rows": 30}]

    def test_names_the_field_of_a_bad_one(self, version: ModelVersion, as_: As) -> None:
        body = {"dataset": str(verbs.dataset().pk), "slices": [{"column": "worst radius"}]}

        answer = self.post(as_, "evaluations", body)

        assert answer.status_code == 422
        assert answer.json()["field"] == "slices[0]"
