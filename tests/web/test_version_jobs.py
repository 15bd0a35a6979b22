"""Jobs about a version: started from its tabs, and listed with everything that was done."""

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.actions import Action
from common.errors import Conflict
from evaluation.models import EvaluationRun, ExplanationRun
from evaluation.services import request_run
from registry.intake import Piece
from registry.models import DatasetSnapshot, ModelVersion
from tests.cast import who
from tests.factories import tiny, verbs
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from training.models import CompressionRun
from training.services import request_compression


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def at(tab: str) -> str:
    """An address of the version."""
    return reverse(f"web:version-{tab}", args=[MODEL, 1])


class TestStartingJobs:
    def rows(self) -> DatasetSnapshot:
        return DatasetSnapshot.objects.get(name="tumours")

    def test_measures_on_the_chosen_rows(self, ready: Stage, as_: As) -> None:
        fields = {"dataset": self.rows().pk, "seed": "7", "resamples": "200"}
        response = as_("ada").post(at("evaluation"), fields)
        run = EvaluationRun.objects.get(seed=7)
        assert response["Location"] == reverse("web:job", args=[run.job_id])

    def test_explains_the_chosen_rows(self, ready: Stage, as_: As) -> None:
        fields = {"dataset": self.rows().pk, "seed": "7", "rows": "3"}
        as_("ada").post(at("explanations"), fields)
        assert ExplanationRun.objects.get(seed=7).rows == 3

    def test_compresses_by_the_chosen_method(self, ready: Stage, as_: As) -> None:
        address = at("compression") + "?method=int8-dynamic"
        response = as_("ada").post(address, {"holdout": self.rows().pk})
        run = CompressionRun.objects.get()
        assert response["Location"] == reverse("web:job", args=[run.job_id])
        assert run.method == "int8-dynamic"

    @pytest.mark.parametrize(
        ("tab", "field", "value"),
        [("evaluation", "resamples", "5"), ("evaluation", "seed", "-1"),
         ("evaluation", "dataset", "x"), ("explanations", "rows", "100000")],
    )  # fmt: skip
    def test_names_the_wrong_field(
        self, ready: Stage, as_: As, tab: str, field: str, value: str
    ) -> None:
        fields = {"dataset": self.rows().pk, "seed": "7", "resamples": "200", "rows": "3"}
        response = as_("ada").post(at(tab), fields | {field: value})
        assert response.status_code == 422
        assert field in response.context["form"].errors

    def test_tells_that_an_uploaded_file_cannot_be_pruned(self, ready: Stage, as_: As) -> None:
        upload = verbs.send(who("ada"), "t.csv", tiny.table("train"))
        training = verbs.register_dataset(who("ada"), upload=upload, name="rows", split="train")
        address = at("compression") + "?method=prune"
        assert "an uploaded file has no layout to cut" in text(as_("ada").get(address))
        form = as_("ada").get(address).context["form"]
        fields = {name: form[name].initial for name in form.fields}
        fields |= {"holdout": self.rows().pk, "calibration": training.pk}
        response = as_("ada").post(address, fields)
        assert response.status_code == 409

    def test_offers_no_pruning_by_weights_that_were_uploaded(self, ready: Stage, as_: As) -> None:
        files = {"model": tiny.model_bytes(0.5), "weights": b"of another model"}
        pieces = [
            Piece(verbs.send(who("ada"), f"{role}.bin", data), role) for role, data in files.items()
        ]
        made = verbs.upload_version(
            caller=who("ada"), model=ready.version.model, pieces=pieces, signature=tiny.SIGNATURE
        )
        address = reverse("web:version-compression", args=[MODEL, made.number]) + "?method=prune"
        assert "an uploaded file has no layout to cut" in text(as_("ada").get(address))
        with pytest.raises(Conflict, match="no layout"):
            request_compression(
                caller=who("ada"), parent=made, method="prune", params={}, holdout=self.rows()
            )

    @pytest.mark.parametrize("tab", ["evaluation", "explanations", "compression"])
    def test_is_for_contributors_and_managers(self, ready: Stage, as_: As, tab: str) -> None:
        assert "Only contributors and managers" in text(as_("ben").get(at(tab)))
        fields = {"dataset": self.rows().pk, "seed": "7", "resamples": "200", "rows": "3"}
        fields["holdout"] = self.rows().pk
        assert as_("ben").post(at(tab), fields).status_code == 403


class TestHistory:
    def test_tells_everything_that_was_done(self, ready: Stage, as_: As) -> None:
        shown = text(as_("ben").get(at("history")))
        for action in (Action.VERSION_REGISTERED, Action.CARD_EDITED, Action.EVALUATION_COMPLETED):
            assert action.value in shown
        assert "Ada" in shown

    @pytest.mark.parametrize("username", ["ada", "ben", "mira", "cora"])
    def test_leads_to_each_event_in_the_log(self, approved: Stage, as_: As, username: str) -> None:
        client = as_(username)
        page = client.get(at("history"))
        events = [line["event"] for line in page.context["events"]]
        addresses = re.findall(r'href="(/audit/events/[^"]+)"', text(page))
        assert addresses == [reverse("web:audit-event", args=[row.uuid]) for row in events]
        assert {client.get(address).status_code for address in addresses} == {200}

    def test_lists_the_jobs(self, ready: Stage, as_: As) -> None:
        entries = as_("ben").get(at("jobs")).context["entries"]
        assert {entry.job.kind for entry in entries} == {"evaluation.run", "evaluation.explain"}

    @pytest.mark.parametrize("tab", ["history", "jobs", "evaluation", "compression"])
    def test_takes_as_many_queries_for_many_rows_as_for_few(
        self, ready: Stage, as_: As, tab: str
    ) -> None:
        client = as_("ben")
        self._more(ready.version, 2)
        few = self._queries(client, tab)
        self._more(ready.version, 8)
        assert self._queries(client, tab) == few

    @staticmethod
    def _more(version: ModelVersion, count: int) -> None:
        ada, rows = who("ada"), DatasetSnapshot.objects.get(name="tumours")
        for _ in range(count):
            request_run(caller=ada, version=version, dataset=rows, seed=3, resamples=100)
            strength = 5.0 + ModelVersion.objects.count()
            verbs.another(ada, version.model, strength=strength, kind="compressed", parent=version)

    @staticmethod
    def _queries(client: Any, tab: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(at(tab)).status_code == 200
        return len(seen)
