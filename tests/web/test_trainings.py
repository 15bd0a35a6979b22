"""Asking for a training: what the form offers, and what form, API and service refuse."""

from typing import Any

import pytest
from django.urls import reverse

from common.errors import Invalid
from registry.models import DatasetSnapshot
from tests.cast import who
from tests.factories import tiny, verbs
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from training.models import TrainingRun
from training.recipes import RECIPES
from training.services import request_run

ADDRESS = f"/models/{MODEL}/train"


def rows(split: str = "train", of: str = "") -> DatasetSnapshot:
    """A snapshot of a split; with `of` the rows are those of another."""
    upload = verbs.send(who("ada"), "rows.csv", tiny.table(of or split))
    return verbs.register_dataset(who("ada"), upload=upload, name="rows", split=split)


class TestATraining:
    def fields(self, recipe: str, **wishes: Any) -> dict[str, Any]:
        given = {
            param.name: ", ".join(map(str, param.default))
            if isinstance(param.default, tuple)
            else param.default
            for param in RECIPES[recipe].params
            if param.default is not False
        }
        return given | wishes

    @pytest.mark.parametrize("recipe", sorted(RECIPES))
    def test_has_a_field_for_each_parameter_of_its_recipe(
        self, ready: Stage, as_: As, recipe: str
    ) -> None:
        form = as_("ada").get(ADDRESS, {"recipe": recipe}).context["form"]
        assert {param.name for param in RECIPES[recipe].params} <= set(form.fields)

    def test_starts_with_what_was_filled_in(self, ready: Stage, as_: As) -> None:
        fields = self.fields("mlp", dataset=rows().pk, hidden="16, 8", epochs="3")
        response = as_("ada").post(ADDRESS, fields)
        run = TrainingRun.objects.get()
        assert response["Location"] == reverse("web:job", args=[run.job_id])
        assert (run.params["hidden"], run.params["epochs"]) == ([16, 8], 3)

    @pytest.mark.parametrize(
        ("field", "value"),
        [("epochs", "0"), ("epochs", "1.5"), ("hidden", "a"), ("hidden", "0"), ("dropout", "nan"),
         ("optimizer", "lion"), ("seed", ""), ("hidden", "1 2 3 4 5 6 7 8 9"), ("dataset", "x")],
    )  # fmt: skip
    def test_names_the_wrong_field(self, ready: Stage, as_: As, field: str, value: str) -> None:
        fields = self.fields("mlp", dataset=rows().pk) | {field: value}
        response = as_("ada").post(ADDRESS, fields)
        assert response.status_code == 422
        assert field in response.context["form"].errors
        assert not TrainingRun.objects.exists()

    def test_never_takes_a_test_split(self, ready: Stage, as_: As) -> None:
        fields = self.fields("mlp", dataset=verbs.dataset().pk)
        response = as_("ada").post(ADDRESS, fields)
        assert "dataset" in response.context["form"].errors

    def test_offers_no_rows_for_two_purposes(self, ready: Stage, as_: As) -> None:
        made = {split: rows(split).pk for split in ("train", "validation", "calibration")}
        form = as_("ada").get(ADDRESS).context["form"]
        offered = {
            name: {row.pk for row in form.fields[name].queryset}
            for name in ("dataset", "validation")
        }
        assert offered == {
            "dataset": {made["train"], made["calibration"]},
            "validation": {made["validation"]},
        }

    def test_tells_beside_the_field_of_validation_rows_that_are_those_of_the_training(
        self, ready: Stage, as_: As
    ) -> None:
        training = rows("train")
        same = rows("validation", of="train")
        fields = self.fields("mlp", dataset=training.pk, validation=same.pk)
        response = as_("ada").post(ADDRESS, fields)
        assert response.status_code == 422
        assert "choose others" in str(response.context["form"].errors["validation"])

    @pytest.mark.parametrize("username", ["ben", "cora", "carl"])
    def test_is_for_contributors_and_managers(self, ready: Stage, as_: As, username: str) -> None:
        assert as_(username).get(ADDRESS).status_code == 403


class TestTheApi:
    @pytest.mark.parametrize(
        ("params", "field"),
        [
            ({"hidden": [0]}, "params.hidden"),
            ({"epochs": "many"}, "params.epochs"),
            ({"depth": 3}, "params.depth"),
            ([], "params"),
        ],
    )
    def test_names_the_place_of_a_wrong_parameter(
        self, ready: Stage, as_: As, params: Any, field: str
    ) -> None:
        body = {"recipe": "mlp", "params": params, "dataset": str(rows().pk)}
        reply = as_("ada").post(
            reverse("api:trainings", args=[MODEL]), body, content_type="application/json"
        )
        assert (reply.status_code, reply.json()["field"]) == (422, field)

    def test_names_the_place_of_a_wrong_parameter_of_a_compression(
        self, ready: Stage, as_: As
    ) -> None:
        body = {"method": "prune", "params": {"ratio": 2}, "holdout": str(verbs.dataset().pk)}
        reply = as_("ada").post(
            reverse("api:compressions", args=[MODEL, 1]), body, content_type="application/json"
        )
        assert (reply.status_code, reply.json()["field"]) == (422, "params.ratio")


class TestTheService:
    def ask(self, stage: Stage, **wishes: Any) -> TrainingRun:
        given: dict[str, Any] = {
            "caller": who("ada"),
            "model": stage.version.model,
            "recipe": "mlp",
            "params": {},
        }
        return request_run(**(given | wishes))

    def test_refuses_the_training_rows_as_validation_rows(self, ready: Stage) -> None:
        training = rows("train")
        for validation in (training, rows("validation", of="train")):
            with pytest.raises(Invalid) as refusal:
                self.ask(ready, dataset=training, validation=validation)
            assert refusal.value.field == "validation"

    @pytest.mark.parametrize("field", ["dataset", "validation"])
    def test_keeps_a_test_split_for_the_evaluation(self, ready: Stage, field: str) -> None:
        given = {"dataset": rows("train")} | {field: verbs.dataset()}
        with pytest.raises(Invalid, match="A test split") as refusal:
            self.ask(ready, **given)
        assert refusal.value.field == field

    def test_takes_other_rows(self, ready: Stage) -> None:
        validation = rows("validation")
        assert self.ask(ready, dataset=rows(), validation=validation).validation == validation
