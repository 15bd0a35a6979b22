"""Dataset snapshots: registered from uploads, seen by those who read evidence."""

import html
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry.models import DatasetSnapshot
from tests.cast import TEAM, who
from tests.factories import tiny, verbs
from tests.stage import MODEL, Stage
from tests.web.conftest import As


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def queries(client: Any, address: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def _rows() -> DatasetSnapshot:
    return DatasetSnapshot.objects.get(name="tumours")


class TestDatasets:
    def fields(self, **wishes: Any) -> dict[str, Any]:
        given = {
            "team": TEAM,
            "name": "more",
            "file_format": "csv",
            "split": "train",
            "target": "diagnosis",
            "origin": "scikit-learn",
            "licence": "CC-BY-4.0",
        }
        return given | wishes

    def test_are_registered_from_an_upload(self, ready: Stage, as_: As) -> None:
        upload = verbs.send(who("ada"), "t.csv", tiny.table("train"))
        response = as_("ada").post(reverse("web:dataset-new"), self.fields(upload=upload))
        dataset = DatasetSnapshot.objects.get(name="more")
        assert response["Location"] == reverse("web:dataset", args=[dataset.pk])
        shown = text(as_("ben").get(response["Location"]))
        assert "worst radius" in shown
        assert "malignant" in shown

    def test_with_a_wrong_target_are_refused_beside_it(self, ready: Stage, as_: As) -> None:
        upload = verbs.send(who("ada"), "t.csv", tiny.table("train"))
        fields = self.fields(upload=upload, target="nothing")
        response = as_("ada").post(reverse("web:dataset-new"), fields)
        assert response.status_code == 422
        assert "target" in response.context["form"].errors

    def test_say_what_they_were_used_for(self, ready: Stage, as_: As) -> None:
        shown = text(as_("ben").get(reverse("web:dataset", args=[_rows().pk])))
        assert f"{MODEL} v1" in shown

    def test_are_hidden_from_consumers_and_strangers(self, ready: Stage, as_: As) -> None:
        for username in ("carl", "dan"):
            client = as_(username)
            assert client.get(reverse("web:dataset", args=[_rows().pk])).status_code == 404
            assert "tumours" not in text(client.get(reverse("web:datasets")))

    def test_take_as_many_queries_for_30_as_for_3(self, ready: Stage, as_: As) -> None:
        client = as_("ben")
        for n in range(2):
            verbs.new_dataset(who("ada"), f"few-{n}")
        few = queries(client, reverse("web:datasets"))
        for n in range(20):
            verbs.new_dataset(who("ada"), f"many-{n}")
        assert queries(client, reverse("web:datasets")) == few
