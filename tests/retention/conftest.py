"""The prepared stages, and browsers of the cast."""

from collections.abc import Iterator

import pytest

from tests.retention.deleting import TAKEN
from tests.stage import (
    approved,
    approved_template,
    backstage,
    ready,
    ready_copy,
    ready_template,
)
from tests.web.conftest import as_

__all__ = [
    "approved",
    "approved_template",
    "as_",
    "backstage",
    "ready",
    "ready_copy",
    "ready_template",
]


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """Deleted rows of the stage are there for the next test."""
    yield
    while TAKEN:
        path, data = TAKEN.popitem()
        path.write_bytes(data)
