"""A challenger beside the champion, in a browser: given a share, shown, and ended."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from governance.splits.models import Split
from tests.browser.conftest import OpenAs, Site
from tests.cast import who
from tests.factories import verbs
from tests.stage import MODEL

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("untraced")]


def test_a_challenger_is_given_a_share_and_it_is_ended(site: Site, open_as: OpenAs) -> None:
    rival = verbs.another(who("ada"), site.stage.version.model)
    verbs.make_ready(who("ada"), rival)
    verbs.signed(rival)
    site.stage.notary_round()
    page = open_as("mira")
    here = reverse("web:version-split", args=[MODEL, rival.number])
    site.look_at(page, here)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_label("Share of the calls").fill("5")
    page.get_by_label("Reason").fill("Look at it beside the champion.")
    page.get_by_role("button", name="Give the share").click()
    expect(page.get_by_role("status")).to_contain_text("answers 5 %")
    assert Split.objects.get().percent == 5
    for path in (
        reverse("web:model", args=[MODEL]),
        reverse("web:version", args=[MODEL, rival.number]),
        reverse("web:models"),
        reverse("web:version-split-end", args=[MODEL, rival.number]),
    ):
        site.look_at(page, path)
    page.get_by_label("Reason").fill("Seen enough.")
    page.get_by_role("button", name="End the share").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert not Split.objects.exists()
    assert site.problems == []
