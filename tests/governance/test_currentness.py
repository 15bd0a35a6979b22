"""A signature is for what was shown: whatever changed since the submission stops it, by name."""

from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django import Settings

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict, Invalid, NotAllowed
from governance.models import ReviewState
from governance.services import submit, withdraw
from registry.models import ModelVersion
from registry.services import add_evidence, edit_card
from tests.cast import password_of, who
from tests.factories import tiny, verbs
from tests.stage import Stage, review_again


def newer(kind: str) -> Callable[[ModelVersion], object]:
    def add(version: ModelVersion) -> object:
        report = tiny.reports_on(version)[kind] | {"note": "measured again"}
        return add_evidence(version=version, kind=kind, document=report)

    return add


def new_card(version: ModelVersion) -> object:
    return edit_card(caller=who("ada"), version=version, content=tiny.CARD | {"caveats": "New."})


def worse(version: ModelVersion) -> object:
    report = tiny.reports_on(version)["evaluation"]
    low = report["metrics"]["accuracy"] | {"value": 0.1}
    report["metrics"] = report["metrics"] | {"accuracy": low}
    return add_evidence(version=version, kind="evaluation", document=report)


def new_admission(version: ModelVersion) -> object:
    return add_evidence(version=version, kind="sandbox", document={"ok": False, "level": "none"})


CHANGES: dict[str, tuple[Callable[[ModelVersion], object], str]] = {
    "a new evaluation": (newer("evaluation"), "evidence"),
    "other golden rows": (newer("golden"), "evidence"),
    "a new explanation": (newer("explanation"), "evidence"),
    "a new card": (new_card, "evidence"),
    "a worse evaluation": (worse, "evidence, gates"),
    "another admission": (new_admission, "evidence, gates"),
}


class TestAnApproval:
    @pytest.mark.parametrize("change", list(CHANGES))
    def test_is_refused_after(self, ready: Stage, change: str) -> None:
        act, names = CHANGES[change]
        review = verbs.signed(ready.version, ["ben"])
        act(ready.version)

        with pytest.raises(Conflict) as refusal:
            verbs.put("cleo", review)

        assert f"this has changed: {names}." in refusal.value.reason
        assert review_again(review).state == ReviewState.OPEN

    def test_is_given_anew_after_a_new_submission(self, ready: Stage) -> None:
        review = verbs.signed(ready.version, ["ben"])
        new_card(ready.version)
        withdraw(caller=who("ada"), review=review)

        again = verbs.signed(ready.version, ["ben", "cleo"])

        assert again.state == ReviewState.QUORUM

    def test_a_no_needs_no_unchanged_evidence(self, ready: Stage) -> None:
        review = verbs.signed(ready.version, [])
        new_card(ready.version)

        verbs.put("ben", review, decision="reject")

        assert review_again(review).state == ReviewState.REJECTED

    @pytest.mark.parametrize("shown", ["", "sha256:" + "0" * 64, "0" * 64, "x"])
    def test_is_refused_under_another_statement(self, ready: Stage, shown: str) -> None:
        review = submit(caller=who("ada"), version=ready.version)

        with pytest.raises(Conflict, match="not the statement that was shown"):
            verbs.put("ben", review, statement_digest=shown)

    def test_of_one_review_cannot_be_sent_again_to_another(self, ready: Stage) -> None:
        first = submit(caller=who("ada"), version=ready.version)
        withdraw(caller=who("ada"), review=first)
        second = submit(caller=who("ada"), version=ready.version)

        with pytest.raises(Conflict, match="not the statement that was shown"):
            verbs.put("ben", second, statement_digest=f"sha256:{first.statement_digest}")

    def test_is_refused_while_a_required_gate_has_not_passed(self, ready: Stage) -> None:
        bare = verbs.another(who("ada"), ready.version.model, strength=0.5)
        review = submit(caller=who("ada"), version=bare)

        with pytest.raises(Conflict) as refusal:
            verbs.put("ben", review)

        assert "not passed: evaluation, explanation, golden, card" in refusal.value.reason


class TestThePassword:
    def refused(self, stage: Stage, password: str) -> str:
        review = stage.version.reviews.first() or submit(caller=who("ada"), version=stage.version)
        with pytest.raises(Exception, match="password") as refusal:
            verbs.put("ben", review, password=password)
        assert not review.signatures.exists()
        return type(refusal.value).__name__

    @pytest.mark.parametrize("password", ["wrong", "ada keeps a long secret", " "])
    def test_a_wrong_one_signs_nothing_and_stands_in_the_log(
        self, ready: Stage, password: str
    ) -> None:
        assert self.refused(ready, password) == NotAllowed.__name__

        event = AuditEvent.objects.get(action=Action.PASSWORD_REFUSED.value)
        assert event.user_id == who("ben").user.pk
        assert event.payload == {}

    def test_none_at_all_signs_nothing_and_is_no_guess(
        self, ready: Stage, settings: Settings
    ) -> None:
        settings.PASSWORD_TRIES = 1
        for _ in range(3):
            assert self.refused(ready, "") == Invalid.__name__
        assert not AuditEvent.objects.filter(action=Action.PASSWORD_REFUSED.value).exists()

        verbs.put("ben", ready.version.reviews.get())

    def test_guessing_is_stopped_even_for_the_right_one(
        self, ready: Stage, settings: Settings
    ) -> None:
        settings.PASSWORD_TRIES = 2
        tries = [self.refused(ready, guess) for guess in ("a", "b", "c", password_of("ben"))]

        assert tries == ["NotAllowed", "NotAllowed", "TooManyTries", "TooManyTries"]

    def test_the_guesses_at_one_login_do_not_lock_another(
        self, ready: Stage, settings: Settings
    ) -> None:
        settings.PASSWORD_TRIES = 1
        self.refused(ready, "wrong")

        verbs.put("cleo", ready.version.reviews.get())

    def test_a_right_one_forgets_the_wrong_ones_before(self, ready: Stage) -> None:
        self.refused(ready, "wrong")
        review = ready.version.reviews.get()

        verbs.put("ben", review)

        assert review.signatures.count() == 1

    def test_who_may_not_sign_learns_nothing_about_his_password(self, ready: Stage) -> None:
        review = submit(caller=who("ada"), version=ready.version)

        with pytest.raises(NotAllowed, match="The policy wants a signature"):
            verbs.put("carl", review, password="wrong")
        assert not AuditEvent.objects.filter(action=Action.PASSWORD_REFUSED.value).exists()

    def test_no_table_keeps_it(self, ready: Stage) -> None:
        wrong = "an unlikely wrong password"
        self.refused(ready, wrong)
        verbs.put("ben", ready.version.reviews.get())

        assert [hit for text in (wrong, password_of("ben")) for hit in _tables_with(text)] == []


def _tables_with(text: str) -> list[str]:
    """Tables in which a row holds the text, plainly or as bytes."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            where = "t::text LIKE %s OR t::text LIKE %s"
            cursor.execute(
                f"SELECT count(*) FROM {table} t WHERE {where}",
                [f"%{text}%", f"%{text.encode().hex()}%"],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def test_the_search_of_the_tables_finds_what_is_there(ready: Stage) -> None:
    verbs.signed(ready.version, ["ben"])

    assert "governance_signature" in _tables_with(verbs.REASON)
    assert "audit_auditevent" not in _tables_with(verbs.REASON)
