"""Whoever is closed has left at once: nothing acts, counts or waits in his name any more."""

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import ApiToken, Proposal, User
from accounts.proposals.services import propose
from accounts.selectors import usable_token
from accounts.services import create_token, deactivate_user, remove_role
from audit.models import AuditEvent
from evaluation.services import request_run
from governance.models import ReviewState
from registry.models import Status, Upload
from tests.cast import TEAM, give, password_of, the_team, user_of, who
from tests.factories import verbs
from tests.stage import Stage, review_again
from worker.models import Job


def close(name: str) -> None:
    deactivate_user(caller=who("root"), user=user_of(name))


@pytest.mark.usefixtures("ready")
class TestAClosedLogin:
    def test_has_no_session_any_more(self) -> None:
        client = Client()
        client.force_login(user_of("ben"))
        assert client.get("/api/v1/me").status_code == 200
        close("ben")
        assert client.get("/api/v1/me").status_code == 401
        assert client.get("/").status_code == 302

    def test_has_no_token_any_more(self) -> None:
        _, text = create_token(caller=who("ben"), name="x", scopes=["read"], days=3)
        close("ben")
        assert usable_token(text, now=timezone.now()) is None

    def test_has_no_open_proposal_any_more(self) -> None:
        give([("dan", "admin")])
        wish = {"team": TEAM, "grants": [{"username": "carl", "role": "reviewer"}]}
        proposal = propose(
            caller=who("dan"), kind="roles", wish=wish, reason="r", password=password_of("dan")
        )
        close("dan")
        assert Proposal.objects.get(pk=proposal.pk).state == "withdrawn"

    def test_has_no_job_and_no_upload_any_more(self, ready: Stage) -> None:
        run = request_run(
            caller=who("ada"), version=ready.version, dataset=verbs.dataset(), seed=1, resamples=100
        )
        verbs.send(who("ada"), "rows.csv", b"1,2")
        close("ada")
        assert run.job_id is not None
        assert Job.objects.get(pk=run.job_id).status == "cancelled"
        assert not Upload.objects.filter(user=user_of("ada")).exists()
        assert AuditEvent.objects.filter(action="job.cancelled", person_id=who("root").person_id)

    def test_ends_together_with_all_of_it_or_not_at_all(
        self, ready: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        create_token(caller=who("ben"), name="x", scopes=["read"], days=3)
        monkeypatch.setattr(
            "accounts.endings.ON_CLOSING", ("governance.reviewing.leaving.nothing",)
        )
        with pytest.raises(ImportError):
            close("ben")
        assert User.objects.get(username="ben").is_active
        assert ApiToken.objects.filter(user=user_of("ben"), revoked_at=None).exists()


class TestAQuorum:
    @pytest.mark.parametrize("how", ["closed", "demoted"])
    def test_falls_back_when_a_signer_is(self, how: str, ready: Stage) -> None:
        review = verbs.signed(ready.version)
        assert review.state == ReviewState.QUORUM
        if how == "closed":
            close("ben")
        else:
            remove_role(caller=who("root"), team=the_team(), user=user_of("ben"), role="reviewer")

        review = review_again(review)
        assert (review.state, review.version.status) == (ReviewState.OPEN, Status.IN_REVIEW)
        assert "A signer has left" in review.notary_note
        told = AuditEvent.objects.get(action="review.quorum_refused")
        assert told.person_id == who("root").person_id

    def test_stays_when_enough_others_have_signed(self, ready: Stage) -> None:
        review = verbs.signed(ready.version, ["ben", "cleo"])
        close("carl")
        assert review_again(review).state == ReviewState.QUORUM


SIGN_IN = "/accounts/login/"


def attempt(login: str, password: str = "wrong", client: Client | None = None) -> str:
    reply = (client or Client()).post(SIGN_IN, {"login": login, "password": password})
    return reply.content.decode()


def failed() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action="sign_in.failed").order_by("pk"))


@pytest.mark.usefixtures("ready")
class TestAFailedSignIn:
    def test_is_an_event_of_the_login_that_was_tried(self) -> None:
        attempt("BEN")
        (event,) = failed()
        assert (event.subject_type, event.subject_id) == ("user", str(user_of("ben").pk))
        assert (event.person_id, event.payload["tries"]) == (None, 1)

    def test_names_nobody_who_is_unknown_and_no_address(self) -> None:
        attempt("my-password-by-mistake")
        (event,) = failed()
        assert event.subject_type == "login"
        leaf = bytes(event.leaf)
        assert b"my-password-by-mistake" not in leaf
        assert b"127.0.0.1" not in leaf

    @override_settings(ACCOUNT_RATE_LIMITS={"login_failed": False, "login": False})
    def test_is_told_in_steps_of_ten(self) -> None:
        for _ in range(12):
            attempt("ben")
        assert [event.payload["tries"] for event in failed()] == [1, 10]

    @override_settings(ACCOUNT_RATE_LIMITS={"login_failed": False, "login": False})
    def test_floods_the_log_with_no_other_names_either(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("accounts.failures.MOST_EVENTS", 3)
        for number in range(12):
            attempt(f"nobody-{number}")
        assert [event.payload["of_all"] for event in failed()] == [1, 2, 3, 10]

    def test_too_often_pauses_the_login_says_what_to_do_and_is_an_event(self) -> None:
        said = [attempt("ben") for _ in range(7)]
        assert "Wait five minutes" in said[-1]
        assert "Wait five minutes" in attempt("ben", password_of("ben"))
        assert AuditEvent.objects.filter(action="sign_in.paused").count() == 1


def test_a_token_shows_when_and_from_where_it_was_used(ready: Stage) -> None:
    token, text = create_token(caller=who("ben"), name="x", scopes=["read"], days=3)
    client = Client(REMOTE_ADDR="192.0.2.7", HTTP_AUTHORIZATION=f"Bearer {text}")
    (row,) = client.get("/api/v1/tokens").json()["results"]
    assert (row["id"], row["last_used_address"]) == (str(token.pk), "192.0.2.7")
    assert row["last_used_at"] is not None
