"""The prepared stages, and browsers of the cast."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.sessions.services import Use, note_use
from tests.cast import user_of
from tests.stage import (
    approved,
    approved_copy,
    approved_template,
    backstage,
    ready,
    ready_copy,
    ready_template,
)

__all__ = [
    "approved",
    "approved_copy",
    "approved_template",
    "backstage",
    "ready",
    "ready_copy",
    "ready_template",
]

As = Callable[[str], Client]


@pytest.fixture
def as_() -> As:
    """A client in which one of the cast is signed in: as_("ada")."""

    def sign_in(username: str) -> Client:
        client = Client()
        user = user_of(username)
        client.force_login(user)
        # As after the first page: later ones note the session no more.
        note_use(user, Use(str(client.session.session_key), "", None))
        return client

    return sign_in
