"""The prepared stages, and browsers of the cast."""

from collections.abc import Callable

import pytest
from django.test import Client

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
        client.force_login(user_of(username))
        return client

    return sign_in
