"""Dataset snapshots: registered from uploads, seen by those who read evidence."""

import html
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry.models import DatasetRequest, DatasetSnapshot
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
        job_id = DatasetRequest.objects.get(name="more").job_id
        assert response["Location"] == reverse("web:job", args=[job_id])
        verbs.at_work(job_id)
        address = reverse("web:dataset", args=[DatasetSnapshot.objects.get(name="more").pk])
        assert f'href="{address}"' in text(as_("ada").get(response["Location"]))
        shown = text(as_("ben").get(address))
        assert "worst radius" in shown
        assert "malignant" in shown

    def test_with_a_wrong_name_are_refused_beside_it(self, ready: Stage, as_: As) -> None:
        upload = verbs.send(who("ada"), "t.csv", tiny.table("train"))
        fields = self.fields(upload=upload, name="no name")
        response = as_("ada").post(reverse("web:dataset-new"), fields)
        assert response.status_code == 422
        assert "name" in response.context["form"].errors

    def test_with_a_wrong_target_are_refused_by_their_job_and_asked_for_again(
        self, ready: Stage, as_: As
    ) -> None:
        upload = verbs.send(who("ada"), "t.csv", tiny.table("train"))
        fields = self.fields(upload=upload, target="nothing")
        as_("ada").post(reverse("web:dataset-new"), fields)
        job_id = DatasetRequest.objects.get(name="more").job_id
        refusal = verbs.refused_at_work(job_id)
        assert refusal.field == "target"
        address = reverse("web:job", args=[job_id])
        again = reverse("web:dataset-new") + f"?job={job_id}"
        assert refusal.reason in text(as_("ada").get(address))
        assert f'href="{again}"' in text(as_("ada").get(address))
        assert f'href="{again}"' not in text(as_("mira").get(address))
        form = as_("ada").get(again).context["form"]
        filled = {name: str(form[name].value()) for name in form.fields}
        assert filled == {name: str(value) for name, value in fields.items()}
        response = as_("ada").post(again, filled | {"target": "diagnosis"})
        assert response.status_code == 302
        verbs.at_work(DatasetRequest.objects.get(target="diagnosis", name="more").job_id)

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
