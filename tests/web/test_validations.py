"""The pages on which a validation report is written and read."""

import html

import pytest
from django.urls import reverse

from governance.approvals.releases import revoke
from governance.models import Review
from governance.services import submit, withdraw
from tests.cast import password_of, who
from tests.factories import verbs
from tests.factories.validations import SECTIONS, finished
from tests.stage import MODEL, Stage
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
        assert shown.count("needed to finish") == len(SECTIONS) + 1
        assert "optional" not in shown
        assert "Give the overall rating." in shown
        assert "Few rows." in shown


class TestAReportThatSaysNotFit:
    """Shows each person what he can do about it."""

    def shown(self, who_reads: str, review: Review, as_: As, rating: str = "not_fit") -> str:
        report = finished("cora", review, rating=rating)
        page = as_(who_reads).get(reverse("web:validation", args=[report.pk]))
        return html.unescape(page.content.decode())

    def test_to_those_who_sign_and_raise_findings(self, review: Review, as_: As) -> None:
        page = self.shown("ben", review, as_)
        assert "not fit for its purpose." in page
        assert f'href="{reverse("web:review", args=[review.pk])}#decide"' in page
        assert f'href="{reverse("web:finding-new", args=[MODEL, 1])}"' in page
        assert f'href="{reverse("web:validation-write", args=[review.pk])}"' in page
        assert "Withdraw the review and submit" not in page

    def test_to_the_author_who_withdraws_and_submits_again(self, review: Review, as_: As) -> None:
        page = self.shown("ada", review, as_)
        assert "Withdraw the review and submit the version again" in page
        assert "#decide" not in page
        assert reverse("web:finding-new", args=[MODEL, 1]) not in page
        withdraw(caller=who("ada"), review=review)
        later = self.shown("ada", review, as_)
        assert f'href="{reverse("web:version-submit", args=[MODEL, 1])}"' in later

    def test_and_a_version_that_is_fit_is_called_nothing_else(
        self, review: Review, as_: As
    ) -> None:
        assert "not fit for its purpose." not in self.shown("ben", review, as_, "fit")


class TestAReviewThatIsOver:
    """Leads on: to the next submission, or to the review that came of it."""

    @pytest.mark.parametrize("ending", ["withdrawn", "changes_requested", "rejected"])
    def test_is_submitted_again_from_its_page(self, review: Review, as_: As, ending: str) -> None:
        page, again = reverse("web:review", args=[review.pk]), "Submit again"
        assert again not in as_("ada").get(page).content.decode()
        if ending == "withdrawn":
            withdraw(caller=who("ada"), review=review)
        else:
            decision = {"changes_requested": "request_changes", "rejected": "reject"}[ending]
            verbs.put("ben", review, decision=decision)

        shown = as_("ada").get(page).content.decode()

        assert again in shown
        assert f'href="{reverse("web:version-submit", args=[MODEL, 1])}"' in shown
        assert again not in as_("ben").get(page).content.decode()
        later = submit(caller=who("ada"), version=review.version)
        after = as_("ada").get(page).content.decode()
        assert again not in after
        assert f'href="{reverse("web:review", args=[later.pk])}"' in after

    def test_is_not_while_its_approval_holds(self, approved: Stage, as_: As) -> None:
        page = reverse("web:review", args=[approved.approval.review_id])
        assert "Submit again" not in as_("ada").get(page).content.decode()
        revoke(
            caller=who("cora"), version=approved.version, reason="W", password=password_of("cora")
        )
        assert "Submit again" in as_("ada").get(page).content.decode()
