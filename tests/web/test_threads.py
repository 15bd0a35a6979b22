"""Threads of comments on the review's page."""

import pytest
from django.urls import reverse

from governance.models import Review
from governance.services import submit
from tests.cast import who
from tests.stage import Stage
from tests.web.conftest import As
from tests.web.test_reviews import page_of


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review."""
    return submit(caller=who("ada"), version=ready.version)


class TestThreads:
    def test_are_replied_to_resolved_and_opened_again_where_they_stand(
        self, review: Review, as_: As
    ) -> None:
        address = reverse("web:review-comment", args=[review.pk])
        as_("ben").post(address, {"body": "Winter?", "anchor": "figure:roc_curve"})
        first = review.comments.get()
        acts = {
            act: reverse(f"web:thread-{act}", args=[review.pk, first.pk])
            for act in ("resolve", "reopen")
        }

        reply = as_("ada").post(address, {"body": "Added.", "reply_to": first.pk})
        assert "#c-" in reply["Location"]
        shown = page_of(as_("ada"), review)
        assert "on: ROC curve" in shown
        assert "1 open thread" in shown
        assert acts["resolve"] not in shown
        as_("ben").post(acts["resolve"])
        assert "open thread" not in page_of(as_("ben"), review)
        refused = as_("ada").post(address, {"body": "More.", "reply_to": first.pk})
        assert refused.status_code == 422
        as_("ben").post(acts["reopen"])
        assert acts["resolve"] in page_of(as_("ben"), review)

    def test_an_empty_reply_is_refused_where_it_was_written(self, review: Review, as_: As) -> None:
        address = reverse("web:review-comment", args=[review.pk])
        as_("ben").post(address, {"body": "Winter?"})

        reply = as_("ada").post(address, {"body": "", "reply_to": review.comments.get().pk})

        assert reply.status_code == 422
        assert 'id="reply-err"' in reply.content.decode()
