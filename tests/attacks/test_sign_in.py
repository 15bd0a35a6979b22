"""What the sign-in tells of logins, and where it, or the choice of a language, leads."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from tests.cast import password_of, user_of
from tests.factories.hashers import QuickArgon2
from tests.stage import Stage

ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "https:evil.example",
    "https://evil.example",
    "http://testserver@evil.example/",
    "javascript:alert(1)",
)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_nobody_is_led_elsewhere(address: str, approved: Stage) -> None:
    cache.clear()
    given = {"login": "mira", "password": password_of("mira"), "next": address}
    signed_in = Client()
    signed_in.force_login(user_of("mira"))
    led = [
        Client().post("/accounts/login/", given),
        Client().post("/language/", {"language": "en", "next": address}),
        Client().post("/language/", {"language": "en"}, headers={"Referer": address}),
        signed_in.get("/accounts/login/", {"next": address}),
        signed_in.post("/accounts/logout/", {"next": address}),
    ]
    assert [reply.status_code for reply in led] == [302] * 5
    assert {reply.headers["Location"] for reply in led} <= {"/", "/accounts/login/"}


def test_a_wrong_password_tells_nothing_of_the_login_and_takes_the_same_work(
    approved: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one that is open, one that is closed, one without a password, and one that is none."""
    User.objects.filter(username="dan").update(is_active=False)
    carl = user_of("carl")
    carl.set_unusable_password()
    carl.save()
    hashed: list[str] = []
    for part in ("encode", "verify"):
        true = getattr(QuickArgon2, part)

        def counted(self: Any, *given: Any, _true: Any = true, **more: Any) -> Any:
            hashed.append("once")
            return _true(self, *given, **more)

        monkeypatch.setattr(QuickArgon2, part, counted)

    said = []
    for login in ("mira", "dan", "carl", "nora"):
        cache.clear()
        hashed.clear()
        with CaptureQueriesContext(connection) as asked:
            wish = {"login": login, "password": "a wrong one, of course"}
            reply = Client().post("/accounts/login/", wish)
        errors = reply.context["form"].errors.as_text()
        said.append((reply.status_code, errors, len(hashed), len(asked)))
    assert said == [said[0]] * 4
    assert said[0][2] == 1
