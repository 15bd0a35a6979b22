"""Findings on the pages: raised, answered and judged by those who may, shown where they count."""

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.services import deactivate_user
from governance.findings.records import state_of
from governance.findings.services import amend_finding
from governance.models import Finding, Review, ReviewState
from governance.services import submit
from tests.cast import user_of, who
from tests.factories import verbs
from tests.factories.findings import TEXT, again, annex_now, found, in_days
from tests.stage import MODEL, Stage, review_again
from tests.web.conftest import As
from tests.web.test_reviews import page_of, sign

NEW = reverse("web:finding-new", args=[MODEL, 1])


def text_of(client: Client, address: str, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == 200, response.content
    return html.unescape(response.content.decode())


def post(client: Client, **wishes: str) -> Any:
    """The form as a reviewer fills it."""
    given = {
        "effect": "blocking",
        "severity": "high",
        "anchor": "metric:accuracy",
        "text": TEXT,
        "owner": str(user_of("ada").person_id),
        "due_on": in_days(20).isoformat(),
    }
    return client.post(NEW, given | wishes)


class TestRaising:
    def test_a_reviewer_raises_one_at_the_gate_he_came_from(self, ready: Stage, as_: As) -> None:
        ben = as_("ben")
        assert '<option value="metric:accuracy" selected>' in text_of(
            ben, NEW, anchor="metric:accuracy"
        )

        reply = post(ben)

        finding = Finding.objects.get()
        assert reply["Location"] == reverse("web:finding", args=[finding.pk])
        assert (finding.anchor, finding.text, finding.owner.name) == (
            "metric:accuracy",
            TEXT,
            "Ada",
        )

    @pytest.mark.parametrize(
        ("wishes", "said"),
        [
            ({"text": ""}, "This field is required"),
            ({"anchor": "metric:beauty"}, "metric:beauty is not one of the available choices"),
            ({"owner": "nobody"}, "nobody is not one of the available choices"),
            ({"due_on": "2001-01-01"}, "It is due today or later"),
            ({"due_on": "soon"}, "Enter a valid date"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_written(
        self, ready: Stage, as_: As, wishes: dict[str, str], said: str
    ) -> None:
        reply = post(as_("ben"), **wishes)

        assert reply.status_code == 422
        shown = html.unescape(reply.content.decode())
        assert said in shown
        assert wishes.get("text", TEXT) in shown
        assert not Finding.objects.exists()

    @pytest.mark.parametrize(("name", "status"), [("ada", 403), ("carl", 403), ("dan", 404)])
    def test_nobody_else_reaches_the_form(
        self, ready: Stage, as_: As, name: str, status: int
    ) -> None:
        assert as_(name).get(NEW).status_code == status


class TestOneFinding:
    def test_its_owner_answers_with_evidence_and_a_reviewer_closes_it(
        self, ready: Stage, as_: As
    ) -> None:
        finding = found("ben", ready.version)
        card = f"sha256:{ready.version.cards.get().digest}"
        answer, close, reopen = (
            reverse(f"web:finding-{verb}", args=[finding.pk])
            for verb in ("answer", "close", "reopen")
        )

        as_("ada").post(answer, {"text": "Measured in winter.", "evidence": [card]})
        assert state_of(again(finding)) == "answered"
        assert again(finding).moves.get().evidence == [card]
        as_("cleo").post(close, {"text": "It holds."})
        assert state_of(again(finding)) == "closed"
        as_("mira").post(reopen, {"text": "Not in January."})

        shown = text_of(as_("ben"), reverse("web:finding", args=[finding.pk]))
        for words in (TEXT, "Measured in winter.", "It holds.", "Not in January."):
            assert words in shown

    def test_says_why_one_may_not(self, ready: Stage, as_: As) -> None:
        address = reverse("web:finding", args=[found("ben", ready.version).pk])

        assert "Only the owner of the finding" in text_of(as_("ben"), address)
        assert "Only reviewers, managers and compliance" in text_of(as_("ada"), address)

    def test_an_answer_brings_files_which_wait_where_it_is_refused(
        self, ready: Stage, as_: As
    ) -> None:
        finding, ada = found("ben", ready.version), as_("ada")
        address = reverse("web:finding-answer", args=[finding.pk])
        page = reverse("web:finding", args=[finding.pk])
        assert 'name="attachments-bytes"' in text_of(ada, page)
        file = SimpleUploadedFile("winter.csv", b"1,2\n")

        refused = ada.post(address, {"text": " ", "attachments-bytes": file})

        assert refused.status_code == 422
        (upload,) = re.findall(r'name="attachments" value="([^"]+)"', refused.content.decode())
        assert ada.post(address, {"text": "Shown.", "attachments": upload}).status_code == 302
        file_of = again(finding).moves.get().attachments.get()
        assert file_of.name == "winter.csv"
        assert reverse("web:attachment", args=[file_of.pk]) in text_of(as_("ben"), page)

    def test_a_reviewer_gives_it_another_owner_and_day(self, ready: Stage, as_: As) -> None:
        finding, ben = found("ben", ready.version), as_("ben")
        page = reverse("web:finding", args=[finding.pk])
        assert f'value="{in_days(30).isoformat()}"' in text_of(ben, page)

        reply = ben.post(
            reverse("web:finding-amend", args=[finding.pk]),
            {
                "owner": str(user_of("mira").person_id),
                "due_on": in_days(40).isoformat(),
                "text": "Ada is away.",
                "revision": "1",
            },
        )

        assert reply["Location"] == page
        shown = text_of(as_("mira"), page)
        for words in (
            "gave it from Ada to Mira",
            f"moved the day from {in_days(30)} to {in_days(40)}",
            "Ada is away.",
        ):
            assert words in shown
        assert "Mira" in text_of(ben, reverse("web:findings"))
        assert "F-1" not in text_of(as_("ada"), reverse("web:findings"), waiting="on")

    @pytest.mark.parametrize(
        ("wishes", "said", "status"),
        [
            ({"text": " "}, "This field is required", 422),
            ({"due_on": "2001-01-01"}, "It is due today or later", 422),
            ({"owner": "nobody"}, "nobody is not one of the available choices", 422),
            ({}, "It has this owner and this day already", 422),
            ({"revision": "2", "text": "Mira.", "due_on": "2001-01-01"}, "load the finding", 412),
        ],
    )
    def test_an_amendment_says_what_is_wrong_with_it(
        self, ready: Stage, as_: As, wishes: dict[str, str], said: str, status: int
    ) -> None:
        finding = found("ben", ready.version)
        given = {
            "owner": str(user_of("ada").person_id),
            "due_on": in_days(30).isoformat(),
            "text": "Ada is away.",
            "revision": "1",
        }

        reply = as_("ben").post(reverse("web:finding-amend", args=[finding.pk]), given | wishes)

        assert reply.status_code == status
        assert said in html.unescape(reply.content.decode())
        assert not again(finding).amendments.exists()

    def test_who_has_left_is_still_shown_as_who_answers(self, ready: Stage, as_: As) -> None:
        finding = found("ben", ready.version)
        deactivate_user(caller=who("root"), user=user_of("ada"))

        shown = text_of(as_("ben"), reverse("web:finding", args=[finding.pk]))

        assert f'<option value="{finding.owner_id}" selected>Ada' in shown

    def test_an_empty_word_is_refused_beside_its_field(self, ready: Stage, as_: As) -> None:
        finding = found("ben", ready.version)

        reply = as_("ben").post(reverse("web:finding-close", args=[finding.pk]), {"text": " "})

        assert reply.status_code == 422
        assert state_of(again(finding)) == "open"

    @pytest.mark.parametrize("verb", ["answer", "close", "reopen", "amend"])
    def test_nothing_is_said_by_following_a_link(self, ready: Stage, as_: As, verb: str) -> None:
        finding = found("ben", ready.version)

        reply = as_("ben").get(reverse(f"web:finding-{verb}", args=[finding.pk]))

        assert reply["Location"] == reverse("web:finding", args=[finding.pk])

    @pytest.mark.parametrize("name", ["carl", "dan"])
    def test_is_hidden_from_who_reads_no_evidence(self, ready: Stage, as_: As, name: str) -> None:
        address = reverse("web:finding", args=[found("ben", ready.version).pk])

        assert as_(name).get(address).status_code == 404


class TestTheList:
    def test_filters_by_state_effect_and_who_waits(self, ready: Stage, as_: As) -> None:
        found("ben", ready.version, text="First of all.")
        found("ben", ready.version, effect="condition", text="And then.")
        address = reverse("web:findings")

        assert "First of all." in text_of(as_("ada"), address, waiting="on")
        assert "First of all." not in text_of(as_("ben"), address, waiting="on")
        shown = text_of(as_("ben"), address, effect="condition", state="open")
        assert "And then." in shown
        assert "First of all." not in shown
        assert "No finding matches" in text_of(as_("ben"), address, state="overdue")

    def test_says_how_to_begin(self, ready: Stage, as_: As) -> None:
        assert "No finding was raised yet" in text_of(as_("ben"), reverse("web:findings"))

    def test_asks_no_query_for_each(self, ready: Stage, as_: As) -> None:
        version = ready.version

        def queries(rows: int) -> int:
            for number in range(Finding.objects.count(), rows):
                found("ben", version, text=f"Point {number}.")
            with CaptureQueriesContext(connection) as seen:
                text_of(as_("ben"), reverse("web:findings"))
            return len(seen)

        assert queries(2) == queries(12)


class TestTheReview:
    def test_shows_what_blocks_at_its_gate_and_before_the_signature(
        self, ready: Stage, as_: As
    ) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        finding = found("ben", ready.version, anchor="metric:accuracy")

        shown = page_of(as_("cleo"), review)

        assert shown.count(reverse("web:finding", args=[finding.pk])) >= 3
        assert "These findings must be closed before anybody can approve" in shown
        assert f"{NEW}?anchor=metric:accuracy" in shown
        assert f"{NEW}?anchor" not in page_of(as_("ada"), review)

    def test_who_signs_is_shown_the_conditions_and_accepts_them(
        self, ready: Stage, as_: As
    ) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        found("cleo", ready.version, effect="condition")
        ben = as_("ben")

        shown = page_of(ben, review)
        assert "you accept these open conditions" in shown
        assert f'name="annex_digest" value="{annex_now(ready.version)}"' in shown
        behind = sign(ben, review)
        assert behind.status_code == 409
        assert "not the open conditions that were shown" in behind.content.decode()
        assert sign(ben, review, annex_digest=annex_now(ready.version)).status_code == 302
        assert "Accepted conditions: F-1" in page_of(ben, review)

    def test_waits_for_a_signer_again_when_a_condition_has_come(
        self, ready: Stage, as_: As
    ) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        verbs.put("ben", review)
        home, wanted = reverse("web:home"), reverse("web:review", args=[review.pk])
        assert wanted not in text_of(as_("ben"), home)

        found("cleo", ready.version, effect="condition")

        assert wanted in text_of(as_("ben"), home)
        assert wanted in text_of(as_("ben"), reverse("web:reviews"), waiting="on")

    def test_a_page_with_many_findings_asks_no_more_queries(self, ready: Stage, as_: As) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        page_of(as_("cleo"), review)  # The first look is written down.

        def queries(rows: int) -> int:
            for number in range(Finding.objects.count(), rows):
                found("ben", review.version, text=f"Point {number}.", effect="condition")
            with CaptureQueriesContext(connection) as seen:
                page_of(as_("cleo"), review)
            return len(seen)

        assert queries(2) == queries(12)


class TestBesideTheApproval:
    def test_stand_the_conditions_and_whether_they_are_overdue(
        self, ready_copy: Stage, as_: As, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        version = ready_copy.version
        review = submit(caller=who("ada"), version=version)
        finding = found(
            "ben", version, effect="condition", due_on=in_days(0), text="Watch it in winter."
        )
        for name in ("ben", "cleo"):
            verbs.put(name, review, annex_digest=annex_now(version))
        assert ready_copy.notary_round() == 1
        assert review_again(review).state == ReviewState.APPROVED
        monkeypatch.setattr("governance.findings.records.today", lambda: in_days(1))
        monkeypatch.setattr("governance.findings.selectors.today", lambda: in_days(1))

        shown = [
            text_of(as_("mira"), reverse("web:version", args=[MODEL, 1])),
            page_of(as_("mira"), Review.objects.get(pk=review.pk)),
        ]

        for page in shown:
            assert "Given under these conditions" in page
            assert "Overdue" in page
        assert "Overdue findings" in text_of(as_("mira"), reverse("web:home"))
        amend_finding(
            caller=who("ben"),
            finding=finding,
            revision=1,
            text="Ada is away.",
            owner=user_of("mira").person_id,
        )
        shown_now = page_of(as_("mira"), Review.objects.get(pk=review.pk))
        assert f"signed with Ada, due on {in_days(0)}" in shown_now
        on_its_page = text_of(as_("ben"), reverse("web:finding", args=[finding.pk]))
        assert f"was signed with {in_days(0)} as the day of this condition" in on_its_page
