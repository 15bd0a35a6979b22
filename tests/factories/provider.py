"""The identity provider of the tests, and a browser's way through it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.test import Client, override_settings

from accounts.models import Proposal
from accounts.oidc.asking import CALLBACK, Reply
from governance.models import Review
from governance.reviewing.asking import ask_to_sign
from tests.cast import password_of, who
from tests.factories.agreeing import agree
from tests.factories.verbs import REASON

CLIENT = "assay-here"
SUBJECT = "ben-at-work"


@dataclass(frozen=True)
class Provider:
    """A running one."""

    issuer: str

    def be(self, **behaviour: Any) -> None:
        """How it behaves from now on; without words honestly."""
        self._ask("POST", "/be", json.dumps(behaviour))

    def seen(self) -> list[dict[str, Any]]:
        """What it was asked."""
        found: list[dict[str, Any]] = json.loads(self._ask("GET", "/seen")[1])["seen"]
        return found

    def visit(self, address: str) -> dict[str, str]:
        """A browser that goes there: what it carries back to the callback address."""
        parts = urlsplit(address)
        location, _body = self._ask("GET", f"{parts.path}?{parts.query}")
        back = urlsplit(location)
        assert back.path == CALLBACK
        return dict(parse_qsl(back.query))

    def reply(self, address: str) -> Reply:
        """What it sends back, as the program reads it."""
        said = self.visit(address)
        return Reply(*(said.get(name, "") for name in ("state", "code", "iss", "error")))

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[str, bytes]:
        connection = HTTPConnection(urlsplit(self.issuer).netloc, timeout=10)
        connection.request(method, path, body)
        response = connection.getresponse()
        said = response.read()
        connection.close()
        return response.getheader("Location") or "", said


@contextmanager
def running() -> Iterator[Provider]:
    """A provider in a process of its own, set up as the instance's."""
    server = Path(__file__).with_name("provider_server.py")
    with subprocess.Popen([sys.executable, str(server)], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        provider = Provider(it.stdout.readline().strip())
        try:
            with override_settings(
                OIDC_ISSUER=provider.issuer, OIDC_CLIENT_ID=CLIENT, OIDC_NAME="Acme ID"
            ):
                yield provider
        finally:
            it.terminate()


def bind(name: str, subject: str = SUBJECT) -> Proposal:
    """An account that root proposes for a login, and otto confirms."""
    return agree(
        "identity",
        {"username": name, "subject": subject},
        proposer=who("root"),
        confirmer=who("otto"),
        password=password_of,
    )


def sign_in(client: Client, provider: Provider) -> Any:
    """The way of a browser from the sign-in page there and back."""
    there = client.get("/accounts/provider/")
    return client.get(CALLBACK, provider.visit(there["Location"]))


def asked(name: str, review: Review, **wishes: Any) -> Any:
    """A question before a signature of somebody of the cast."""
    words: dict[str, Any] = {"decision": "approve", "reason": REASON} | wishes
    return ask_to_sign(
        caller=who(name),
        review=review,
        statement_digest=f"sha256:{review.statement_digest}",
        by="oidc",
        **words,
    )
