"""Coming in without both halves, or with them too late, twice, at once, under another name."""

from datetime import timedelta
from functools import partial
from http import HTTPStatus

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import Proposal, User, WayIn
from accounts.proposals.services import confirm, propose, take_back
from accounts.reauthentication import TooManyTries
from accounts.services import deactivate_user
from accounts.ways_in import services as ways_in
from accounts.ways_in.coming_in import MOST_OF_ADDRESS, WrongHalves
from accounts.ways_in.halves import new_half
from audit.models import AuditEvent
from common.errors import Conflict, NotAllowed
from tests.api.client import Api, refusal
from tests.api.house import token_of
from tests.cast import by_root_and_otto, password_of, user_of, who
from tests.factories.factors import enrol
from tests.factories.halves import NEW, Halves, come_in, half_of, way_in
from tests.factories.verbs import with_scopes
from tests.governance.test_races import at_once
from tests.stage import Stage

PAGE = "/accounts/way-in/"


def wanted(login: str, by: str = "root", kind: str = "password") -> Proposal:
    wish = {"username": login}
    return propose(caller=who(by), kind=kind, wish=wish, reason="r", password=password_of(by))


def said_yes(proposal: Proposal, by: str = "otto") -> Proposal:
    shown = f"sha256:{proposal.digest}"
    return confirm(caller=who(by), proposal=proposal, digest=shown, password=password_of(by))


def another_login_of(name: str) -> str:
    """A second one that administers the instance as well."""
    login = f"{name}-too"
    twin = User.objects.create(username=login, person=user_of(name).person, is_admin=True)
    twin.set_password(password_of(login))
    twin.save()
    return login


def has_none(login: str = "ben") -> bool:
    """Whether the login has no password still."""
    return not user_of(login).has_usable_password()


@pytest.mark.usefixtures("ready")
class TestTheHalves:
    def test_open_nothing_a_second_time(self) -> None:
        halves = way_in("ben")
        come_in("ben", halves)
        with pytest.raises(WrongHalves):
            come_in("ben", halves, password="what the thief of the paper wants")
        assert user_of("ben").check_password(NEW)

    def test_open_no_other_login(self) -> None:
        halves = way_in("ben")
        way_in("cleo")
        for login in ("cleo", "root", "nobody"):
            with pytest.raises(WrongHalves):
                come_in(login, halves)
        assert has_none("cleo")

    def test_do_not_mix_with_those_of_another_way_in(self) -> None:
        mine, hers = way_in("ben"), way_in("cleo")
        for login in ("ben", "cleo"):
            with pytest.raises(WrongHalves):
                come_in(login, mine, second=hers.second)

    def test_are_two_and_not_one_given_twice(self) -> None:
        halves = way_in("ben")
        with pytest.raises(WrongHalves):
            come_in("ben", halves, second=halves.first)
        assert has_none()

    def test_open_nothing_after_their_day(self, monkeypatch: pytest.MonkeyPatch) -> None:
        halves = way_in("ben")
        later = timezone.now() + timedelta(hours=ways_in.HOURS, seconds=1)
        monkeypatch.setattr(timezone, "now", lambda: later)
        with pytest.raises(WrongHalves):
            come_in("ben", halves)
        assert has_none()

    def test_are_none_of_a_proposal_that_was_withdrawn(self) -> None:
        proposal = take_back(caller=who("root"), proposal=wanted("ben"))
        with pytest.raises(Conflict, match="closed"):
            said_yes(proposal)
        for name in ("root", "otto"):
            with pytest.raises((Conflict, NotAllowed)):
                half_of(name, proposal)
        assert user_of("ben").check_password(password_of("ben"))

    def test_open_nothing_once_the_way_in_was_withdrawn(self) -> None:
        halves = way_in("ben")
        ways_in.end_way_in(caller=who("otto"), proposal=halves.proposal)
        with pytest.raises(WrongHalves):
            come_in("ben", halves)
        assert has_none()

    def test_open_no_login_that_was_closed_meanwhile(self) -> None:
        halves = way_in("ben")
        deactivate_user(caller=who("root"), user=user_of("ben"))
        with pytest.raises(WrongHalves):
            come_in("ben", halves)

    def test_do_not_replace_the_authenticator_app(self) -> None:
        enrol("ben")
        halves = way_in("ben")
        for number in range(ways_in.MOST_TRIES):
            cache.clear()
            with pytest.raises(NotAllowed):
                come_in("ben", halves, code=f"{number:06}")
        cache.clear()
        with pytest.raises(WrongHalves):
            come_in("ben", halves, code="000000")
        assert has_none()


@pytest.mark.usefixtures("ready")
class TestOnePersonAlone:
    def test_does_not_confirm_by_a_second_login_what_he_proposed(self) -> None:
        login = another_login_of("root")
        with pytest.raises(NotAllowed, match="another person must confirm"):
            said_yes(wanted("ben"), login)

    def test_gets_no_second_half_by_a_second_login(self) -> None:
        login = another_login_of("root")
        proposal = said_yes(wanted("ben"))
        half_of("root", proposal)
        with pytest.raises(Conflict, match="shown already"):
            half_of(login, proposal)

    def test_is_not_one_of_the_two_for_himself(self) -> None:
        by_root_and_otto("administrator", "cora")
        login = another_login_of("cora")
        for name in ("cora", login):
            with pytest.raises(NotAllowed, match="about you"):
                wanted("cora", by=name)
            with pytest.raises(NotAllowed, match="about you"):
                said_yes(wanted("cora"), name)

    def test_does_not_come_in_by_his_half_and_a_guess(self) -> None:
        halves = way_in("ben")
        for _number in range(ways_in.MOST_TRIES):
            cache.clear()
            with pytest.raises(WrongHalves):
                come_in("ben", halves, second=new_half())
        cache.clear()
        with pytest.raises(WrongHalves):
            come_in("ben", halves)
        assert has_none()
        ended = AuditEvent.objects.get(action="way_in.ended")
        assert (ended.payload["why"], ended.person_id) == ("tries", None)

    def test_does_not_take_his_half_by_a_stolen_token_or_without_the_scope(self) -> None:
        proposal = said_yes(wanted("ben"))
        weak = with_scopes(who("root"), "read", "sign")
        with pytest.raises(NotAllowed):
            ways_in.take_half(caller=weak, proposal=proposal, password=password_of("root"))
        api = Api(token_of(who("root"))[1])
        reply = api.send("POST", f"/proposals/{proposal.pk}/half", {"password": "a guess"})
        assert refusal(reply, HTTPStatus.FORBIDDEN)["field"] == "password"

    def test_cannot_take_away_the_way_in_of_another_by_guessing(self) -> None:
        """Nobody without a half uses up its tries: he pauses himself, and the login for minutes."""
        halves = way_in("ben")
        for _number in range(3 * ways_in.MOST_TRIES):
            cache.clear()
            with pytest.raises(WrongHalves):
                come_in("ben", halves, first=new_half(), second=new_half())
        cache.clear()
        come_in("ben", halves)


class TestGuesses:
    def test_pause_the_login_whether_there_is_one_or_not(self, ready: Stage) -> None:
        halves = way_in("ben")
        for login in ("cleo", "nobody"):
            for number in range(settings.PASSWORD_TRIES):
                with pytest.raises(WrongHalves):
                    come_in(login, halves, address=f"10.0.0.{number}")
            with pytest.raises(TooManyTries):
                come_in(login, halves, address="10.0.1.1")

    def test_pause_the_address_whatever_the_logins(self, ready: Stage) -> None:
        halves = way_in("ben")
        for number in range(MOST_OF_ADDRESS):
            with pytest.raises(WrongHalves):
                come_in(f"nobody-{number}", halves, address="10.0.0.1")
        with pytest.raises(TooManyTries):
            come_in("nobody-else", halves, address="10.0.0.1")

    def test_at_the_same_moment_are_all_counted(self, ready_copy: Stage) -> None:
        halves = way_in("ben")
        guess = partial(come_in, "ben", halves, second=new_half())
        said = at_once(*[guess] * 8)
        kinds = [type(one) for one in said]
        assert kinds.count(WrongHalves) == settings.PASSWORD_TRIES
        assert kinds.count(TooManyTries) == 8 - settings.PASSWORD_TRIES
        assert halves.row.tries == settings.PASSWORD_TRIES

    def test_stand_in_the_log_without_what_was_typed(self, ready: Stage) -> None:
        halves = way_in("ben")
        wrong = new_half()
        with pytest.raises(WrongHalves):
            come_in("ben", halves, second=wrong, address="10.0.0.1")
        event = AuditEvent.objects.get(action="way_in.refused")
        assert event.subject_id == str(user_of("ben").pk)
        assert not [w for w in (wrong, halves.first, "10.0.0.1") if w in str(event.payload)]


class TestTwoAtTheSameMoment:
    def test_who_confirm_make_one_way_in(self, ready_copy: Stage) -> None:
        by_root_and_otto("administrator", "cora")
        proposal = wanted("ben")
        said = at_once(partial(said_yes, proposal, "otto"), partial(said_yes, proposal, "cora"))
        assert [type(one) for one in said].count(Proposal) == 1
        assert WayIn.objects.count() == 1
        decider = Proposal.objects.get(pk=proposal.pk).decider_id
        for name in ("otto", "cora"):
            if user_of(name).person_id != decider:
                with pytest.raises(NotAllowed):
                    half_of(name, Proposal.objects.get(pk=proposal.pk))

    def test_who_confirm_two_proposals_leave_one_way_in(self, ready_copy: Stage) -> None:
        one, other = wanted("ben"), wanted("ben", by="otto")
        at_once(partial(said_yes, one, "otto"), partial(said_yes, other, "root"))
        assert ways_in.live().count() == 1

    def test_who_take_one_half_see_one(self, ready_copy: Stage) -> None:
        proposal = said_yes(wanted("ben"))
        said = at_once(*[partial(half_of, "root", proposal)] * 3)
        assert [type(one) for one in said].count(str) == 1

    def test_who_come_in_set_one_password(self, ready_copy: Stage) -> None:
        halves = way_in("ben")
        wishes = [f"the wish number {number} of two" for number in range(2)]
        said = at_once(*[partial(come_in, "ben", halves, password=wish) for wish in wishes])
        assert [type(one) for one in said].count(User) == 1
        fits = [user_of("ben").check_password(wish) for wish in wishes]
        assert fits == [isinstance(one, User) for one in said]


def form_of(halves: Halves, **wishes: str) -> dict[str, str]:
    """What the page takes."""
    form = {"login": "ben", "first": halves.first, "second": halves.second, "code": ""}
    return form | {"password": NEW, "again": NEW} | wishes


@pytest.mark.usefixtures("ready")
class TestASession:
    def test_is_not_begun_by_coming_in(self) -> None:
        """Whoever planted a session in the browser has nothing of it."""
        halves, browser = way_in("ben"), Client()
        session = browser.session
        session["planted"] = True
        session.save()
        browser.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
        reply = browser.post(PAGE, form_of(halves))
        assert reply["Location"] == "/accounts/login/"
        assert "_auth_user_id" not in browser.session
        assert browser.get("/api/v1/me").status_code == 401

    def test_of_before_is_over_for_whoever_had_the_old_password(self) -> None:
        thief = Client()
        thief.force_login(user_of("ben"))
        assert thief.get("/api/v1/me").status_code == 200
        halves = way_in("ben")
        assert thief.get("/api/v1/me").status_code == 401
        come_in("ben", halves)
        assert thief.get("/api/v1/me").status_code == 401

    def test_of_somebody_else_stays_his(self) -> None:
        halves, browser = way_in("ben"), Client()
        browser.force_login(user_of("cleo"))
        browser.post(PAGE, form_of(halves))
        assert browser.get("/api/v1/me").json()["username"] == "cleo"

    def test_of_another_site_sends_no_halves(self) -> None:
        halves, browser = way_in("ben"), Client(enforce_csrf_checks=True)
        assert browser.post(PAGE, form_of(halves)).status_code == HTTPStatus.FORBIDDEN
        assert has_none()
