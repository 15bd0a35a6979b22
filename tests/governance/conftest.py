"""The prepared stages."""

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
