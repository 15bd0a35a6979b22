"""Who may submit, sign, withdraw and comment, in which state: the tables that an auditor reads."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.roles import Scope
from common.errors import Conflict, DomainError, Invalid, NotAllowed
from governance.models import Review, ReviewState
from governance.reviewing.commenting import comment
from governance.selectors import review_by_id, statement_of
from governance.services import submit, withdraw
from registry.intake import Piece
from registry.models import Status
from registry.services import show_status
from tests.cast import who
from tests.factories import verbs
from tests.stage import Stage, review_again, version_of

OK = ""
ROLE = "The policy wants a signature of"
SUBMITTERS = "Only contributors and managers"
EVERYBODY = ("ada", "ben", "cleo", "mira", "cora", "carl", "dan", "root")

MAY_SUBMIT = {name: OK if name in ("ada", "mira") else SUBMITTERS for name in EVERYBODY}
MAY_SIGN = {name: OK if name in ("ben", "cleo", "mira") else ROLE for name in EVERYBODY}
MAY_WITHDRAW = {
    name: OK if name in ("ada", "mira") else "Only whoever opened the review" for name in EVERYBODY
}
MAY_COMMENT = {
    name: OK if name in ("ada", "ben", "cleo", "mira", "cora") else "Only members"
    for name in EVERYBODY
}
CLOSED = {
    ReviewState.QUORUM: "Quorum reached",
    ReviewState.APPROVED: "Approved",
    ReviewState.CHANGES_REQUESTED: "Changes requested",
    ReviewState.REJECTED: "Rejected",
    ReviewState.WITHDRAWN: "Withdrawn",
}
SUBMITTED_FROM = {
    Status.DRAFT: OK,
    Status.CHANGES_REQUESTED: OK,
    Status.REJECTED: OK,
    Status.REVOKED: OK,
    Status.EXPIRED: OK,
    Status.APPROVED: OK,
    Status.IN_REVIEW: "In review",
    Status.QUORUM: "Quorum reached",
    Status.RETIRED: "Retired",
    Status.QUARANTINED: "Quarantined",
}


def expect(reason: str, kind: type[DomainError], act: object) -> None:
    """The act succeeds, or is refused with this kind and reason."""
    assert callable(act)
    if not reason:
        act()
        return
    with pytest.raises(kind) as refusal:
        act()
    assert reason in refusal.value.reason


def in_state(review: Review, state: ReviewState) -> Review:
    Review.objects.filter(pk=review.pk).update(state=state)
    return review_again(review)


class TestSubmit:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, ready: Stage, name: str) -> None:
        expect(
            MAY_SUBMIT[name], NotAllowed, lambda: submit(caller=who(name), version=ready.version)
        )

    def test_by_every_status(self, ready: Stage) -> None:
        assert set(SUBMITTED_FROM) == set(Status)

    @pytest.mark.parametrize("status", list(Status))
    def test_by_status(self, ready: Stage, status: Status) -> None:
        version = ready.version
        show_status(version, status)

        expect(SUBMITTED_FROM[status], Conflict, lambda: submit(caller=who("ada"), version=version))

    def test_freezes_bytes_evidence_policy_gates_and_hands(self, ready: Stage) -> None:
        version = ready.version

        statement = statement_of(submit(caller=who("ada"), version=version))

        assert statement["version_digest"] == f"sha256:{version.digest}"
        assert [e["kind"] for e in statement["evidence"]] == [
            "card",
            "evaluation",
            "explanation",
            "golden",
            "sandbox",
        ]
        assert statement["policy"]["name"] == "medium"
        assert statement["contributors"] == [str(who("ada").person_id)]
        assert statement["signers_required"] == 2
        assert ready.version.status == Status.IN_REVIEW

    def test_refuses_what_can_never_be_served(self, ready: Stage) -> None:
        model = verbs.new_model(who("ada"), "papers")
        piece = Piece(verbs.send(who("ada"), "notes.txt", b"words"), "sidecar")
        version = verbs.upload_version(
            caller=who("ada"), model=model, pieces=[piece], signature=None
        )

        with pytest.raises(Conflict, match="no model that can be served"):
            submit(caller=who("ada"), version=version)

    def test_refuses_while_an_approval_holds(self, approved: Stage) -> None:
        with pytest.raises(Conflict, match="approved already"):
            submit(caller=who("ada"), version=approved.version)

    def test_the_database_keeps_one_open_review(self, ready: Stage) -> None:
        first = submit(caller=who("ada"), version=ready.version)
        show_status(ready.version, Status.DRAFT)

        with pytest.raises(IntegrityError, match="one_open_review"), transaction.atomic():
            submit(caller=who("ada"), version=ready.version)
        assert review_again(first).state == ReviewState.OPEN

    @pytest.mark.parametrize("scope", [s for s in Scope if s != Scope.WRITE])
    def test_a_token_needs_the_scope(self, ready: Stage, scope: Scope) -> None:
        with pytest.raises(NotAllowed, match="This token may not submit"):
            submit(caller=verbs.with_scopes(who("ada"), scope.value), version=ready.version)


class TestSign:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, ready: Stage, name: str) -> None:
        review = submit(caller=who("ada"), version=ready.version)

        expect(MAY_SIGN[name], NotAllowed, lambda: verbs.put(name, review))
        assert review.signatures.count() == (MAY_SIGN[name] == OK)

    def test_by_every_state(self) -> None:
        assert {*CLOSED, ReviewState.OPEN} == set(ReviewState)

    @pytest.mark.parametrize("name", ["ada", "ben", "mira", "root"])
    @pytest.mark.parametrize("state", list(CLOSED))
    def test_by_state(self, ready: Stage, name: str, state: ReviewState) -> None:
        review = in_state(submit(caller=who("ada"), version=ready.version), state)

        with pytest.raises(NotAllowed, match=f"closed for signatures: {CLOSED[state]}"):
            verbs.put(name, review)

    @pytest.mark.parametrize("state", list(CLOSED))
    def test_a_stale_page_does_not_reopen_a_closed_review(
        self, ready: Stage, state: ReviewState
    ) -> None:
        shown = submit(caller=who("ada"), version=ready.version)
        in_state(shown, state)

        with pytest.raises(NotAllowed, match="closed for signatures"):
            verbs.put("ben", shown)

    @pytest.mark.parametrize("scope", [s for s in Scope if s != Scope.SIGN])
    def test_a_token_needs_the_scope(self, ready: Stage, scope: Scope) -> None:
        review = submit(caller=who("ada"), version=ready.version)

        with pytest.raises(NotAllowed, match="This token may not sign"):
            verbs.put("ben", review, caller=verbs.with_scopes(who("ben"), scope.value))

    def test_one_person_signs_once(self, ready: Stage) -> None:
        review = submit(caller=who("ada"), version=ready.version)
        verbs.put("ben", review)

        with pytest.raises(NotAllowed, match="signed this statement already"):
            verbs.put("ben", review)

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"decision": "maybe"}, "decision"),
            ({"reason": "   "}, "reason"),
            ({"reason": "x" * 4001}, "reason"),
        ],
    )
    def test_names_the_field(self, ready: Stage, wishes: dict[str, Any], field: str) -> None:
        review = submit(caller=who("ada"), version=ready.version)

        with pytest.raises(Invalid) as refusal:
            verbs.put("ben", review, **wishes)

        assert refusal.value.field == field

    @pytest.mark.parametrize("count", [0, 1])
    def test_the_last_signature_reaches_the_quorum_and_no_earlier_one(
        self, ready: Stage, count: int
    ) -> None:
        review = verbs.signed(ready.version, ["ben", "cleo"][:count])
        assert review.state == ReviewState.OPEN

        rest = ["ben", "cleo"][count:]
        for name in rest:
            verbs.put(name, review)

        assert review_again(review).state == ReviewState.QUORUM
        assert ready.version.status == Status.QUORUM

    @pytest.mark.parametrize(
        ("decision", "state", "status"),
        [
            ("reject", ReviewState.REJECTED, Status.REJECTED),
            ("request_changes", ReviewState.CHANGES_REQUESTED, Status.CHANGES_REQUESTED),
        ],
    )
    def test_one_no_ends_the_review_whoever_approved_before(
        self, ready: Stage, decision: str, state: ReviewState, status: Status
    ) -> None:
        review = verbs.signed(ready.version, ["ben"])

        verbs.put("cleo", review, decision=decision)

        assert review_again(review).state == state
        assert ready.version.status == status
        with pytest.raises(NotAllowed, match="closed"):
            verbs.put("mira", review)

    def test_after_a_rejection_a_new_review_starts_without_signatures(self, ready: Stage) -> None:
        first = verbs.signed(ready.version, ["ben"])
        verbs.put("cleo", first, decision="reject")

        second = verbs.signed(ready.version, [])

        assert second.statement_digest != first.statement_digest
        assert not second.signatures.exists()
        verbs.put("ben", second)


class TestWithdraw:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, ready: Stage, name: str) -> None:
        review = submit(caller=who("ada"), version=ready.version)

        expect(MAY_WITHDRAW[name], NotAllowed, lambda: withdraw(caller=who(name), review=review))

    @pytest.mark.parametrize("state", list(ReviewState))
    def test_by_state(self, ready: Stage, state: ReviewState) -> None:
        review = in_state(submit(caller=who("ada"), version=ready.version), state)
        still_open = state in (ReviewState.OPEN, ReviewState.QUORUM)

        expect(
            OK if still_open else "closed already",
            Conflict,
            lambda: withdraw(caller=who("ada"), review=review),
        )

    def test_the_signatures_of_a_withdrawn_review_do_not_count_again(self, ready: Stage) -> None:
        first = verbs.signed(ready.version, ["ben"])
        withdraw(caller=who("ada"), review=first)

        again = verbs.signed(ready.version, ["cleo"])

        assert again.state == ReviewState.OPEN
        assert ready.version.status == Status.IN_REVIEW


class TestComment:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, ready: Stage, name: str) -> None:
        review = submit(caller=who("ada"), version=ready.version)

        expect(
            MAY_COMMENT[name],
            NotAllowed,
            lambda: comment(caller=who(name), review=review, body="Why four columns?"),
        )

    @pytest.mark.parametrize(
        ("wishes", "field"),
        [
            ({"body": " "}, "body"),
            ({"body": "x" * 4001}, "body"),
            ({"body": "Here.", "anchor": "metric:beauty"}, "anchor"),
        ],
    )
    def test_names_the_field(self, ready: Stage, wishes: dict[str, Any], field: str) -> None:
        review = submit(caller=who("ada"), version=ready.version)

        with pytest.raises(Invalid) as refusal:
            comment(caller=who("ben"), review=review, **wishes)

        assert refusal.value.field == field

    def test_stands_at_a_gate(self, ready: Stage) -> None:
        review = submit(caller=who("ada"), version=ready.version)

        made = comment(caller=who("ben"), review=review, body="Low.", anchor="metric:accuracy")

        assert made.anchor == "metric:accuracy"


@pytest.mark.parametrize("name", ["dan", "carl", "root"])
def test_a_review_is_hidden_from_who_reads_no_evidence(ready: Stage, name: str) -> None:
    review = submit(caller=who("ada"), version=version_of("tumours", 1))

    with pytest.raises(DomainError, match="no such review"):
        review_by_id(who(name), review.pk)
