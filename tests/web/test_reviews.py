"""Reviews: what each person sees, and what signing on the page promises."""

import hashlib
import html
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from governance.models import Review, ReviewState, Signature
from governance.services import submit
from registry.models import ModelVersion
from registry.services import edit_card
from tests.cast import password_of, who
from tests.factories import tiny, verbs
from tests.stage import MODEL, Stage, review_again
from tests.web.conftest import As


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review of the one version."""
    return submit(caller=who("ada"), version=ready.version)


def touched_by_mira(stage: Stage) -> Review:
    """A review of a version whose card was edited by somebody who may sign otherwise."""
    card = tiny.CARD | {"contact": "Mira."}
    edit_card(caller=who("mira"), version=stage.version, content=card)
    return submit(caller=who("ada"), version=stage.version)


def page_of(client: Client, review: Review, **query: str) -> str:
    """The text of the review's page."""
    response = client.get(reverse("web:review", args=[review.pk]), query)
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def sign(client: Client, review: Review, **wishes: Any) -> Any:
    """Post the decision panel as a person fills it; None leaves a field out."""
    given = {
        "statement_digest": f"sha256:{review.statement_digest}",
        "last_comment": "0",
        "decision": "approve",
        "reason": "Read all of it.",
        "attested": "on",
        "password": password_of("ben"),
    } | wishes
    fields = {name: value for name, value in given.items() if value is not None}
    return client.post(reverse("web:review-sign", args=[review.pk]), fields)


class TestTheList:
    def test_shows_the_reviews_of_ones_teams(self, review: Review, as_: As) -> None:
        assert f"{MODEL} v1" in as_("ben").get(reverse("web:reviews")).content.decode()

    @pytest.mark.parametrize("username", ["dan", "carl"])
    def test_is_empty_for_strangers_and_consumers(
        self, review: Review, as_: As, username: str
    ) -> None:
        shown = as_(username).get(reverse("web:reviews")).content.decode()
        assert f"{MODEL} v1" not in shown
        assert "Open a version and submit it" in shown

    def test_sends_whoever_is_not_signed_in_to_the_sign_in_page(self, ready: Stage) -> None:
        response = Client().get(reverse("web:reviews"))
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))

    def test_keeps_its_filters_in_the_address(self, review: Review, as_: As) -> None:
        client, address = as_("ben"), reverse("web:reviews")
        assert f"{MODEL} v1" in client.get(address, {"state": "open"}).content.decode()
        shown = client.get(address, {"state": "rejected"}).content.decode()
        assert f"{MODEL} v1" not in shown
        assert "No review matches" in shown

    def test_can_show_what_one_may_still_sign(self, review: Review, as_: As) -> None:
        address = reverse("web:reviews")
        wanted = {"waiting": "on"}
        assert f"{MODEL} v1" in as_("ben").get(address, wanted).content.decode()
        assert f"{MODEL} v1" not in as_("ada").get(address, wanted).content.decode()
        verbs.put("ben", review)
        assert f"{MODEL} v1" not in as_("ben").get(address, wanted).content.decode()

    def test_asks_no_more_queries_for_thirty_rows_than_for_three(
        self, ready: Stage, as_: As
    ) -> None:
        client, model = as_("ben"), ready.version.model

        def queries(rows: int) -> int:
            for number in range(Review.objects.count(), rows):
                version = verbs.another(who("ada"), model, strength=2.0 + number)
                verbs.put("ben", submit(caller=who("ada"), version=version), decision="reject")
            with CaptureQueriesContext(
                connection,
            ) as seen:
                assert client.get(reverse("web:reviews")).status_code == 200
            return len(seen)

        assert queries(3) == queries(30)

    def test_goes_on_after_the_last_row_of_a_page(self, ready: Stage, as_: As) -> None:
        model = ready.version.model
        for number in range(31):
            version = verbs.another(who("ada"), model, strength=2.0 + number)
            submit(caller=who("ada"), version=version)
        first = as_("ben").get(reverse("web:reviews"))
        second = as_("ben").get(reverse("web:reviews"), {"after": first.context["listing"].next})
        pages = [{row.pk for row in r.context["listing"].rows} for r in (first, second)]
        assert [len(page) for page in pages] == [30, 1]
        assert not pages[0] & pages[1]

    @pytest.mark.parametrize("after", ["x", "2026-01-01T00:00:00+00:00~x", "2026~\x00", "~"])
    def test_refuses_a_page_that_does_not_exist(self, ready: Stage, as_: As, after: str) -> None:
        assert as_("ben").get(reverse("web:reviews"), {"after": after}).status_code == 422


class TestThePage:
    def test_is_hidden_from_strangers_and_consumers(self, review: Review, as_: As) -> None:
        for username in ("dan", "carl"):
            response = as_(username).get(reverse("web:review", args=[review.pk]))
            assert response.status_code == 404

    def test_says_for_each_gate_what_was_measured_and_why(self, review: Review, as_: As) -> None:
        shown = page_of(as_("ben"), review)
        value = tiny.reports()["evaluation"]["metrics"]["accuracy"]["value"]
        assert f"The value is {value:.4g}; the policy wants at least 0.8." in shown
        assert "All required fields are filled." in shown

    def test_shows_the_figures_of_the_report_that_the_statement_names(
        self, review: Review, as_: As
    ) -> None:
        report = tiny.reports()["evaluation"]
        shown = page_of(as_("ben"), review)
        for name in ("accuracy", "f1_macro", "roc_auc", "log_loss"):
            assert f"<b>{report['metrics'][name]['value']:.3f}</b>" in shown
        (caught, missed) = report["confusion_matrix"][0]
        assert f"<b>{caught}</b>" in shown
        assert f"<b>{missed}</b>" in shown

    def test_shows_shap_curves_card_files_and_contributors(self, review: Review, as_: As) -> None:
        shown = page_of(as_("ben"), review)
        for words in (
            "SHAP values by feature",
            "ROC curve",
            "Calibration",
            tiny.CARD["limitations"],
            "model.onnx",
            "uploaded it",
        ):
            assert words in shown

    def test_has_nothing_chosen_in_the_decision_panel(self, review: Review, as_: As) -> None:
        shown = page_of(as_("ben"), review)
        assert shown.count('name="decision"') == 3
        panel = shown[shown.index('id="decision"') : shown.index('id="sign"')]
        assert " checked" not in panel

    def test_tells_a_contributor_why_there_is_no_panel(self, ready: Stage, as_: As) -> None:
        shown = page_of(as_("mira"), touched_by_mira(ready))
        assert 'name="decision"' not in shown
        assert "You are a contributor to this version (edited its card)" in shown

    def test_tells_who_has_no_signing_role(self, review: Review, as_: As) -> None:
        shown = page_of(as_("cora"), review)
        assert "The policy wants a signature of: reviewer, manager." in shown

    def test_says_when_something_changed_since_the_submission(
        self, ready: Stage, review: Review, as_: As
    ) -> None:
        card = tiny.CARD | {"contact": ""}
        edit_card(caller=who("ada"), version=ready.version, content=card)
        shown = page_of(as_("ben"), review)
        assert "Since the submission this has changed: evidence, gates." in shown
        assert "Now: Still empty: contact." in shown

    def test_shows_the_card_of_the_statement_after_a_newer_revision(
        self, ready: Stage, review: Review, as_: As
    ) -> None:
        card = tiny.CARD | {"limitations": "Another text."}
        edit_card(caller=who("ada"), version=ready.version, content=card)
        shown = page_of(as_("ben"), review)
        assert tiny.CARD["limitations"] in shown
        assert "Another text." not in shown

    def test_shows_the_differences_from_the_champion(self, approved: Stage, as_: As) -> None:
        child = verbs.another(who("ada"), approved.version.model, strength=0.1)
        review = submit(caller=who("ada"), version=child)
        assert "Changes from v1" in page_of(as_("ben"), review)

    def test_hands_out_the_bytes_whose_digest_is_signed(self, review: Review, as_: As) -> None:
        body = as_("ben").get(reverse("web:review-statement", args=[review.pk])).content
        assert hashlib.sha256(body).hexdigest() == review.statement_digest

    def test_hands_out_the_approval(self, approved: Stage, as_: As) -> None:
        approval = approved.approval
        address = reverse("web:review-approval", args=[approval.review_id])
        assert as_("ben").get(address).content == bytes(approval.envelope)
        shown = page_of(as_("ben"), approval.review)
        assert str(approval.pk) in shown
        assert approval.envelope_digest in shown

    def test_has_no_approval_to_hand_out_before_there_is_one(self, review: Review, as_: As) -> None:
        address = reverse("web:review-approval", args=[review.pk])
        assert as_("ben").get(address).status_code == 404

    def test_follows_the_notary_by_itself(self, review: Review, as_: As) -> None:
        address = reverse("web:review", args=[review.pk])
        same = as_("ben").get(address, {"known": review.state})
        assert (same.status_code, same.headers.get("HX-Refresh")) == (204, None)
        other = as_("ben").get(address, {"known": ReviewState.QUORUM})
        assert other.headers["HX-Refresh"] == "true"


class TestSigning:
    def test_keeps_a_signature_of_the_statement_that_was_shown(
        self, review: Review, as_: As
    ) -> None:
        response = sign(as_("ben"), review)
        assert response.status_code == 302
        signature = Signature.objects.get(review=review)
        assert signature.statement_digest == review.statement_digest
        assert (signature.printed_name, signature.reason) == ("Ben", "Read all of it.")

    def test_lists_name_role_meaning_reason_and_method(self, review: Review, as_: As) -> None:
        sign(as_("ben"), review)
        shown = page_of(as_("cora"), review)
        for words in ("Ben", "Reviewer", "I have read the evidence", "Read all", "password"):
            assert words in shown

    def test_keeps_everything_but_the_password_when_that_is_wrong(
        self, review: Review, as_: As
    ) -> None:
        response = sign(as_("ben"), review, password="wrong", reason="A long thought.")
        shown = html.unescape(response.content.decode())
        assert response.status_code == 422
        assert "The password is wrong; nothing was done." in shown
        assert "A long thought.</textarea>" in shown
        assert 'value="approve" required data-label="Sign approval"' in shown
        assert response.context["chosen"] == "approve"
        assert 'wrong"' not in shown
        assert not Signature.objects.exists()

    def test_pauses_after_too_many_wrong_passwords(self, review: Review, as_: As) -> None:
        client = as_("ben")
        tries = [sign(client, review, password="wrong").status_code for _ in range(6)]
        assert tries == [422] * 5 + [429]

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("decision", None, "Choose a decision."),
            ("decision", "perhaps", "The decision is approve, request_changes or reject."),
            ("reason", "", "Give a reason."),
            ("reason", "   ", "Give a reason."),
            ("reason", "x" * 4001, "at most 4000"),
            ("attested", None, "Confirm that you read the evidence."),
        ],
    )
    def test_names_the_field_at_fault(
        self, review: Review, as_: As, field: str, value: str | None, words: str
    ) -> None:
        response = sign(as_("ben"), review, **{field: value})
        assert response.status_code == 422
        assert words in html.unescape(response.content.decode())
        assert not Signature.objects.exists()

    def test_asks_for_the_password_in_a_second_step(self, review: Review, as_: As) -> None:
        response = sign(as_("ben"), review, password="")
        assert response.status_code == 200
        assert '<dialog id="sign" aria-labelledby="sign-h" open>' in response.content.decode()

    def test_refuses_a_contributor_with_the_reason(self, ready: Stage, as_: As) -> None:
        response = sign(as_("mira"), touched_by_mira(ready), password=password_of("mira"))
        assert response.status_code == 403
        assert "You are a contributor to this version" in response.content.decode()
        assert AuditEvent.objects.filter(action="access.refused").exists()

    def test_stops_when_a_comment_arrived_meanwhile(self, review: Review, as_: As) -> None:
        client = as_("cora")
        client.post(reverse("web:review-comment", args=[review.pk]), {"body": "Wait."})
        response = sign(as_("ben"), review)
        assert response.status_code == 409
        assert "New comments arrived" in response.content.decode()
        assert not Signature.objects.exists()

    def test_stops_when_the_evidence_changed_meanwhile(
        self, ready: Stage, review: Review, as_: As
    ) -> None:
        card = tiny.CARD | {"contact": "Others."}
        edit_card(caller=who("ada"), version=ready.version, content=card)
        response = sign(as_("ben"), review)
        assert response.status_code == 409
        assert "Since the submission this has changed: evidence" in response.content.decode()

    def test_stops_when_another_statement_was_shown(self, review: Review, as_: As) -> None:
        response = sign(as_("ben"), review, statement_digest="sha256:" + "0" * 64)
        assert response.status_code == 409
        assert not Signature.objects.exists()

    def test_closes_the_review_with_a_rejection(self, review: Review, as_: As) -> None:
        sign(as_("ben"), review, decision="reject")
        assert review_again(review).state == ReviewState.REJECTED

    def test_is_never_done_by_following_a_link(self, review: Review, as_: As) -> None:
        response = as_("ben").get(reverse("web:review-sign", args=[review.pk]))
        assert response["Location"] == reverse("web:review", args=[review.pk])


class TestCommenting:
    def test_stands_at_its_gate(self, review: Review, as_: As) -> None:
        address = reverse("web:review-comment", args=[review.pk])
        said = {"body": "How was this split?", "anchor": "metric:accuracy"}
        assert as_("ben").post(address, said).status_code == 302
        shown = page_of(as_("ada"), review)
        assert "How was this split?" in shown
        assert "on: Accuracy" in shown
        assert "Comment (1 so far)" in shown

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"body": " "}, "Write something."),
            (
                {"body": "x", "anchor": "none"},
                "There is no such gate, section or figure in this review.",
            ),
            ({"body": "x" * 4001}, "at most 4000"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_the_text(
        self, review: Review, as_: As, said: dict[str, str], words: str
    ) -> None:
        response = as_("ben").post(reverse("web:review-comment", args=[review.pk]), said)
        assert response.status_code == 422
        assert words in html.unescape(response.content.decode())
        assert not review.comments.exists()

    def test_shows_markup_as_text(self, review: Review, as_: As) -> None:
        address = reverse("web:review-comment", args=[review.pk])
        as_("ben").post(address, {"body": "<script>alert(1)</script>"})
        shown = as_("ada").get(reverse("web:review", args=[review.pk])).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


class TestWithdrawing:
    def test_is_offered_to_whoever_opened_it(self, review: Review, as_: As) -> None:
        assert as_("ada").post(reverse("web:review-withdraw", args=[review.pk])).status_code == 302
        assert review_again(review).state == ReviewState.WITHDRAWN

    def test_is_refused_to_others_with_the_reason(self, review: Review, as_: As) -> None:
        response = as_("ben").post(reverse("web:review-withdraw", args=[review.pk]))
        assert response.status_code == 403
        assert "Only whoever opened the review" in response.content.decode()
        assert 'data-open="withdraw"' not in page_of(as_("ben"), review)


def test_the_page_of_a_version_without_reports_says_what_is_missing(ready: Stage, as_: As) -> None:
    bare: ModelVersion = verbs.another(who("ada"), ready.version.model, strength=9.0)
    shown = page_of(as_("ben"), submit(caller=who("ada"), version=bare))
    assert "There is no evaluation of this version." in shown
    assert "There is no model card." in shown
