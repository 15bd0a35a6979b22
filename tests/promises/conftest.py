"""The furnished house of the API's tests."""

from tests.api.conftest import approved_template, backstage, furnished, house, ready_template, stage

__all__ = ["approved_template", "backstage", "furnished", "house", "ready_template", "stage"]
