"""A mail server on loopback that keeps what it is given, and refuses chosen addresses."""

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from django.test import override_settings

from tests.instance import free_port


class Post:
    """What arrived; `refused` names addresses that the server does not know, `unread` those whose
    letters it takes no content of."""

    def __init__(self) -> None:
        self.unread: set[str] = set()
        self.letters: list[EmailMessage] = []
        self.refused: set[str] = set()

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        if self.unread & set(envelope.rcpt_tos):
            return "554 no such letter"
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(message_from_bytes(content, policy=policy.default))
        return "250 OK"

    def to(self, name: str) -> list[str]:
        """The texts that one of the cast got, oldest first."""
        address = f"{name}@example.org"
        return [
            one.get_content().replace("\r\n", "\n") for one in self.letters if one["To"] == address
        ]


@contextmanager
def mail_server() -> Iterator[Post]:
    """A real one, which the settings name while it runs."""
    post = Post()
    port = free_port()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=port,
            EMAIL_USE_TLS=False,
            PUBLIC_URL="https://assay.example.org/",
        ):
            yield post
    finally:
        controller.stop()
