"""Waivers in a browser: a gate is waived on its version's page, and the pages stay accessible."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from governance.models import Waiver
from registry.models import ModelVersion
from tests.browser.conftest import OpenAs, Site
from tests.cast import password_of, who
from tests.factories import verbs
from tests.factories.waivers import REASON, give, in_days, strict_policy
from tests.stage import MODEL

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow(seconds=30),
    pytest.mark.usefixtures("untraced"),
]


@pytest.fixture
def version(site: Site) -> ModelVersion:
    """A second version, whose accuracy is below the limit of a policy that lets it be waived."""
    ada = who("ada")
    strict_policy()
    version = verbs.another(ada, site.stage.version.model, strength=0.5)
    return verbs.make_ready(ada, version, strength=0.5)


def test_the_pages_keep_what_every_page_promises(
    site: Site, open_as: OpenAs, version: ModelVersion
) -> None:
    page = open_as("ben")
    address = reverse("web:version", args=[MODEL, version.number])
    site.look_at(page, reverse("web:version-waive", args=[MODEL, version.number]))
    waiver = give("ben", version)
    site.look_at(page, address)
    site.look_at(page, reverse("web:waiver-withdraw", args=[MODEL, version.number, waiver.pk]))

    review = verbs.signed(version)
    site.look_at(page, reverse("web:review", args=[review.pk]))
    # That page loads itself anew as soon as the notary has signed.
    page.goto("about:blank")
    assert site.stage.notary_round() == 1

    site.look_at(page, reverse("web:review", args=[review.pk]))
    site.look_at(page, address)


def test_a_gate_is_waived_where_it_stands(
    site: Site, open_as: OpenAs, version: ModelVersion
) -> None:
    page = open_as("ben")
    page.goto(f"{site.url}{reverse('web:version', args=[MODEL, version.number])}")
    page.get_by_role("link", name="Waive this gate").click()
    expect(page.get_by_role("radio", name="the policy wants at least 0.9999")).to_be_checked()
    page.get_by_label("Reason").fill(REASON)
    page.get_by_label("Ends on").fill(in_days(30).isoformat())
    page.get_by_label("Your password").fill(password_of("ben"))
    page.get_by_role("button", name="Sign the waiver").click()

    expect(page.locator("#gates")).to_contain_text("Failed, but waived")
    assert Waiver.objects.get().printed_name == "Ben"
    page.get_by_role("link", name="Withdraw the waiver").click()
    page.get_by_label("Reason").fill("Too long.")
    page.get_by_role("button", name="Withdraw the waiver").click()

    expect(page.get_by_role("link", name="Waive this gate")).to_be_visible()
