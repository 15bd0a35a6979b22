"""The time machine on pages."""

import html
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.services import create_team
from audit.models import AuditEvent
from registry.models import DatasetSnapshot, RegisteredModel
from tests.cast import give, the_team, user_of, who
from tests.retention.deleting import rule
from tests.stage import MODEL, Stage
from tests.web.conftest import As


def text(response: Any) -> str:
    """The page as its reader sees it."""
    return html.unescape(response.content.decode())


def test_an_alias_is_shown_with_everybody_and_everything_behind_it(
    approved: Stage, as_: As
) -> None:
    shown = as_("cora").get(reverse("web:past"), {"model": MODEL, "alias": "champion"})
    assert shown.status_code == 200
    page = text(shown)
    for said in (f"{MODEL} v1", "Ben", "Cleo", "Mira: It is the first.", "password"):
        assert said in page
    digests = [entry["digest"] for entry in shown.context["then"].behind.evidence]
    assert len(digests) == 5
    assert all(f'title="{digest}"' in page for digest in digests)
    assert [entry.action for entry in shown.context["told"]] == [
        "alias.moved",
        "version.approved",
    ]


def test_an_administrator_reads_it_without_links_to_what_he_may_not_open(
    approved: Stage, as_: As
) -> None:
    page = text(as_("root").get(reverse("web:past"), {"model": MODEL, "alias": "champion"}))
    assert f"{MODEL} v1" in page
    assert f'href="/models/{MODEL}' not in page


def test_what_did_not_exist_then_is_said_to_be_unknown(approved: Stage, as_: As) -> None:
    asked = {"model": MODEL, "alias": "champion", "at": "2020-01-01"}
    page = text(as_("cora").get(reverse("web:past"), asked))
    assert "This model was not registered at that time" in page
    assert "Not set" in page


@pytest.mark.parametrize(
    ("page", "query", "field"),
    [
        ("past", {"model": "none", "alias": "champion"}, "model"),
        ("past", {"model": MODEL, "alias": "latest"}, "alias"),
        ("past", {"model": MODEL, "alias": "champion", "at": "2999-01-01"}, "at"),
        ("past", {"model": MODEL, "alias": "champion", "at": "soon"}, "at"),
        ("past", {"model": MODEL}, "alias"),
        ("past-person", {"person": "nobody at all"}, "person"),
        ("past-dataset", {"digest": "abc"}, "digest"),
        ("past-dataset", {"digest": "0" * 64}, "digest"),
    ],
)
def test_a_question_is_refused_with_the_field_at_fault(
    approved: Stage, as_: As, page: str, query: dict[str, str], field: str
) -> None:
    response = as_("cora").get(reverse(f"web:{page}"), query)
    assert response.status_code in (404, 422)
    assert list(response.context["form"].errors) == [field]


def test_a_person_is_shown_with_meaning_reason_and_record(approved: Stage, as_: As) -> None:
    shown = as_("cora").get(reverse("web:past-person"), {"person": "ben"})
    ((entry, act),) = shown.context["lines"]
    assert entry.text == "Ben signed a review"
    assert (entry.subject.name, entry.subject.text) == ("review", f"{MODEL} v1")
    assert entry.subject.url == reverse("web:review", args=[approved.approval.review_id])
    assert act.said["meaning"] in text(shown)
    assert f'title="{act.digest}"' in text(shown)
    nothing = text(as_("cora").get(reverse("web:past-person"), {"person": "carl"}))
    assert "This person has signed nothing that you may see." in nothing


def test_a_dataset_is_shown_with_each_decision(approved: Stage, as_: As) -> None:
    digest = DatasetSnapshot.objects.get(name="tumours").blob_id
    shown = as_("cora").get(reverse("web:past-dataset"), {"digest": f"sha256:{digest}"})
    assert [used.kind for used, _, _ in shown.context["uses"]][:2] == ["approval", "review"]
    assert "measured on" in text(shown)
    assert "the notary" in text(shown)


@pytest.mark.parametrize("page", ["past", "past-person", "past-dataset"])
def test_without_a_question_a_page_says_what_it_answers(
    approved: Stage, as_: As, page: str
) -> None:
    response = as_("cora").get(reverse(f"web:{page}"))
    assert response.status_code == 200
    assert 'class="empty-state"' in text(response)


def test_readers_of_the_evidence_alone_are_offered_aliases_and_models_alone(
    approved: Stage, as_: As
) -> None:
    response = as_("ada").get(reverse("web:past"), {"model": MODEL, "alias": "champion"})
    assert response.context["then"].state == "live"
    offered = [tab["url"] for tab in response.context["tabs"]]
    assert offered == [reverse("web:past"), reverse("web:past-model")]
    assert as_("ada").get(reverse("web:past-person")).status_code == 403


class TestNamesOfModels:
    """Are suggested to whoever may ask about them, and to nobody else."""

    @pytest.mark.parametrize("page", ["past", "past-model"])
    def test_in_the_time_machine(self, approved: Stage, as_: As, page: str) -> None:
        option = f'<option value="{MODEL}">'
        for name in ("ada", "cora", "root"):
            assert option in text(as_(name).get(reverse(f"web:{page}")))
        for name in ("carl", "dan"):
            assert option not in text(as_(name).get(reverse(f"web:{page}")))

    @pytest.mark.parametrize("page", ["packs", "hold-new", "audit-export"])
    def test_where_something_is_asked_for_a_model(
        self, approved: Stage, as_: As, page: str
    ) -> None:
        shown = text(as_("cora").get(reverse(f"web:{page}")))
        assert 'list="id_model-names"' in shown
        assert f'<datalist id="id_model-names"><option value="{MODEL}">' in shown
        outsider_of(approved)
        assert MODEL not in text(as_("dan").get(reverse(f"web:{page}")))

    def test_by_one_query_however_many_and_two_hundred_at_most(
        self, approved: Stage, as_: As
    ) -> None:
        page, cora = reverse("web:past"), as_("cora")

        def queries() -> int:
            with CaptureQueriesContext(connection) as seen:
                cora.get(page)
            return len(seen)

        before = queries()
        team, ada = the_team(), user_of("ada")
        RegisteredModel.objects.bulk_create(
            RegisteredModel(name=f"m{n:03}", team=team, created_by=ada) for n in range(250)
        )
        assert queries() == before
        assert text(cora.get(page)).count("<option value=") == 200


def outsider_of(stage: Stage) -> None:
    """Dan is compliance of another team, which has no models."""
    other = create_team(caller=who("root"), slug="elsewhere", name="Elsewhere")
    give([("dan", "compliance")], other)


def test_an_event_says_in_words_with_what_it_shows_up(approved: Stage, as_: As) -> None:
    event = AuditEvent.objects.get(action="review.opened")
    page = text(as_("cora").get(reverse("web:audit-event", args=[event.uuid])))
    assert f'review <a href="{reverse("web:review", args=[approved.approval.review_id])}">' in page
    assert f'version <a href="{reverse("web:version", args=[MODEL, 1])}">{MODEL} v1</a>' in page
    assert f"review:{approved.approval.review_id}" not in page


def test_the_filters_of_the_log_are_in_words(approved: Stage, as_: As) -> None:
    page = text(as_("cora").get(reverse("web:audit")))
    assert "Somebody signed a review</option>" in page
    assert '<option value="user">login</option>' in page


def test_the_log_names_rules_of_retention_and_leads_to_proposals(ready: Stage, as_: As) -> None:
    proposal = rule("datasets")
    page = text(as_("root").get(reverse("web:audit")))
    assert "Medium, Rows of dataset snapshots" in page
    assert f'href="{reverse("web:proposal", args=[proposal.pk])}"' in page
