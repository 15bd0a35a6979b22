"""What a validator and a keeper of the log who are new here read, and where it leads them."""

import html
import re

from django.test import Client
from django.urls import reverse

from compliance.retention.selectors import Thing
from compliance.retention.services import place_hold
from governance.policy.documents import DEFAULTS
from governance.services import submit
from tests.cast import who
from tests.factories.elsewhere import SHEET, a_sheet, declared, policy_for_sheets, validated
from tests.factories.policies import publish_policy
from tests.factories.validations import drafted, finished
from tests.stage import MODEL, Stage
from tests.web.conftest import As


def shown(client: Client, name: str, *args: object) -> str:
    """The text of a page that must be there."""
    reply = client.get(reverse(name, args=args))
    assert reply.status_code == 200
    return html.unescape(reply.content.decode())


def wanting_a_report() -> None:
    """A policy of the model's tier that wants a validation report."""
    document = DEFAULTS["medium"].as_dict() | {"validation_report": True}
    publish_policy(
        caller=who("root"), name="validated", tier="medium", team=None, document=document
    )


class TestTheGateOfAValidationReport:
    def test_leads_to_where_one_is_written_and_later_to_the_report(
        self, ready: Stage, as_: As
    ) -> None:
        wanting_a_report()
        review = submit(caller=who("ada"), version=ready.version)
        writing = f'href="{reverse("web:review", args=[review.pk])}#validation"'
        assert writing in shown(as_("ben"), "web:version", MODEL, 1)
        drafted("ben", review)
        assert writing in shown(as_("ben"), "web:version", MODEL, 1)
        report = finished("cleo", review)
        page = shown(as_("ben"), "web:version", MODEL, 1)
        assert writing not in page
        assert f'<a class="btn" href="{reverse("web:validation", args=[report.pk])}">' in page

    def test_leads_nowhere_before_there_is_a_review(self, ready: Stage, as_: As) -> None:
        wanting_a_report()
        measures = f'<a class="btn" href="{reverse("web:version-evaluation", args=[MODEL, 1])}">'
        page = shown(as_("ada"), "web:version", MODEL, 1)
        gate = page.split("There is no validation report of this version.")[1]
        assert measures in page
        assert measures not in gate.split("</li>")[0]


def test_every_place_that_a_review_leads_to_is_on_its_page(ready: Stage, as_: As) -> None:
    policy_for_sheets(validation_report=True)
    review = submit(caller=who("ada"), version=validated(declared(a_sheet())))
    page = shown(as_("ben"), "web:review", review.pk)
    places = set(re.findall(r'href="#([\w-]+)"', page))
    assert "validation" in places
    assert {place for place in places if f'id="{place}"' not in page} == set()


def test_the_age_of_evidence_is_said_as_people_say_it(ready: Stage, as_: As) -> None:
    policy_for_sheets(evidence_days=365)
    review = submit(caller=who("ada"), version=validated(declared(a_sheet())))
    page = shown(as_("ben"), "web:review", review.pk)
    assert not re.search(r">[^<]*\d{4}-\d\d-\d\dT[^<]*limit", page)
    assert re.search(r"\d \w+ \d{4}, \d\d:\d\d UTC · limit 365", page)
    page = shown(as_("ben"), "web:version", SHEET, 1)
    assert f'href="{reverse("web:version-evaluation", args=[SHEET, 1])}">Open' not in page


def test_a_review_counts_one_gate_as_one_and_names_roles_as_all_pages_do(
    ready: Stage, as_: As
) -> None:
    wanting_a_report()
    review = submit(caller=who("ada"), version=ready.version)
    page = shown(as_("ben"), "web:review", review.pk)
    assert "1 needs attention" in page
    assert "<small>Reviewer, Manager</small>" in page
    drafted("ben", review)
    assert "saved 1 time ·" in shown(as_("ben"), "web:validation-write", review.pk)


def test_a_model_leads_to_its_entry_where_it_is_said_to_be_run_elsewhere(
    ready: Stage, as_: As
) -> None:
    entry = f'href="{reverse("web:entry", args=[MODEL])}"'
    assert entry in shown(as_("ada"), "web:model", MODEL)
    assert entry not in shown(as_("carl"), "web:model", MODEL)


def test_a_draft_of_a_policy_is_shown_as_a_form_before_it_has_a_name(ready: Stage, as_: As) -> None:
    publish = as_("root").get(reverse("web:policy-publish"))
    text = publish.context["form"]["document"].value()
    sent = {"name": "", "tier": "low", "team": "", "document": text}
    reply = as_("root").post(reverse("web:policy-draft"), sent)
    assert reply.status_code == 200
    assert "A policy as a form" in reply.content.decode()


class TestTheTimeMachine:
    def test_shows_of_a_person_the_reports_and_the_holds(self, ready: Stage, as_: As) -> None:
        finished("ben", submit(caller=who("ada"), version=ready.version))
        place_hold(
            caller=who("cora"),
            thing=Thing("model", ready.version.model),
            reference="7",
            reason="C.",
        )
        for person, act in {
            "ben": "finished a validation report",
            "cora": "placed a legal",
        }.items():
            page = as_("cora").get(reverse("web:past-person"), {"person": person})
            assert act in html.unescape(page.content.decode())

    def test_says_when_a_model_came_as_people_say_it(self, ready: Stage, as_: As) -> None:
        asked = {"model": MODEL, "alias": "champion", "at": "2020-01-01"}
        page = as_("cora").get(reverse("web:past"), asked).content.decode()
        assert f"it was on {ready.version.model.created_at:%Y-%m-%d %H:%M} UTC." in page
