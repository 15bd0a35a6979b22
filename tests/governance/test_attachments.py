"""Files attached to comments, findings and answers: who attaches what, who gets it."""

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
from governance.models import Comment, FindingMove, Review
from governance.reviewing.commenting import comment
from governance.services import submit
from registry import uploads
from registry.models import Blob, Upload
from tests.cast import who
from tests.factories import verbs
from tests.factories.damage import by_force
from tests.factories.findings import found
from tests.governance.test_findings import answer, close
from tests.stage import Stage
from trust.digests import digest_of
from trust.strict_json import parse_strict

ADDRESSES = ("/attachments", "/api/v1/attachments")
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

    def test_binds_those_of_an_answer_to_its_record_and_event(self, review: Review) -> None:
        finding = found("ben", review.version)

        move = answer("ada", finding, attachments=[sent(by="ada")])

        record: Any = parse_strict(bytes(move.record))
        assert record["attachments"] == said_in(Action.FINDING_ANSWERED)["attachments"] == [NAMED]
        assert move.attachments.get().blob_id == NAMED["digest"].removeprefix("sha256:")
        close("ben", finding)
        assert "attachments" not in said_in(Action.FINDING_CLOSED)
        check_findings(review.version)

    def test_an_answer_takes_what_a_comment_takes(self, review: Review) -> None:
        finding = found("ben", review.version)

        for files, error in ((sent("a.exe", by="ada"), Invalid), (sent(), NotFound)):
            with pytest.raises(error) as refused:
                answer("ada", finding, attachments=[files])
            assert refused.value.field == "attachments"
        assert not FindingMove.objects.exists()

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
        finding = found("ben", review.version, attachments=[sent()])
        answer("ada", finding, attachments=[sent(by="ada")])
        browser = Client()
        browser.force_login(who(name).user)
        rows = Attachment.objects.values_list("pk", flat=True)
        for address in (f"{start}/{row}" for row in rows for start in ADDRESSES):
            reply: Any = browser.get(address)

            assert reply.status_code == status
            if status == 200:
                assert b"".join(reply.streaming_content) == PDF
                assert reply["Content-Disposition"] == 'attachment; filename="winter.pdf"'
                assert reply["Content-Type"] == "application/octet-stream"
                assert reply["X-Content-Type-Options"] == "nosniff"


class TestTheDatabase:
    def test_gives_an_answer_no_file_that_its_record_does_not_name(self, review: Review) -> None:
        move = answer("ada", found("ben", review.version))
        blob = Blob.objects.all()[0]

        with pytest.raises(DatabaseError, match="does not name this file"), transaction.atomic():
            Attachment.objects.create(answer=move, position=1, name="a.pdf", blob=blob, size=1)

    def test_gives_a_file_to_one_thing_alone(self, review: Review) -> None:
        move = answer("ada", found("ben", review.version), attachments=[sent(by="ada")])
        remark = comment(caller=who("ben"), review=review, body="Look.")
        row = move.attachments.get()
        both = {"answer": move, "comment": remark, "name": row.name, "blob": row.blob}

        with pytest.raises(DatabaseError, match="attachment_of_one_thing"), transaction.atomic():
            Attachment.objects.create(**both, position=1, size=row.size)

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

    def test_nor_one_of_which_the_file_of_an_answer_was_exchanged(self, ready_copy: Stage) -> None:
        version = ready_copy.version
        finding = found("ben", version, effect="condition")
        answer("ada", finding, attachments=[sent(by="ada")])
        table = "governance_attachment"
        by_force(ready_copy.database, table, f"UPDATE {table} SET name = 'summer.pdf'")

        with pytest.raises(Conflict, match="not what its row says"):
            check_findings(version)
