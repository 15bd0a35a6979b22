"""Who calls is known from a token in its header or from a session with its CSRF token; or it is
nobody."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken
from tests.api.calls import WEB
from tests.api.client import PREFIX, Api, nothing_written, refusal
from tests.api.document import operations
from tests.api.house import House, token_of
from tests.api.test_bad_addresses import Anything
from tests.cast import user_of, who
from tests.stage import Stage

# What its attackers try stands in tests/attacks/test_halves.py.
OPEN = {"way_in"}


@pytest.mark.parametrize("name", sorted(set(operations()) - OPEN))
def test_nobody_may_call_anything(name: str, house: House, stage: Stage) -> None:
    house.made = Anything()
    method, path = operations()[name]
    call = WEB[name]
    body = call.body(house) if call.body else None
    with nothing_written(stage.folder):
        reply = Api().send(method, path.format(**call.path(house)), body)
    refusal(reply, 401)
    assert reply["WWW-Authenticate"] == "Bearer"


def spoilt_tokens(text: str) -> list[str]:
    """What is not a token, or not this one."""
    return [
        "Bearer",
        "Bearer ",
        f"Bearer {text} {text}",
        f"Bearer {text[:-1]}",
        f"Bearer {text[:-1]}{'a' if text[-1] != 'a' else 'b'}",
        f"Bearer {text.upper()}",
        "Bearer assay_pat_" + "0" * 49,
        f"Bearer {'x' * 7000}",
        "Bearer ä",
        f"bearer\t{text}x",
        f"Basic {text}",
        text,
    ]


def test_a_token_that_is_not_whole_is_nobody(house: House) -> None:
    for header in spoilt_tokens(house.token):
        refusal(Api().get("/me", Authorization=header), 401)


def test_a_token_ends_when_it_expires_is_revoked_or_its_login_is_closed(house: House) -> None:
    ada = who("ada")
    row, text = token_of(ada)
    api = Api(text)
    assert api.get("/me").status_code == 200
    tokens = ApiToken.objects.filter(pk=row)
    tokens.update(expires_at=timezone.now() - timedelta(seconds=1))
    refusal(api.get("/me"), 401)
    tokens.update(expires_at=timezone.now() + timedelta(days=1), revoked_at=timezone.now())
    refusal(api.get("/me"), 401)
    tokens.update(revoked_at=None)
    user = user_of("ada")
    user.is_active = False
    user.save()
    refusal(api.get("/me"), 401)


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "key"])
def test_a_token_in_the_address_is_not_read(name: str, house: House) -> None:
    refusal(Api().get(f"/me?{name}={house.token}"), 401)
    refusal(Api().get("/me", Cookie=f"{name}={house.token}"), 401)


@pytest.mark.parametrize(
    "header", ["X-Forwarded-User", "X-Remote-User", "Remote-User", "X-User-Id", "X-Forwarded-For"]
)
def test_a_header_of_a_proxy_makes_nobody_somebody(header: str, house: House) -> None:
    refusal(Api().get("/me", **{header: "root"}), 401)


def test_a_token_without_the_scope_changes_nothing(house: House, stage: Stage) -> None:
    api = Api(token_of(who("ada"), "read")[1])
    with nothing_written(stage.folder):
        refusal(api.send("POST", "/uploads", {"name": "a.txt", "size": 3}), 403)
        refusal(api.send("POST", "/models/tumours/versions/3/reviews"), 403)


def test_a_session_changes_nothing_without_its_csrf_token(house: House, stage: Stage) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        user_of("ada"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert client.get(f"{PREFIX}/me").status_code == 200
    body = {"name": "a.txt", "size": 3}
    address = f"{PREFIX}/uploads"
    with nothing_written(stage.folder):
        refusal(client.post(address, body, content_type="application/json"), 403)
        for token in ("", "x" * 32, "x" * 64):
            headers = {"X-CSRFToken": token}
            reply = client.post(address, body, content_type="application/json", headers=headers)
            refusal(reply, 403)


def test_a_session_changes_things_with_its_csrf_token(house: House) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        user_of("ada"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    page = client.get("/", headers={"Accept": "text/html"})
    client.get("/accounts/logout/")
    secret = client.cookies["csrf"].value
    assert page.status_code == 200
    reply = client.post(
        f"{PREFIX}/uploads",
        {"name": "a.txt", "size": 3},
        content_type="application/json",
        headers={"X-CSRFToken": secret},
    )
    assert reply.status_code == 201, reply.content
