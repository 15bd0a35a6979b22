"""Home, the register, models, datasets and new versions: who sees what, and what forms refuse."""

import html
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from evaluation.services import request_run
from governance.approvals.releases import promote
from governance.services import submit
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel
from registry.services import change_model, edit_card
from tests.cast import TEAM, who
from tests.factories import tiny, verbs
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from worker.models import Job, Status


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def queries(client: Any, address: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


class TestWaitingForMe:
    def test_shows_reviewers_what_they_may_sign(self, ready: Stage, as_: As) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        address = reverse("web:review", args=[review.pk])
        assert address in text(as_("ben").get("/"))

    @pytest.mark.parametrize("username", ["cora", "carl", "dan"])
    def test_shows_no_review_to_those_who_cannot_sign(
        self, ready: Stage, as_: As, username: str
    ) -> None:
        submit(caller=who("ada"), version=ready.version)
        assert "No review waits for your signature" in text(as_(username).get("/"))

    def test_shows_no_review_of_ones_own_work(self, ready: Stage, as_: As) -> None:
        card = tiny.CARD | {"contact": "Mira."}
        edit_card(caller=who("mira"), version=ready.version, content=card)
        submit(caller=who("ada"), version=ready.version)
        assert "No review waits for your signature" in text(as_("mira").get("/"))
        assert "No review waits for your signature" not in text(as_("ben").get("/"))

    def test_shows_no_review_that_one_has_signed(self, ready: Stage, as_: As) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        verbs.put("ben", review)
        assert "No review waits for your signature" in text(as_("ben").get("/"))

    def test_puts_the_oldest_review_first(self, ready: Stage, as_: As) -> None:
        model = ready.version.model
        young = verbs.make_ready(who("ada"), verbs.another(who("ada"), model, strength=0.5))
        for version in (ready.version, young):
            submit(caller=who("ada"), version=version)
        shown = text(as_("ben").get("/"))
        assert shown.index(f"{MODEL} v1") < shown.index(f"{MODEL} v2")

    def test_shows_my_failed_jobs_with_the_reason_and_my_drafts(
        self, ready: Stage, as_: As
    ) -> None:
        run = request_run(caller=who("ada"), version=ready.version, dataset=_rows())
        _fail(run.job_id, "The disk was full.")
        shown = text(as_("ada").get("/"))
        assert "The disk was full." in shown
        assert reverse("web:version", args=[MODEL, 1]) in shown
        assert "The disk was full." not in text(as_("mira").get("/"))

    def test_tells_whoever_has_no_team_what_to_do(self, ready: Stage, as_: As) -> None:
        assert "An administrator of this instance gives you a role" in text(as_("dan").get("/"))

    def test_takes_as_many_queries_for_many_reviews_as_for_few(self, ready: Stage, as_: As) -> None:
        client, model = as_("ben"), ready.version.model
        _open_reviews(model, 2)
        few = queries(client, "/")
        _open_reviews(model, 6)
        assert queries(client, "/") == few


def _rows() -> DatasetSnapshot:
    return DatasetSnapshot.objects.get(name="tumours")


def _fail(job_id: Any, reason: str) -> None:
    job = Job.objects.get(pk=job_id)
    job.status, job.failure, job.finished_at = Status.FAILED, reason, job.created_at
    job.save()


def _open_reviews(model: RegisteredModel, count: int) -> None:
    for _ in range(count):
        strength = 2.0 + ModelVersion.objects.filter(model=model).count()
        submit(caller=who("ada"), version=verbs.another(who("ada"), model, strength=strength))


class TestTheRegister:
    def test_is_searched_and_filtered_by_its_address(self, ready: Stage, as_: As) -> None:
        verbs.new_model(who("ada"), "scoring", tier="high")
        change_model(caller=who("ada"), model=ready.version.model, changes={"tags": ["lab"]})
        client, address = as_("ben"), reverse("web:models")
        for query, wanted in (
            ({"q": "scor"}, "scoring"),
            ({"tier": "high"}, "scoring"),
            ({"tag": "lab"}, MODEL),
            ({"status": "draft"}, MODEL),
            ({"team": TEAM, "tier": "medium"}, MODEL),
        ):
            shown = [model.name for model, *_ in client.get(address, query).context["models"]]
            assert shown == [wanted], query

    def test_shows_nothing_of_other_teams(self, ready: Stage, as_: As) -> None:
        assert MODEL not in text(as_("dan").get(reverse("web:models")))
        assert as_("dan").get(reverse("web:model", args=[MODEL])).status_code == 404

    def test_takes_as_many_queries_for_30_models_as_for_3(self, ready: Stage, as_: As) -> None:
        client = as_("ben")
        for n in range(2):
            verbs.new_model(who("ada"), f"few-{n}")
        few = queries(client, reverse("web:models"))
        for n in range(27):
            verbs.new_model(who("ada"), f"many-{n}")
        assert queries(client, reverse("web:models")) == few

    def test_goes_on_where_a_page_ends(self, ready: Stage, as_: As) -> None:
        for n in range(31):
            verbs.new_model(who("ada"), f"a-{n:02d}")
        client = as_("ben")
        first = client.get(reverse("web:models")).context
        second = client.get(reverse("web:models"), {"after": first["next"]}).context
        names = [model.name for model, *_ in [*first["models"], *second["models"]]]
        assert len(names) == 32
        assert names == sorted(set(names))
        assert second["next"] == ""


def model_fields(**wishes: str) -> dict[str, str]:
    """A model as the form sends it."""
    given = {
        "name": "scoring",
        "team": TEAM,
        "purpose": "Score.",
        "risk_tier": "low",
        "origin": "in-house",
        "licence": "MIT",
        "tags": "b, a, b",
    }
    return given | wishes


class TestANewModel:
    def test_is_registered_and_opened(self, ready: Stage, as_: As) -> None:
        response = as_("ada").post(reverse("web:model-new"), model_fields())
        assert response["Location"] == reverse("web:model", args=["scoring"])
        assert RegisteredModel.objects.get(name="scoring").tags == ["a", "b"]

    @pytest.mark.parametrize(
        ("field", "value", "status"),
        [("name", "", 422), ("name", "with space", 422), ("name", MODEL, 409), ("name", "new", 422),
         ("risk_tier", "huge", 422), ("purpose", "", 422), ("purpose", "x" * 4001, 422),
         ("name", "a\x00b", 422), ("team", "elsewhere", 422)],
    )  # fmt: skip
    def test_is_refused_beside_the_field(
        self, ready: Stage, as_: As, field: str, value: str, status: int
    ) -> None:
        before = RegisteredModel.objects.count()
        response = as_("ada").post(reverse("web:model-new"), model_fields(**{field: value}))
        assert response.status_code == status
        assert response.context["form"].errors
        assert RegisteredModel.objects.count() == before

    @pytest.mark.parametrize("username", ["ben", "cora", "carl", "dan", "root"])
    def test_is_offered_only_where_one_contributes(
        self, ready: Stage, as_: As, username: str
    ) -> None:
        client = as_(username)
        assert "you are neither in any team" in text(client.get(reverse("web:model-new")))
        assert client.post(reverse("web:model-new"), model_fields()).status_code == 422


class TestAModel:
    def test_shows_what_is_live_lineage_and_measure(self, approved: Stage, as_: As) -> None:
        parent = approved.version
        verbs.another(who("ada"), parent.model, strength=0.5, kind="compressed", parent=parent)
        response = as_("ben").get(reverse("web:model", args=[MODEL]))
        shown = text(response)
        assert "@champion" in shown
        assert "It is the first." in shown
        (root,) = response.context["tree"]
        assert [node.version.number for node in root.children] == [2]
        assert [point["number"] for point in response.context["points"]] == [1]
        assert "Accuracy by version" in shown

    def test_leads_from_each_move_of_an_alias_to_its_event(self, approved: Stage, as_: As) -> None:
        for alias in ("stable", "next"):
            promote(caller=who("mira"), version=approved.version, alias=alias, reason="To try.")
        address = reverse("web:model", args=[MODEL])
        moves = as_("ben").get(address).context["moves"]
        assert [move.alias for move, _ in moves] == ["next", "stable", "champion"]
        for move, event in moves:
            assert event.payload["alias"] == move.alias
            link = reverse("web:audit-event", args=[event.uuid])
            assert link in text(as_("ben").get(address))
            assert link not in text(as_("carl").get(address))
            assert as_("ben").get(link).status_code == 200

    def test_keeps_the_measure_in_the_address(self, approved: Stage, as_: As) -> None:
        address = reverse("web:model", args=[MODEL])
        assert "Log loss by version" in text(as_("ben").get(address, {"metric": "log_loss"}))

    def test_hides_evidence_from_consumers(self, approved: Stage, as_: As) -> None:
        shown = text(as_("carl").get(reverse("web:model", args=[MODEL])))
        assert "@champion" in shown
        assert "Accuracy by version" not in shown
        assert "Edit description" not in shown

    def test_takes_as_many_queries_for_many_versions_as_for_few(
        self, ready: Stage, as_: As
    ) -> None:
        client, address = as_("ben"), reverse("web:model", args=[MODEL])
        for n in range(2):
            verbs.another(who("ada"), ready.version.model, strength=3.0 + n)
        few = queries(client, address)
        for n in range(10):
            verbs.another(who("ada"), ready.version.model, strength=20.0 + n)
        assert queries(client, address) == few

    def test_is_described_anew_by_contributors_alone(self, ready: Stage, as_: As) -> None:
        address = reverse("web:model-edit", args=[MODEL])
        changed = {"purpose": "Something else.", "licence": "BSD", "tags": "x"}
        assert as_("ben").post(address, changed).status_code == 403
        assert as_("ada").post(address, changed).status_code == 302
        assert RegisteredModel.objects.get(name=MODEL).purpose == "Something else."


class TestThePalette:
    def results(self, client: Any, query: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = client.get(reverse("web:palette"), {"q": query}).json()[
            "results"
        ]
        return found

    def test_finds_models_and_versions_by_number(self, ready: Stage, as_: As) -> None:
        client = as_("ben")
        assert self.results(client, "tum")[0]["url"] == reverse("web:model", args=[MODEL])
        (found,) = self.results(client, "tum v1")
        assert found["url"] == reverse("web:version", args=[MODEL, 1])

    @pytest.mark.parametrize("query", ["", " ", "nothing", "tum 99999999999"])
    def test_finds_nothing_where_nothing_is(self, ready: Stage, as_: As, query: str) -> None:
        assert self.results(as_("ben"), query) == []

    def test_finds_nothing_of_other_teams(self, ready: Stage, as_: As) -> None:
        assert self.results(as_("dan"), "tum") == []


def test_every_page_needs_a_sign_in(ready: Stage, client: Any) -> None:
    for name in ("home", "models", "model-new", "datasets", "dataset-new", "playground", "palette"):
        assert client.get(reverse(f"web:{name}")).status_code == 302
