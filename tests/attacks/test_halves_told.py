"""What halves, and answers about them, tell to whoever should not know."""

import json
import logging
import re
from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import IdempotencyKey, Proposal, User
from accounts.services import deactivate_user
from accounts.ways_in.coming_in import WrongHalves
from accounts.ways_in.halves import new_half
from audit.models import AuditEvent
from common.errors import Invalid
from tests.api.client import Api, refusal
from tests.api.house import token_of
from tests.attacks.test_halves import PAGE, form_of, has_none, said_yes, wanted
from tests.cast import by_root_and_otto, password_of, user_of, who
from tests.factories.halves import NEW, Halves, come_in, way_in
from tests.stage import Stage

ADDRESS = "/way-in"


def kept_anywhere(text: str) -> list[str]:
    """The tables in whose rows a text stands."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT 1 FROM "{table}" t WHERE t::text ILIKE %s LIMIT 1', [text])
            found += [table] if cursor.fetchone() else []
    return found


def test_no_half_is_kept_or_told_anywhere(ready: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Over HTTP from the first request to the last one, with a key that keeps replies elsewhere."""
    caplog.set_level(logging.DEBUG)
    proposal, shown = said_yes(wanted("ben")), []
    for name in ("root", "otto"):
        api, body = Api(token_of(who(name))[1]), {"password": password_of(name)}
        headers = {"Idempotency-Key": f"the-key-of-{name}"}
        reply = api.send("POST", f"/proposals/{proposal.pk}/half", body, headers=headers)
        assert reply.status_code == HTTPStatus.CREATED
        assert reply["Cache-Control"] == "no-store"
        shown.append(reply.json()["half"])
        assert shown[-1] not in api.get(f"/proposals/{proposal.pk}").content.decode()
    wrong = {"login": "cleo", "first": shown[0], "second": shown[1], "password": NEW}
    refusal(Api().send("POST", ADDRESS, wrong), HTTPStatus.FORBIDDEN)
    page = Client().post(PAGE, form_of(Halves(proposal, *shown), login="cleo"))
    assert page.status_code == HTTPStatus.FORBIDDEN
    right = wrong | {"login": "ben"}
    assert Api().send("POST", ADDRESS, right).status_code == HTTPStatus.NO_CONTENT

    leaves = b"".join(bytes(leaf) for leaf in AuditEvent.objects.values_list("leaf", flat=True))
    for half in shown:
        for text in (half, half.replace("-", "")):
            assert kept_anywhere(f"%{text}%") == []
            assert text.encode() not in leaves
            assert text not in caplog.text
    assert not IdempotencyKey.objects.exists()


def test_no_half_comes_by_an_address(ready: Stage) -> None:
    halves = way_in("ben")
    page = Client().get(PAGE, form_of(halves))
    assert 'value="' + halves.first not in page.content.decode()
    refusal(Api().get(f"{ADDRESS}?first={halves.first}"), HTTPStatus.METHOD_NOT_ALLOWED)
    assert has_none()


def test_a_page_that_comes_back_shows_no_password(ready: Stage) -> None:
    halves = way_in("ben")
    page = Client().post(PAGE, form_of(halves, login="cleo"))
    assert NEW not in page.content.decode()


def logins_of_each_kind() -> dict[str, str]:
    """What an outsider would like to tell apart, by login."""
    way_in("ben")
    User.objects.filter(username="carl").update(password="!none")
    deactivate_user(caller=who("root"), user=user_of("dan"))
    by_root_and_otto("password", "ada")
    return {
        "nobody": "there is none",
        "cleo": "has a password",
        "ben": "has a way in",
        "ada": "has one of which no half was taken",
        "carl": "never had a password",
        "dan": "is closed",
        "root": "administers",
    }


def _answer(reply: Any) -> tuple[Any, ...]:
    document = json.loads(reply.content)
    document.pop("request_id")
    return reply.status_code, document, sorted(set(reply.headers))


def test_no_answer_tells_which_logins_there_are(ready: Stage) -> None:
    guess = {"first": new_half(), "second": new_half(), "password": NEW}
    answers = {}
    for login in logins_of_each_kind():
        cache.clear()
        answers[login] = _answer(Api().send("POST", ADDRESS, {"login": login, **guess}))
    assert len({str(answer) for answer in answers.values()}) == 1


def test_no_answer_takes_more_work_for_a_login_that_there_is(
    ready: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would take the time: the statements of the database, and the hashing of passwords."""
    kinds, seen, hashed = logins_of_each_kind(), {}, []
    monkeypatch.setattr(Argon2PasswordHasher, "encode", lambda *_args: hashed.append("one"))
    halves = Halves(Proposal(), new_half(), new_half())
    for login in kinds:
        cache.clear()
        with CaptureQueriesContext(connection) as queries, pytest.raises(WrongHalves):
            come_in(login, halves, address="10.0.0.1")
        seen[login] = [re.sub(r"'[^']*'|\bs\d+_x\d+", "", one["sql"]) for one in queries]
    assert len(seen["nobody"]) > 5
    assert len({str(one) for one in seen.values()}) == 1
    assert hashed == []


@pytest.mark.parametrize("field", ["first", "second", "login", "password", "code"])
@pytest.mark.parametrize("value", [None, 5, [], {}, "\x00", "x" * 5000, "ß" * 40])
def test_nothing_that_is_sent_breaks_it(field: str, value: Any, ready: Stage) -> None:
    body = {"login": "ben", "first": new_half(), "second": new_half(), "password": NEW}
    refusal(Api().send("POST", ADDRESS, body | {field: value}))
    form = {name: str(one) for name, one in (body | {field: value}).items()}
    assert 400 <= Client().post(PAGE, form | {"again": form["password"]}).status_code < 500


def test_a_password_that_was_not_given_back_by_two_is_weak_for_nobody(ready: Stage) -> None:
    """A weak one is refused before anything is looked up: that tells nothing of the login."""
    for login in ("ben", "nobody"):
        with pytest.raises(Invalid) as told:
            come_in(login, Halves(Proposal(), new_half(), new_half()), password="short")
        assert told.value.field == "password"


@pytest.mark.parametrize("typed", ["Correct Horse Battery", "CorrectHorseBattery"])
def test_a_password_that_was_typed_as_a_login_is_kept_nowhere(ready: Stage, typed: str) -> None:
    body = {"login": typed, "first": new_half(), "second": new_half(), "password": NEW}
    refusal(Api().send("POST", ADDRESS, body), HTTPStatus.FORBIDDEN)
    assert kept_anywhere(f"%{typed}%") == []
