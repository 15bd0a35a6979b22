"""Which tests count for coverage: tracing costs them two fifths of their time.

Of a test with many rows the first two and every tenth are traced, so the figure is a lower bound:
what only the other rows reach counts as missed.
"""

import os
from collections import Counter
from typing import Any

import pytest

_ROWS = pytest.StashKey[bool]()
FIRST, EVERY = 2, 10


class Tracing:
    """Coverage's tracer, here and in what this process starts; held by whoever needs speed."""

    def __init__(self, config: pytest.Config) -> None:
        plugin = config.pluginmanager.getplugin("_cov")
        self._controller: Any = getattr(plugin, "cov_controller", None)
        self._holders = 0
        self._environment: dict[str, str] = {}

    def hold(self) -> None:
        """Stops tracing until as many releases as holds have come."""
        self._holders += 1
        if self._controller is None or self._holders > 1:
            return
        names = [name for name in os.environ if name.startswith("COVERAGE_PROCESS")]
        self._environment = {name: os.environ.pop(name) for name in names}
        self._controller.pause()

    def release(self) -> None:
        """Goes on tracing, if nobody else holds it."""
        self._holders -= 1
        if self._controller is None or self._holders:
            return
        os.environ.update(self._environment)
        self._controller.resume()


class Sample:
    """Traces a sample of the rows of each test."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    @pytest.hookimpl
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        seen: Counter[str] = Counter()
        for item in items:
            name = item.nodeid.partition("[")[0]
            item.stash[_ROWS] = seen[name] < FIRST or seen[name] % EVERY == 0
            seen[name] += 1

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        if item.stash[_ROWS]:
            return (yield)
        self._tracing.hold()
        try:
            return (yield)
        finally:
            self._tracing.release()
