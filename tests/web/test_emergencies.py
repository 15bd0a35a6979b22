"""Emergency grants on the pages: proposed, shown everywhere while in force, ended, reviewed."""

import pytest
from django.urls import reverse
from django.utils import timezone

from governance.approvals.answering import answers_of
from governance.emergencies.selectors import answering
from governance.emergencies.services import end_emergency
from governance.models import EmergencyGrant, EmergencyReview
from tests.cast import password_of, who
from tests.factories.emergencies import allow, granted, granted_template, stop
from tests.factories.factors import code_of
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from tests.web.test_versions import text

__all__ = ["granted", "granted_template"]
BANNER = "answers as champion without an approval"


def test_a_manager_proposes_one_from_the_page_of_the_version(approved: Stage, as_: As) -> None:
    allow()
    stop(approved)
    page = as_("mira")
    address = reverse("web:emergency-new", args=[MODEL, 1])
    assert address in page.get(reverse("web:version", args=[MODEL, 1])).content.decode()
    form = {"alias": "champion", "hours": "4", "reason": "Loans wait."}
    assert page.post(address, form | {"password": "x", "code": "000000"}).status_code == 422
    proof = {"password": password_of("mira"), "code": code_of("mira")}

    reply = page.post(address, form | proof, follow=True)

    assert "Emergency: let" in text(reply)
    assert not EmergencyGrant.objects.exists()


@pytest.mark.parametrize("who", ["mira", "ada", "carl"])
def test_every_page_of_the_team_warns_while_it_is_in_force(
    granted: Stage, as_: As, who: str
) -> None:
    for name in ("web:home", "web:models", "web:access", "web:policies"):
        assert BANNER in text(as_(who).get(reverse(name)))


def test_the_warning_leads_to_the_grant_whoever_may_open_it(granted: Stage, as_: As) -> None:
    address = reverse("web:proposal", args=[EmergencyGrant.objects.get().proposal_id])
    for name in ("mira", "cora"):
        assert address in text(as_(name).get(reverse("web:models")))
    assert address not in text(as_("carl").get(reverse("web:models")))


def test_nobody_else_is_warned(granted: Stage, as_: As) -> None:
    assert BANNER not in text(as_("root").get(reverse("web:home")))


def test_it_is_ended_and_reviewed_on_the_page_of_its_proposal(granted: Stage, as_: As) -> None:
    proposal = EmergencyGrant.objects.get().proposal_id
    page, shown = as_("cora"), reverse("web:proposal", args=[proposal])
    assert "Emergency grants to review" in text(page.get(reverse("web:home")))
    end, review = (reverse(f"web:emergency-{verb}", args=[proposal]) for verb in ("end", "review"))
    assert page.post(end, {"reason": ""}).status_code == 422
    assert "Ended by a person" in text(page.post(end, {"reason": "Enough."}, follow=True))
    assert BANNER not in text(page.get(reverse("web:home")))
    said = {"outcome": "not_justified", "reason": "There was time."}
    assert as_("mira").post(review, said).status_code == 403

    assert "It was not justified" in text(page.post(review, said, follow=True))

    assert EmergencyReview.objects.get().outcome == "not_justified"
    assert "Emergency grants to review" not in text(page.get(reverse("web:home")))
    assert "There was time." in text(page.get(shown))


def test_the_page_of_the_version_says_how_it_answers_and_leads_to_the_grant(
    granted: Stage, as_: As
) -> None:
    page = reverse("web:version", args=[MODEL, 1])
    address = reverse("web:proposal", args=[EmergencyGrant.objects.get().proposal_id])

    shown = text(as_("mira").get(page))

    assert "it answers by an emergency grant" in shown
    assert f'href="{address}"' in shown
    assert "In force" in shown
    assert "it answers by an emergency grant" in text(as_("ada").get(page))


def first_table(page: str) -> str:
    """The list of models, or what is live of one; the warning stands above."""
    return page.partition("<table")[2].partition("</table>")[0]


@pytest.mark.parametrize("page", ["web:models", "web:model"])
def test_what_is_live_names_the_alias_that_answers_in_emergency(
    granted: Stage, as_: As, page: str
) -> None:
    grant = EmergencyGrant.objects.select_related("attestation").get()
    address = reverse(page, args=[MODEL] if page == "web:model" else [])
    for name in ("mira", "carl"):
        table = first_table(text(as_(name).get(address)))
        assert "Emergency" in table
        assert f'datetime="{grant.attestation.not_after:%Y-%m-%dT%H:%M:%SZ}"' in table

    end_emergency(caller=who("cora"), grant=grant, reason="Enough.")

    assert "Emergency" not in first_table(text(as_("mira").get(address)))


def test_an_alias_that_an_approval_serves_is_no_emergency(approved: Stage) -> None:
    answers = answers_of([approved.version.model], now=timezone.now())
    models = [approved.version.model]
    assert answers[models[0].pk][0].served
    assert answering(answers, models, timezone.now()) == {}
