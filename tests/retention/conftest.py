"""The prepared stages, and browsers of the cast."""

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
