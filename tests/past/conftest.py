"""Prepared databases: the time machine looks at what really happened there."""

from tests.stage import approved, approved_copy, approved_template, backstage, ready_template

__all__ = ["approved", "approved_copy", "approved_template", "backstage", "ready_template"]
