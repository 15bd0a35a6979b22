"""A store on a disk of its own, and people who may and may not upload."""

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.callers import Caller, caller_for
from accounts.models import Membership, Person, Team, User
from accounts.roles import Role
from tests.stage import backstage, ready, ready_copy, ready_template

__all__ = ["backstage", "ready", "ready_copy", "ready_template"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Settings) -> Path:
    """An empty blob store; the folder is its root."""
    settings.BLOB_DIR = tmp_path / "blobs"
    settings.UPLOAD_DIR = tmp_path / "uploads"
    return tmp_path / "blobs"


def sign_up(name: str, role: Role | None) -> User:
    """A person with one login and, if given, a role in the team `credit`."""
    person = Person.objects.create(name=name.title())
    user = User.objects.create(username=name, person=person)
    if role:
        team, _ = Team.objects.get_or_create(slug="credit", name="Credit")
        Membership.objects.create(person=person, team=team, role=role)
    return user


@pytest.fixture
def ada(db: None) -> Caller:
    """A contributor."""
    return caller_for(sign_up("ada", Role.CONTRIBUTOR), via="session")


@pytest.fixture
def ben(db: None) -> Caller:
    """Another contributor of the same team."""
    return caller_for(sign_up("ben", Role.CONTRIBUTOR), via="session")


@pytest.fixture
def cleo(db: None) -> Caller:
    """A consumer."""
    return caller_for(sign_up("cleo", Role.CONSUMER), via="session")
