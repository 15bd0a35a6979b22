"""Sessions of browsers: seen and ended by their person, and by whoever looks after him."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import BrowserSession, Identity
from accounts.oidc.identities import end_identity
from accounts.services import deactivate_user
from accounts.sessions.services import (
    Use,
    end_session,
    end_sessions,
    forget_old_sessions,
    note_use,
    sessions_of,
)
from accounts.sessions.user_agents import program_and_system
from audit.models import AuditEvent
from common.errors import NotAllowed, NotFound
from tests.cast import give, password_of, user_of, who
from tests.factories.provider import bind
from tests.factories.verbs import with_scopes

pytestmark = pytest.mark.usefixtures("ready")
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"


def browser(name: str, agent: str = LINUX, **headers: Any) -> Client:
    """A browser in which somebody is signed in, and has looked at a page."""
    client = Client(headers={"User-Agent": agent})
    client.force_login(user_of(name))
    assert client.get("/access", **headers).status_code == 200
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/access").status_code == 200


def listed(client: Client, path: str = "/api/v1/me/sessions") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(path).json()
    return rows


class TestMySessions:
    def test_are_listed_with_browser_address_and_times(self) -> None:
        here = browser("ben", REMOTE_ADDR="192.0.2.7")
        browser("ben", PHONE)
        browser("cleo")
        rows = listed(here)
        assert {(r["program"], r["system"], r["is_current"]) for r in rows} == {
            ("Firefox", "Linux", True),
            ("Safari", "iPhone", False),
        }
        mine = next(row for row in rows if row["is_current"])
        assert mine["address"] == "192.0.2.7"
        assert mine["created_at"] <= mine["last_used_at"]
        assert "key" not in str(rows)
        page = here.get("/access/sessions").content.decode()
        assert "Firefox on Linux" in page
        assert "Safari on iPhone" in page

    def test_are_listed_as_soon_as_somebody_has_signed_in(self) -> None:
        """What an intruder keeps for later is there to be seen and ended."""
        kept = Client(headers={"User-Agent": PHONE})
        words = {"login": "ben", "password": password_of("ben")}
        assert kept.post("/accounts/login/", words).status_code == 302

        (row,) = sessions_of(user_of("ben"))
        assert end_sessions(caller=who("root"), user=user_of("ben")) == 1

        assert "iPhone" in row.agent
        assert not is_signed_in(kept)

    def test_are_ended_one_by_one(self) -> None:
        here, there = browser("ben"), browser("ben", PHONE)
        row = next(row for row in listed(here) if not row["is_current"])
        assert here.post(f"/api/v1/me/sessions/{row['id']}/end").status_code == 204
        assert is_signed_in(here)
        assert not is_signed_in(there)
        assert here.post(f"/api/v1/me/sessions/{row['id']}/end").status_code == 404
        told = AuditEvent.objects.get(action="sessions.ended")
        assert (told.subject_id, told.payload) == (str(user_of("ben").pk), {"count": 1})

    def test_are_ended_all_but_this_one(self) -> None:
        here, others = browser("ben"), [browser("ben", PHONE) for _ in range(2)]
        other = browser("cleo")
        assert here.post("/api/v1/me/sessions/end-others").json() == {"ended": 2}
        assert [is_signed_in(client) for client in (here, *others, other)] == [
            True,
            False,
            False,
            True,
        ]
        assert here.post("/api/v1/me/sessions/end-others").json() == {"ended": 0}

    def test_are_ended_on_the_page(self) -> None:
        here, there, third = browser("ben"), browser("ben", PHONE), browser("ben", PHONE)
        row = next(row for row in listed(here) if not row["is_current"])
        assert here.post(f"/access/sessions/{row['id']}/end")["Location"] == "/access/sessions"
        assert here.post("/access/sessions/end")["Location"] == "/access/sessions"
        assert [is_signed_in(c) for c in (here, there, third)] == [True, False, False]

    def test_are_no_others(self) -> None:
        browser("cleo")
        (row,) = sessions_of(user_of("cleo"))
        with pytest.raises(NotFound):
            end_session(caller=who("ben"), user=user_of("ben"), session_id=row.pk)
        with pytest.raises(NotAllowed):
            end_session(caller=who("ben"), user=user_of("cleo"), session_id=row.pk)

    def test_are_not_ended_by_a_token_without_the_scope(self) -> None:
        with pytest.raises(NotAllowed, match="token"):
            end_sessions(caller=with_scopes(who("ben"), "read", "write"), user=user_of("ben"))

    def test_are_noted_once_a_minute(self) -> None:
        use = Use("x" * 32, LINUX, None)
        note_use(user_of("ben"), use)
        BrowserSession.objects.update(last_used_at=timezone.now() - timedelta(hours=1))
        note_use(user_of("ben"), use)
        assert BrowserSession.objects.get().last_used_at < timezone.now() - timedelta(minutes=50)

    def test_end_with_a_new_password(self) -> None:
        here, there = browser("ben"), browser("ben", PHONE)
        words = {"oldpassword": password_of("ben"), "password1": "quite another secret"}
        here.post("/accounts/password/change/", words | {"password2": "quite another secret"})
        assert is_signed_in(here)
        assert not is_signed_in(there)
        assert [row["system"] for row in listed(here)] == ["Linux"]


class TestOfOthers:
    def test_are_seen_and_ended_by_administrators(self) -> None:
        root, there = browser("root"), browser("ben")
        path = f"/access/people/{user_of('ben').pk}/sessions"
        assert path in root.get("/access/people").content.decode()
        assert "Firefox on Linux" in root.get(path).content.decode()
        api = f"/api/v1/users/{user_of('ben').pk}/sessions"
        (row,) = listed(root, api)
        assert root.post(f"{path}/{row['id']}/end")["Location"] == path
        assert not is_signed_in(there)
        again = browser("ben")
        assert root.post(f"{api}/end").json() == {"ended": 1}
        assert root.post(f"{path}/end")["Location"] == path
        assert not is_signed_in(again)

    def test_are_seen_by_administrators_of_a_team_of_the_person(self) -> None:
        give([("dan", "admin")])
        dan, there = browser("dan"), browser("ben")
        path = f"/access/people/{user_of('ben').pk}/sessions"
        assert path in dan.get("/access/teams/credit").content.decode()
        assert dan.get(path).status_code == 200
        assert dan.post(f"{path}/end").status_code == 302
        assert not is_signed_in(there)
        outside = f"/access/people/{user_of('root').pk}/sessions"
        assert dan.get(outside).status_code == 404

    @pytest.mark.parametrize("name", ["mira", "cora", "ben"])
    def test_are_nobody_elses_business(self, name: str) -> None:
        client = browser(name)
        other = user_of("ada").pk
        assert client.get(f"/access/people/{other}/sessions").status_code == 403
        assert client.get(f"/api/v1/users/{other}/sessions").status_code == 403
        assert client.post(f"/api/v1/users/{other}/sessions/end").status_code == 403


class TestTheEnd:
    def test_comes_with_that_of_the_login_or_the_account(self) -> None:
        with override_settings(OIDC_ISSUER="https://id.example.org", OIDC_CLIENT_ID="assay"):
            bind("cleo")
        ben, cleo = browser("ben"), browser("cleo")
        deactivate_user(caller=who("root"), user=user_of("ben"))
        end_identity(caller=who("root"), identity=Identity.objects.get())
        assert not is_signed_in(ben)
        assert not is_signed_in(cleo)
        assert not BrowserSession.objects.filter(user__username__in=("ben", "cleo")).exists()

    def test_comes_with_time(self) -> None:
        client = browser("ben")
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
        assert sessions_of(user_of("ben")) == []
        forget_old_sessions()
        assert not Session.objects.exists()
        assert not BrowserSession.objects.exists()
        assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (LINUX, ("Firefox", "Linux")),
        (PHONE, ("Safari", "iPhone")),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", ("Edge", "Windows")),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Chrome/1 Safari/1", ("Chrome", "macOS")),
        ("curl/8.5.0", ("curl", "")),
        ("<script>", ("", "")),
    ],
)
def test_what_a_browser_calls_itself_is_said_in_words(agent: str, words: tuple[str, str]) -> None:
    assert program_and_system(agent) == words
