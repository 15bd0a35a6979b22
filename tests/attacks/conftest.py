"""The stages, a house with something in every room, and a second team with its own people."""

import pytest

from accounts.callers import Caller
from accounts.models import Team
from accounts.roles import Role
from accounts.services import create_team
from tests.api.conftest import furnished, house, stage
from tests.cast import give, password_of, who
from tests.factories.people import create_user
from tests.stage import (
    approved,
    approved_copy,
    approved_template,
    backstage,
    ready,
    ready_copy,
    ready_template,
)
from tests.web.conftest import as_

__all__ = [
    "approved",
    "approved_copy",
    "approved_template",
    "as_",
    "backstage",
    "furnished",
    "house",
    "ready",
    "ready_copy",
    "ready_template",
    "stage",
]

STRANGER = "eve"


@pytest.fixture
def stranger(house: object) -> Caller:
    """Eve, with every role that reads evidence in another team, but none of the whole log."""
    root = who("root")
    create_team(caller=root, slug="other", name="Other")
    create_user(caller=root, username=STRANGER, name="Eve", email="", password=password_of("eve"))
    team = Team.objects.get(slug="other")
    give([(STRANGER, role) for role in (Role.CONTRIBUTOR, Role.REVIEWER, Role.ADMIN)], team)
    return who(STRANGER)
