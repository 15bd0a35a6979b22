"""Files attached to comments and findings: who attaches what, who gets it, and that it stays."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from pytest_django import Settings

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, DomainError, Invalid, NotFound, TooLarge
from governance.attachments.models import Attachment
from governance.findings.log import check_findings
from governance.models import Comment, Review
from governance.reviewing.commenting import comment
from governance.services import submit
from registry import uploads
from registry.models import Blob, Upload
from tests.cast import who
from tests.factories import verbs
from tests.factories.damage import by_force
from tests.factories.findings import found
from tests.stage import Stage
from trust.digests import digest_of
from trust.strict_json import parse_strict

PDF = b"%PDF-1.7 winter"
NAMED: dict[str, Any] = {"name": "winter.pdf", "digest": digest_of(PDF), "size": len(PDF)}


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review."""
    return submit(caller=who("ada"), version=ready.version)


def said_in(action: Action) -> Any:
    return AuditEvent.objects.filter(action=action.value).latest("pk").payload


def sent(name: str = "winter.pdf", body: bytes = PDF, by: str = "ben") -> Any:
    return verbs.send(who(by), name, body)


class TestAttaching:
    def test_binds_the_bytes_to_record_and_event(self, review: Review) -> None:
        remark = comment(caller=who("ben"), review=review, body="Look.", attachments=[sent()])
        finding = found("ben", review.version, attachments=[sent(), sent("a.csv", b"1,2\n")])

        assert said_in(Action.REVIEW_COMMENTED)["attachments"] == [NAMED]
        other = {"name": "a.csv", "digest": digest_of(b"1,2\n"), "size": 4}
        record: Any = parse_strict(bytes(finding.record))
        assert record["attachments"] == said_in(Action.FINDING_RAISED)["attachments"]
        assert record["attachments"] == [NAMED, other]
        assert remark.attachments.get().blob_id == NAMED["digest"].removeprefix("sha256:")
        assert not Upload.objects.exists()

    @pytest.mark.parametrize(
        ("files", "error"),
        [
            (lambda: [sent("winter.exe")], Invalid),
            (lambda: [sent("winter.png")], Invalid),
            (lambda: [sent("winter.html", b"<script>")], Invalid),
            (lambda: [sent(by="ada")], NotFound),
            (lambda: [uploads.start(caller=who("ben"), name="a.pdf", size=9).pk], Conflict),
            (lambda: [sent("long.txt", b"x" * 101)], TooLarge),
            (lambda: [sent()] * 2, Invalid),
            (lambda: [sent() for _ in range(6)], Invalid),
        ],
    )
    def test_refuses_what_is_no_evidence(
        self,
        review: Review,
        settings: Settings,
        files: Callable[[], list[Any]],
        error: type[DomainError],
    ) -> None:
        settings.MAX_ATTACHMENT_BYTES = 1000
        given = files()
        settings.MAX_ATTACHMENT_BYTES = 100

        with pytest.raises(error) as refused:
            comment(caller=who("ben"), review=review, body="Look.", attachments=given)

        assert refused.value.field == "attachments"
        assert not Comment.objects.exists()
        assert not Attachment.objects.exists()

    def test_a_refused_file_can_be_sent_again_with_other_words(self, review: Review) -> None:
        upload = sent()
        with pytest.raises(Invalid):
            comment(caller=who("ben"), review=review, body=" ", attachments=[upload])

        comment(caller=who("ben"), review=review, body="Look.", attachments=[upload])

        assert Attachment.objects.get().name == "winter.pdf"

    def test_who_only_reviews_uploads_no_more_than_may_be_attached(
        self, ready: Stage, settings: Settings
    ) -> None:
        settings.MAX_ATTACHMENT_BYTES = 100

        with pytest.raises(TooLarge):
            uploads.start(caller=who("ben"), name="winter.pdf", size=101)
        assert uploads.start(caller=who("ada"), name="winter.pdf", size=101).size == 101


class TestReading:
    @pytest.mark.parametrize(
        ("name", "status"), [("ada", 200), ("cora", 200), ("carl", 404), ("dan", 404)]
    )
    def test_is_for_who_reads_the_review_and_never_shown_in_a_browser(
        self, review: Review, name: str, status: int
    ) -> None:
        found("ben", review.version, attachments=[sent()])
        row, browser = Attachment.objects.get(), Client()
        browser.force_login(who(name).user)
        for address in (f"/attachments/{row.pk}", f"/api/v1/attachments/{row.pk}"):
            reply: Any = browser.get(address)

            assert reply.status_code == status
            if status == 200:
                assert b"".join(reply.streaming_content) == PDF
                assert reply["Content-Disposition"] == 'attachment; filename="winter.pdf"'
                assert reply["Content-Type"] == "application/octet-stream"
                assert reply["X-Content-Type-Options"] == "nosniff"


class TestTheDatabase:
    def test_gives_a_finding_no_file_that_its_record_does_not_name(self, review: Review) -> None:
        finding = found("ben", review.version)
        blob = Blob.objects.all()[0]

        with pytest.raises(DatabaseError, match="does not name this file"), transaction.atomic():
            Attachment.objects.create(finding=finding, position=1, name="a.pdf", blob=blob, size=1)

    def test_changes_none_and_removes_none(self, review: Review) -> None:
        found("ben", review.version, attachments=[sent()])
        for act in (
            lambda: Attachment.objects.update(name="other.pdf"),
            lambda: Attachment.objects.all().delete(),
        ):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                act()

    def test_the_notary_approves_no_finding_whose_file_was_exchanged(
        self, ready_copy: Stage
    ) -> None:
        version = ready_copy.version
        found("ben", version, attachments=[sent()], effect="condition")
        table = "governance_attachment"
        by_force(ready_copy.database, table, f"UPDATE {table} SET name = 'summer.pdf'")

        with pytest.raises(Conflict, match="not what its row says"):
            check_findings(version)
