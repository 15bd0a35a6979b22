"""Threads of comments on the review's page."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from governance.models import Review
from governance.services import submit
from tests.cast import user_of, who
from tests.factories import verbs
from tests.factories.findings import in_days
from tests.stage import MODEL, Stage
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


class TestFiles:
    def test_are_attached_without_script_and_listed_where_they_were_said(
        self, review: Review, as_: As
    ) -> None:
        files = [SimpleUploadedFile("Winter rows (2).csv", b"1,2\n")]
        address = reverse("web:review-comment", args=[review.pk])

        as_("ben").post(address, {"body": "Winter?", "attachments-bytes": files})

        row = review.comments.get().attachments.get()
        assert row.name == "Winter-rows-2-.csv"
        assert f'href="{reverse("web:attachment", args=[row.pk])}"' in page_of(as_("ada"), review)

    def test_one_that_is_refused_stays_beside_its_comment(self, review: Review, as_: As) -> None:
        address = reverse("web:review-comment", args=[review.pk])
        upload = verbs.send(who("ben"), "winter.pdf", b"no pdf")

        reply = as_("ben").post(address, {"body": "Winter?", "attachments": [str(upload)]})

        shown = reply.content.decode()
        assert reply.status_code == 422
        assert "winter.pdf does not begin like a .pdf file." in shown
        assert f'value="{upload}" checked' in shown
        assert "Winter?" in shown

    def test_are_attached_to_a_reply_too(self, review: Review, as_: As) -> None:
        address = reverse("web:review-comment", args=[review.pk])
        as_("ben").post(address, {"body": "Winter?"})
        first = review.comments.get()
        form = page_of(as_("ada"), review)
        ids = re.findall(r'type="file" name="attachments-bytes"|id="([^"]+)" type="file"', form)
        assert f"reply-{first.pk}-attachments" in ids
        assert len(ids) == len(set(ids))

        files = [SimpleUploadedFile("rows.csv", b"1,2\n")]
        as_("ada").post(
            address, {"body": "Here.", "reply_to": first.pk, "attachments-bytes": files}
        )

        row = review.comments.get(parent=first).attachments.get()
        assert row.name == "rows.csv"
        assert f'href="{reverse("web:attachment", args=[row.pk])}"' in page_of(as_("ben"), review)

    def test_one_that_is_refused_stays_beside_its_reply(self, review: Review, as_: As) -> None:
        address = reverse("web:review-comment", args=[review.pk])
        as_("ben").post(address, {"body": "Winter?"})
        upload = verbs.send(who("ada"), "winter.pdf", b"no pdf")
        said = {"body": "Here.", "reply_to": review.comments.get().pk}

        reply = as_("ada").post(address, said | {"attachments": [str(upload)]})

        shown = reply.content.decode()
        assert reply.status_code == 422
        told, kept = shown.index("winter.pdf does not begin"), f'value="{upload}" checked'
        assert shown.count(kept) == 1
        assert told < shown.index(kept) < shown.index('id="comment"')

    def test_of_a_finding_stand_on_its_page(self, ready: Stage, as_: As) -> None:
        address = reverse("web:finding-new", args=[MODEL, ready.version.number])
        upload = verbs.send(who("ben"), "winter.pdf", b"%PDF-1")
        said = {
            "effect": "condition",
            "severity": "low",
            "text": "Winter.",
            "owner": str(user_of("ada").person_id),
            "due_on": in_days(9).isoformat(),
        }

        page = as_("ben").post(address, said | {"attachments": [str(upload)]}, follow=True)

        assert "winter.pdf" in page.content.decode()
