"""The pages on which a validation report is written and read."""

import pytest
from django.urls import reverse

from governance.models import Review
from governance.services import submit
from tests.cast import who
from tests.factories.validations import SECTIONS
from tests.stage import Stage
from tests.web.conftest import As


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review."""
    return submit(caller=who("ada"), version=ready.version)


class TestAReport:
    def test_write_show_and_list_a_report(self, review: Review, as_: As) -> None:
        address = reverse("web:validation-write", args=[review.pk])
        text = "<script>alert(1)</script> **bold** [bad](javascript:alert(1))"
        ben = as_("ben")
        assert ben.post(address, {"data": "Few rows.", "act": "save"}).status_code == 302
        assert "Few rows." in ben.get(address).content.decode()
        stale = ben.post(address, {"data": "Lost?", "act": "save"})
        assert stale.status_code == 412
        said = {**dict.fromkeys(SECTIONS, text), "rating": "fit", "revision": "1"}

        page = ben.post(address, said | {"act": "finish"}, follow=True).content.decode()

        assert "<strong>bold</strong>" in page
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
        listed = as_("ada").get(reverse("web:review", args=[review.pk])).content.decode()
        assert "Validation report 1" in listed
        assert "Fit for its purpose" in listed

    def test_an_unfinished_section_is_said_and_nothing_is_lost(
        self, review: Review, as_: As
    ) -> None:
        address = reverse("web:validation-write", args=[review.pk])

        page = as_("ben").post(address, {"data": "Few rows.", "act": "finish"}, follow=True)

        shown = page.content.decode()
        assert "Give the overall rating." in shown
        assert "Few rows." in shown
