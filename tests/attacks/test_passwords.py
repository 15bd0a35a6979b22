"""Guessing passwords: at sign-in, at a signature, and at every other place that could tell."""

import threading
from http import HTTPStatus

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.reauthentication import TooManyTries, reauthenticate
from audit.models import AuditEvent
from common.errors import NotAllowed
from tests.api.client import Api, refusal
from tests.api.house import EVERYBODY, House, token_of
from tests.cast import password_of, user_of, who
from tests.stage import Stage

AT_ONCE = 12
CLOSED = (
    "signup/",
    "password/reset/",
    "password/reset/done/",
    "password/set/",
    "email/",
    "confirm-email/",
    "reauthenticate/",
    "login/code/confirm/",
    "2fa/",
    "3rdparty/",
)


def test_tries_at_the_same_moment_are_all_counted(ready_copy: Stage) -> None:
    ben, said = who("ben"), []
    start = threading.Barrier(AT_ONCE)

    def guess(number: int) -> None:
        start.wait()
        try:
            reauthenticate(caller=ben, password=f"guess {number}")
        except (NotAllowed, TooManyTries) as error:
            said.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count(NotAllowed) == settings.PASSWORD_TRIES
    assert said.count(TooManyTries) == AT_ONCE - settings.PASSWORD_TRIES
    with pytest.raises(TooManyTries):
        reauthenticate(caller=ben, password=password_of("ben"))
    refused = AuditEvent.objects.filter(action="password.refused", user_id=ben.user.pk)
    assert refused.count() == settings.PASSWORD_TRIES


def _statuses(house: House, addresses: list[str], **headers: str) -> list[int]:
    api = Api(token_of(who(EVERYBODY))[1])
    body = {"statement_digest": house["statement"], "decision": "approve", "reason": "r"}
    return [
        api.send("POST", one, body | {"password": f"guess {n}"}, headers=headers).status_code
        for n, one in enumerate(addresses)
    ]


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "the-same-key"}])
def test_the_pause_after_wrong_passwords_is_one_for_all_acts(
    house: House, headers: dict[str, str]
) -> None:
    sign, revoke = f"/reviews/{house['review']}/signatures", "/models/tumours/versions/1/revocation"
    found = _statuses(house, [sign] * 5 + [sign], **headers)
    assert found == [HTTPStatus.FORBIDDEN] * 5 + [HTTPStatus.TOO_MANY_REQUESTS]
    api = Api(token_of(who(EVERYBODY))[1])
    body = {"reason": "r", "password": password_of(EVERYBODY)}
    refusal(api.send("POST", revoke, body), HTTPStatus.TOO_MANY_REQUESTS)


@pytest.mark.parametrize("rest", CLOSED)
def test_nothing_else_of_the_sign_in_library_stands_open(house: House, rest: str) -> None:
    client = Client()
    for _signed_in in (False, True):
        assert client.get(f"/accounts/{rest}").status_code == HTTPStatus.NOT_FOUND
        reply = client.post(f"/accounts/{rest}", {"email": "ada@example.org", "password": "x"})
        assert reply.status_code == HTTPStatus.NOT_FOUND
        client.force_login(
            user_of("ada"), backend="allauth.account.auth_backends.AuthenticationBackend"
        )


def test_the_form_for_a_new_password_is_no_way_to_guess_the_old_one(house: House) -> None:
    cache.clear()
    client = Client()
    client.force_login(
        user_of("ada"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    new = "a wholly new secret of ada"
    for n in range(5):
        form = {"oldpassword": f"guess {n}", "password1": new, "password2": new}
        client.post("/accounts/password/change/", form)
    form = {"oldpassword": password_of("ada"), "password1": new, "password2": new}
    assert client.post("/accounts/password/change/", form).status_code == 429
    assert user_of("ada").check_password(password_of("ada"))


def test_tries_with_other_names_do_not_wash_away_the_count(house: House) -> None:
    """From many addresses, as one has them with IPv6, every name leaves a counter."""
    cache.clear()
    ben = who("ben")
    for number in range(settings.PASSWORD_TRIES):
        with pytest.raises(NotAllowed):
            reauthenticate(caller=ben, password=f"guess {number}")
    for number in range(600):
        cache.set(f"z{number:04}", 1, 300)

    with pytest.raises(TooManyTries):
        reauthenticate(caller=ben, password=password_of("ben"))


def test_no_header_gives_a_guesser_another_address(house: House) -> None:
    cache.clear()
    for n in range(6):
        spoofed = {"X-Forwarded-For": f"10.0.0.{n}", "X-Real-Ip": f"10.0.0.{n}"}
        form = {"login": "ada", "password": f"guess {n}"}
        Client().post("/accounts/login/", form, headers=spoofed)
    form = {"login": "ADA", "password": password_of("ada")}
    reply = Client().post("/accounts/login/", form, headers={"X-Forwarded-For": "10.9.9.9"})
    assert reply.status_code == HTTPStatus.OK
    assert "Too many failed" in reply.content.decode()


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_leads_nowhere_outside(house: House, to: str) -> None:
    cache.clear()
    form = {"login": "ada", "password": password_of("ada"), "next": to}
    reply = Client().post("/accounts/login/", form)
    assert reply["Location"] == "/"
    reply = Client().post("/language/", {"language": "en", "next": to})
    assert "evil" not in reply["Location"]
    assert "javascript" not in reply["Location"]
