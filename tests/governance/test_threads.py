"""The discussion: replies, places, threads that are resolved and opened again."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.roles import Scope
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from governance.findings.anchors import FIGURES, SECTIONS
from governance.models import Comment, Review
from governance.reviewing.commenting import (
    comment,
    comment_by_id,
    is_resolved,
    reopen,
    resolve,
)
from governance.services import submit, withdraw
from tests.cast import who
from tests.factories import verbs
from tests.governance.test_reviews import EVERYBODY, OK, expect
from tests.stage import Stage

RESOLVERS = "Only whoever wrote it, a reviewer, a manager or compliance"
MAY_RESOLVE = {n: OK if n in ("ben", "cleo", "mira", "cora") else RESOLVERS for n in EVERYBODY}


@pytest.fixture
def review(ready: Stage) -> Review:
    """An open review."""
    return submit(caller=who("ada"), version=ready.version)


@pytest.fixture
def question(review: Review) -> Comment:
    """What ben asks."""
    return comment(caller=who("ben"), review=review, body="Why four columns?")


def again(row: Comment) -> Comment:
    return comment_by_id(row.review, row.pk)


class TestReplying:
    def test_stands_under_the_first_comment_and_the_log_says_so(
        self, review: Review, question: Comment
    ) -> None:
        reply = comment(caller=who("ada"), review=review, body="They suffice.", reply_to=question)

        assert reply.parent == question
        first, second = AuditEvent.objects.filter(action=Action.REVIEW_COMMENTED.value).order_by(
            "id"
        )
        assert second.payload["reply_to"] == first.payload["comment_digest"]

    def test_one_level_deep_and_in_the_same_review(
        self, ready: Stage, review: Review, question: Comment
    ) -> None:
        reply = comment(caller=who("ada"), review=review, body="They suffice.", reply_to=question)
        withdraw(caller=who("ada"), review=review)
        other = submit(caller=who("ada"), version=ready.version)

        for where, parent in ((review, reply), (other, question)):
            with pytest.raises(Invalid, match="first comment of a thread") as refusal:
                comment(caller=who("ben"), review=where, body="No.", reply_to=parent)
            assert refusal.value.field == "reply_to"

    def test_not_in_a_thread_that_is_resolved(self, review: Review, question: Comment) -> None:
        resolve(caller=who("ben"), comment=question)

        with pytest.raises(Conflict, match="open it again first"):
            comment(caller=who("ada"), review=review, body="One more.", reply_to=again(question))

    def test_has_no_place_of_its_own(self, review: Review, question: Comment) -> None:
        with pytest.raises(Invalid) as refusal:
            comment(
                caller=who("ada"),
                review=review,
                body="Here.",
                reply_to=question,
                anchor="section:card",
            )

        assert refusal.value.field == "anchor"


class TestPlaces:
    @pytest.mark.parametrize("anchor", [*SECTIONS, *FIGURES])
    def test_is_said_at_every_section_and_figure(self, review: Review, anchor: str) -> None:
        row = comment(caller=who("ben"), review=review, body="Look here.", anchor=anchor)

        assert row.anchor == anchor
        event = AuditEvent.objects.get(action=Action.REVIEW_COMMENTED.value)
        assert event.payload["anchor"] == anchor

    @pytest.mark.parametrize("anchor", ["section:nothing", "figure:beauty", "metric:beauty"])
    def test_not_where_nothing_is(self, review: Review, anchor: str) -> None:
        with pytest.raises(Invalid, match="no such gate, section or figure"):
            comment(caller=who("ben"), review=review, body="Look here.", anchor=anchor)


class TestResolving:
    @pytest.mark.parametrize("name", EVERYBODY)
    def test_by_role(self, question: Comment, name: str) -> None:
        expect(MAY_RESOLVE[name], NotAllowed, lambda: resolve(caller=who(name), comment=question))

        assert is_resolved(again(question)) == (MAY_RESOLVE[name] == OK)

    def test_by_whoever_wrote_it(self, review: Review) -> None:
        row = comment(caller=who("ada"), review=review, body="Shall I add rows?")

        resolve(caller=who("ada"), comment=row)
        reopen(caller=who("ada"), comment=again(row))

        assert not is_resolved(again(row))
        actions = AuditEvent.objects.filter(action__startswith="thread.").order_by("id")
        assert [row.action for row in actions] == ["thread.resolved", "thread.reopened"]

    @pytest.mark.parametrize("scope", [s for s in Scope if s != Scope.WRITE])
    def test_a_token_needs_the_scope(self, question: Comment, scope: Scope) -> None:
        with pytest.raises(NotAllowed, match="This token may not resolve"):
            resolve(caller=verbs.with_scopes(who("ben"), scope.value), comment=question)

    def test_each_state_takes_its_own_move(self, review: Review, question: Comment) -> None:
        with pytest.raises(Conflict, match="is open"):
            reopen(caller=who("ben"), comment=question)
        resolve(caller=who("ben"), comment=question)
        with pytest.raises(Conflict, match="resolved already"):
            resolve(caller=who("cleo"), comment=question)

    def test_at_the_first_comment_alone(self, review: Review, question: Comment) -> None:
        reply = comment(caller=who("ben"), review=review, body="And why?", reply_to=question)

        with pytest.raises(Conflict, match="at its first comment"):
            resolve(caller=who("ben"), comment=reply)


class TestTheDatabase:
    def test_has_no_reply_to_a_reply(self, review: Review, question: Comment) -> None:
        reply = comment(caller=who("ada"), review=review, body="They suffice.", reply_to=question)

        refused = pytest.raises(DatabaseError, match="first comment of a thread")
        with refused, transaction.atomic():
            Comment.objects.create(review=review, author=question.author, body="No.", parent=reply)

    def test_keeps_what_became_of_a_thread(self, question: Comment) -> None:
        resolve(caller=who("ben"), comment=question)

        refused = pytest.raises(DatabaseError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE governance_threadmove SET resolved = false")
