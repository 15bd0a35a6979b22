"""What findings do to signatures and approvals: what blocks, and what signers accept."""

import pytest

from common.errors import Conflict, NotAllowed
from governance.findings.selectors import conditions_named
from governance.models import Approval, Review, ReviewState, Signature
from governance.services import submit
from tests.cast import who
from tests.factories import tiny, verbs
from tests.factories.damage import approved_statement
from tests.factories.findings import annex_now, found, in_days
from tests.governance.test_findings import answer, close
from tests.stage import Stage, review_again


class TestBlocking:
    def test_nobody_approves_while_it_is_open(self, ready: Stage) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        finding = found("ben", ready.version)

        with pytest.raises(Conflict, match="must be closed before an approval: F-1"):
            verbs.put("cleo", review)
        answer("ada", finding)
        with pytest.raises(Conflict, match="F-1"):
            verbs.put("cleo", review)
        close("ben", finding)
        verbs.put("cleo", review)

    @pytest.mark.parametrize("decision", ["reject", "request_changes"])
    def test_what_closes_a_review_may_still_be_signed(self, ready: Stage, decision: str) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        found("ben", ready.version)

        verbs.put("cleo", review, decision=decision)

    def test_stays_when_the_version_is_submitted_again(self, ready: Stage) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        found("ben", ready.version)
        verbs.put("cleo", review, decision="request_changes")

        again = submit(caller=who("ada"), version=ready.version)

        with pytest.raises(Conflict, match="F-1"):
            verbs.put("cleo", again)

    def test_the_notary_refuses_a_quorum_over_it_and_takes_it_once_closed(
        self, ready_copy: Stage
    ) -> None:
        review = verbs.signed(ready_copy.version)
        finding = found("mira", ready_copy.version)

        assert ready_copy.notary_round() == 0
        assert "findings that block" in review_again(review).notary_note.lower()
        assert review_again(review).state == ReviewState.OPEN
        close("mira", finding)

        assert review_again(review).state == ReviewState.QUORUM
        assert ready_copy.notary_round() == 1

    def test_the_quorum_waits_for_each_of_them(self, ready: Stage) -> None:
        review = verbs.signed(ready.version)
        first, second = (found("mira", ready.version, text=t) for t in ("One.", "Two."))
        Review.objects.filter(pk=review.pk).update(state=ReviewState.OPEN)

        close("mira", first)
        assert review_again(review).state == ReviewState.OPEN
        close("mira", second)
        assert review_again(review).state == ReviewState.QUORUM


class TestConditions:
    def test_are_shown_to_signers_and_named_by_the_approval(self, ready_copy: Stage) -> None:
        review = submit(caller=who("ada"), version=ready_copy.version)
        finding = found("ben", ready_copy.version, effect="condition")
        shown = annex_now(ready_copy.version)
        for name in ("ben", "cleo"):
            verbs.put(name, review, annex_digest=shown)

        assert ready_copy.notary_round() == 1
        approval = Approval.objects.get(version=ready_copy.version)
        named = [{"digest": f"sha256:{finding.digest}", "due_on": in_days(30).isoformat()}]
        predicate = approved_statement(bytes(approval.envelope))["predicate"]
        assert predicate["annex"] == {"conditions": named}
        assert conditions_named(approval) == named
        for signature in review.signatures.all():
            assert tiny.parsed(bytes(signature.record))["annex"] == {"conditions": named}

    @pytest.mark.parametrize("shown", ["", "sha256:" + "0" * 64])
    def test_nobody_signs_without_having_been_shown_them(self, ready: Stage, shown: str) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        found("ben", ready.version, effect="condition")

        with pytest.raises(Conflict, match="open conditions that were shown") as refusal:
            verbs.put("cleo", review, annex_digest=shown)

        assert refusal.value.field == "annex_digest"

    def test_whoever_signed_before_one_was_raised_signs_again(self, ready_copy: Stage) -> None:
        review = submit(caller=who("ada"), version=ready_copy.version)
        verbs.put("ben", review)
        found("cleo", ready_copy.version, effect="condition")
        shown = annex_now(ready_copy.version)
        verbs.put("cleo", review, annex_digest=shown)
        assert review_again(review).state == ReviewState.OPEN

        verbs.put("ben", review, annex_digest=shown)

        assert review_again(review).state == ReviewState.QUORUM
        assert ready_copy.notary_round() == 1
        with pytest.raises(NotAllowed):
            verbs.put("ben", review, annex_digest=shown)

    def test_the_notary_counts_no_signature_under_other_conditions(self, ready_copy: Stage) -> None:
        review = verbs.signed(ready_copy.version)
        found("mira", ready_copy.version, effect="condition")

        assert ready_copy.notary_round() == 0
        assert "Fewer persons" in review_again(review).notary_note

    def test_an_approval_without_any_reads_as_before(self, approved: Stage) -> None:
        predicate = approved_statement(bytes(approved.approval.envelope))["predicate"]

        assert "annex" not in predicate
        for signature in Signature.objects.all():
            assert "annex" not in tiny.parsed(bytes(signature.record))
            assert signature.annex_digest == ""

    def test_one_that_is_closed_is_accepted_by_nobody(self, ready: Stage) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        close("cleo", found("ben", ready.version, effect="condition"))

        for name in ("ben", "cleo"):
            verbs.put(name, review)
        assert review_again(review).state == ReviewState.QUORUM
