"""A world of its own for each test that commits, and folders of its own for all."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.audit.notary import ORIGIN, Notary
from tests.compliance.world import World
from tests.servers import Database


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """Blobs, segments, jobs and keys below the test's folder."""
    settings.BLOB_DIR = tmp_path / "blobs"
    settings.SEGMENT_DIR = tmp_path / "segments"
    settings.JOB_DIR = tmp_path / "jobs"
    settings.ORIGIN = ORIGIN
    settings.TRUSTED_KEYS = tmp_path / "trusted-keys.txt"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    former = signal.getsignal(signal.SIGTERM)
    yield tmp_path
    # A job's process takes this signal for itself; here it is the suite's.
    signal.signal(signal.SIGTERM, former)


@pytest.fixture
def notary(fresh_database: Database, tmp_path: Path) -> Notary:
    """Whoever signs the log and the approvals."""
    return Notary(fresh_database, tmp_path)


@pytest.fixture
def world(notary: Notary) -> World:
    """A team with its people and policy, and nothing registered."""
    return World(notary)
