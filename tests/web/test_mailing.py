"""Mail: once a day at most, to whom something new waits, and to nobody who wants none."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.validators import validate_email
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person, User
from audit.actions import Action
from audit.selectors import events
from common.errors import Invalid, NotAllowed
from governance.models import Review
from governance.reviewing.assigning import assign
from governance.services import submit
from governance.waiting.models import Mailing
from governance.waiting.services import choose_mailing
from tests.cast import user_of, who
from tests.compliance.world import run_next_job
from tests.factories import verbs
from tests.factories.findings import in_days
from tests.factories.post import Post, mail_server
from tests.stage import Stage
from tests.web.conftest import As
from web.mailing.services import ask_daily, hour_of
from worker.models import Job, Status

DAY = timedelta(days=1)


@pytest.fixture
def post() -> Iterator[Post]:
    """The mail server that the settings name."""
    with mail_server() as server:
        yield server


@pytest.fixture
def review(ready_copy: Stage) -> Review:
    """An open review that ben is asked to sign."""
    review = submit(caller=who("ada"), version=ready_copy.version)
    people = [user_of("ben").person_id]
    assign(caller=who("ada"), review=review, assignees=people, due_on=in_days(3))
    return review


def a_day(number: int = 0) -> Job:
    """The job of so many days from now, done."""
    job = ask_daily(timezone.now() + number * DAY)
    assert job is not None
    done = run_next_job()
    assert done.pk == job.pk
    return done


class TestWhatItSays:
    def test_is_what_waits_with_its_day_and_its_address(self, review: Review, post: Post) -> None:
        a_day()

        [text] = post.to("ben")
        assert text.startswith("Ben,\n")
        assert "Reviews for you to sign\n- tumours v1, by " + in_days(3).isoformat() in text
        assert f"https://assay.example.org/reviews/{review.pk}\n" in text
        assert [one["Subject"] for one in post.letters if one["To"] == "ben@example.org"] == [
            "Assay: 1 thing waits for you"
        ]
        assert post.letters[0]["Auto-Submitted"] == "auto-generated"

    def test_is_nothing_to_whoever_has_nothing_to_do(self, review: Review, post: Post) -> None:
        a_day()

        assert [post.to(name) for name in ("ada", "carl", "dan")] == [[], [], []]
        assert {one["To"] for one in post.letters} == {
            f"{name}@example.org" for name in ("ben", "cleo", "mira")
        }

    def test_stands_in_the_language_that_was_chosen(self, review: Review, post: Post) -> None:
        choose_mailing(caller=who("ben"), wanted=True, language="zh-hans")

        a_day()

        assert "等待您签名的审查" in post.to("ben")[0]
        assert "Reviews for you to sign" in post.to("cleo")[0]

    def test_the_log_says_who_was_told_how_much_and_no_address(
        self, review: Review, post: Post
    ) -> None:
        a_day()

        rows = events().filter(action=Action.PERSON_MAILED, subject_id=user_of("ben").person_id)
        [event] = rows
        assert event.payload == {"waiting": {"review": 1}, "late": 0}


class TestWhen:
    def test_once_a_day_and_not_before_the_hour(self, review: Review, post: Post) -> None:
        assert ask_daily() is not None
        assert ask_daily() is None
        assert Job.objects.filter(kind="waiting.mail").count() == 1

    @pytest.mark.parametrize(
        ("now", "due"),
        [
            ("2026-03-05T05:59:59", "2026-03-04T06:00:00"),
            ("2026-03-05T06:00:00", "2026-03-05T06:00:00"),
            ("2026-01-01T00:00:00", "2025-12-31T06:00:00"),
        ],
    )
    def test_the_hour_is_that_of_the_settings(self, now: str, due: str) -> None:
        assert hour_of(datetime.fromisoformat(now).replace(tzinfo=UTC)) == datetime.fromisoformat(
            due
        ).replace(tzinfo=UTC)

    def test_never_without_a_server(self, review: Review) -> None:
        with override_settings(EMAIL_HOST=""):
            assert ask_daily() is None

    def test_no_second_time_of_the_same(self, review: Review, post: Post) -> None:
        a_day()
        a_day(1)

        assert len(post.to("ben")) == 1

    def test_again_of_what_is_late_by_now(
        self, review: Review, post: Post, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        a_day()
        monkeypatch.setattr("governance.waiting.lines.today", lambda: in_days(4))
        a_day(1)

        assert f"overdue since {in_days(3)}" in post.to("ben")[1]
        assert len(post.to("cleo")) == 2, "it waits for her too"

    def test_again_of_everything_when_something_new_has_come(
        self, review: Review, post: Post
    ) -> None:
        a_day()
        Mailing.objects.filter(person=user_of("ben").person_id).update(told=["review:another"])
        a_day(1)

        assert len(post.to("ben")) == 2


class TestToWhom:
    def test_to_nobody_who_wants_none(self, review: Review, post: Post) -> None:
        choose_mailing(caller=who("ben"), wanted=False, language="en")

        a_day()

        assert post.to("ben") == []
        assert len(post.to("cleo")) == 1

    def test_to_nobody_without_an_address(self, review: Review, post: Post) -> None:
        Person.objects.filter(pk=user_of("ben").person_id).update(email="")

        a_day()

        assert {one["To"] for one in post.letters} == {"cleo@example.org", "mira@example.org"}

    @pytest.mark.parametrize("closed", ["person", "login"])
    def test_to_nobody_who_has_left(self, review: Review, post: Post, closed: str) -> None:
        person = user_of("ben").person_id
        if closed == "person":
            Person.objects.filter(pk=person).update(is_active=False)
        else:
            User.objects.filter(person=person).update(is_active=False)

        a_day()

        assert post.to("ben") == []

    def test_an_address_that_is_refused_keeps_nobody_else_waiting(
        self, review: Review, post: Post
    ) -> None:
        post.refused.add("ben@example.org")

        assert a_day().status == Status.SUCCEEDED

        assert len(post.to("cleo")) == 1
        post.refused.clear()
        a_day(1)
        assert len(post.to("ben")) == 1, "it was not told of, so it is tried the next day"

    def test_an_address_that_no_mail_can_name_keeps_nobody_else_waiting(
        self, review: Review, post: Post
    ) -> None:
        nowhere = f"ben@{'ß' * 63}.example"
        validate_email(nowhere)
        Person.objects.filter(pk=user_of("ben").person_id).update(email=nowhere)

        assert a_day().status == Status.SUCCEEDED

        assert {one["To"] for one in post.letters} == {"cleo@example.org", "mira@example.org"}

    def test_a_letter_that_is_refused_keeps_nobody_else_waiting(
        self, review: Review, post: Post
    ) -> None:
        post.unread.add("ben@example.org")

        assert a_day().status == Status.SUCCEEDED

        assert {one["To"] for one in post.letters} == {"cleo@example.org", "mira@example.org"}

    def test_a_server_that_is_away_fails_the_job_and_loses_nothing(
        self, review: Review, post: Post
    ) -> None:
        with override_settings(EMAIL_PORT=1):
            assert a_day().status == Status.FAILED
        a_day(1)

        assert len(post.to("ben")) == 1


class TestChoosing:
    def test_stands_on_the_profile(self, ready: Stage, as_: As, post: Post) -> None:
        ben = as_("ben")
        assert (
            "To ben@example.org; none went out yet."
            in ben.get(reverse("web:access")).content.decode()
        )

        reply = ben.post(reverse("web:mail"), {"language": "zh-hans"})

        assert reply.status_code == 302
        row = Mailing.objects.get()
        assert (row.wanted, row.language) == (False, "zh-hans")
        event = events().filter(action=Action.MAILING_CHOSEN).get()
        assert event.payload == {"wanted": False, "language": "zh-hans"}

    def test_a_wrong_language_is_said_beside_the_field(self, ready: Stage, as_: As) -> None:
        reply = as_("ben").post(reverse("web:mail"), {"wanted": "on", "language": "tlh"})

        assert reply.status_code == 422
        assert 'id="mail_language_error"' in reply.content.decode()

    def test_the_profile_says_that_no_server_is_named(self, ready: Stage, as_: As) -> None:
        text = as_("ben").get(reverse("web:access")).content.decode()
        assert "This instance sends no mail" in text

    def test_is_refused_to_a_token_and_to_a_language_that_is_not_there(self, ready: Stage) -> None:
        with pytest.raises(NotAllowed):
            choose_mailing(
                caller=verbs.with_scopes(who("ben"), "write"), wanted=True, language="en"
            )
        with pytest.raises(Invalid):
            choose_mailing(caller=who("ben"), wanted=True, language="tlh")
