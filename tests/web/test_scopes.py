"""What a version is approved for, on the pages: asked for, bounded, shown to signers."""

from django.urls import reverse

from governance.models import Review
from governance.selectors import statement_of
from tests.cast import TEAM
from tests.governance.test_scopes import BOUNDED, bounded_policy
from tests.stage import MODEL, Stage
from tests.web.conftest import As
from tests.web.test_versions import text

SUBMIT = reverse("web:version-submit", args=[MODEL, 1])


def test_the_form_offers_what_the_policy_allows(ready: Stage, as_: As) -> None:
    bounded_policy(**BOUNDED)

    page = as_("ada").get(SUBMIT).content.decode()

    assert 'value="champion, stable"' in page
    assert 'value="production"' in page


def test_what_is_asked_for_is_shown_to_signers_by_name(ready: Stage, as_: As) -> None:
    given = {
        "aliases": "stable, champion",
        "environments": "production",
        "consumers": f"person:carl\nteam:{TEAM}",
        "purpose": "Triage, never a diagnosis.",
        "traffic_share": "10",
    }

    shown = text(as_("ada").post(SUBMIT, given, follow=True))

    assert statement_of(Review.objects.get())["scope"]["aliases"] == ["champion", "stable"]
    for words in (
        "To be approved for",
        "production",
        "Carl",
        "Credit <small>team",
        given["purpose"],
        "at most 10 % of the calls of an alias",
    ):
        assert words in shown
    assert "Outside of this nothing is answered" in shown


def test_nothing_asked_is_everything_and_is_said_so(ready: Stage, as_: As) -> None:
    shown = text(as_("ada").post(SUBMIT, {}, follow=True))

    assert "every alias" in shown
    assert "everybody with a role in the owner team" in shown
    assert "Outside of this" not in shown


def test_what_the_policy_does_not_allow_stands_beside_its_field(ready: Stage, as_: As) -> None:
    bounded_policy(**BOUNDED)

    reply = as_("ada").post(SUBMIT, {"aliases": "shadow"})

    assert reply.status_code == 422
    assert "approves for the aliases champion, stable only" in text(reply)
    assert "aliases" in reply.context["form"].errors
    assert not Review.objects.exists()
