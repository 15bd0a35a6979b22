"""The prepared stages."""

from tests.stage import backstage, ready, ready_copy, ready_template

__all__ = ["backstage", "ready", "ready_copy", "ready_template"]
