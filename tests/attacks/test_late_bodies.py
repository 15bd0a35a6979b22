"""A request is begun while one may, and finished after one may not: what counts is the end."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

from accounts.models import User
from accounts.services import deactivate_user, revoke_token
from config.whole_bodies import whole_bodies
from tests.api.house import token_of
from tests.attacks.answering import PREDICT, answering, records
from tests.cast import by_root_and_otto, password_of, user_of, who
from tests.factories import tiny
from tests.factories.people import create_user
from tests.stage import Stage


class SlowBody:
    """A body whose last byte comes after something has happened elsewhere."""

    def __init__(self, body: bytes, meanwhile: Callable[[], object]) -> None:
        self._early, self._late = BytesIO(body[:-1]), BytesIO(body[-1:])
        self._meanwhile = meanwhile

    def read(self, size: int = -1) -> bytes:
        if piece := self._early.read(size):
            return piece
        self._meanwhile()
        self._meanwhile = lambda: None
        return self._late.read(size)


def post(path: str, token: str, body: object, meanwhile: Callable[[], object]) -> str:
    """The status that the server's application answers with."""
    raw, said = json.dumps(body).encode(), list[str]()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": SlowBody(raw, meanwhile),
        "wsgi.url_scheme": "http",
    }
    served = whole_bodies(WSGIHandler())
    b"".join(served(environ, lambda status, headers: said.append(status)))
    return said[0][:3]


def test_whoever_was_dismissed_meanwhile_enters_no_successor(approved_copy: Stage) -> None:
    create_user(
        caller=who("root"),
        username="dismissed",
        name="Dismissed",
        email="",
        password=password_of("dismissed"),
    )
    by_root_and_otto("administrator", "dismissed")
    _, token = token_of(who("dismissed"))
    wish = {"username": "successor", "name": "S"}

    def dismiss() -> None:
        deactivate_user(caller=who("root"), user=user_of("dismissed"))

    assert post("/api/v1/users", token, wish, dismiss) == "401"
    assert not User.objects.filter(username="successor").exists()


def test_a_token_that_was_revoked_meanwhile_gets_no_prediction(
    approved_copy: Stage, tmp_path: Path
) -> None:
    identity, token = token_of(who("carl"), "predict")

    with answering(tmp_path / "segments") as follower:

        def revoke() -> None:
            revoke_token(caller=who("root"), token_id=identity)
            follower.look()

        assert post(PREDICT, token, tiny.request(), revoke) == "401"

    assert records(tmp_path / "segments") == []


def test_a_form_that_breaks_off_is_not_taken_for_a_whole_one() -> None:
    said: list[str] = []
    environ = {
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": "1000",
        "wsgi.input": BytesIO(b"decision=approve&reason=I+do+not"),
    }

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise AssertionError("half a form reached the application")

    reply = whole_bodies(application)(environ, lambda status, headers: said.append(status))

    assert (list(reply), said) == ([], ["400 Bad Request"])
