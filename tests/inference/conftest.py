"""The prepared stages, and a folder of segments with its writer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from inference.segments import SegmentWriter
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


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """Where segments lie in this test."""
    settings.SEGMENT_DIR = tmp_path / "segments"
    return tmp_path / "segments"


@pytest.fixture
def writer(folder: Path) -> Iterator[SegmentWriter]:
    """A writer into that folder."""
    made = SegmentWriter(folder, sync_ms=10)
    yield made
    made.close()
