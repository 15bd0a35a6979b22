"""Which tests count for coverage: tracing costs one of pages three quarters of its time.

A file whose tests have stopped reaching new lines goes on untraced, but for every third, until one
of those reaches something new: the figure is a lower bound. `--trace-tests=all` traces every test.
"""

import os
from pathlib import Path
from typing import Any

import pytest

_FRUITLESS, EVERY = 8, 3


class Tracing:
    """Coverage's tracer, here and in what this process starts; held by whoever needs speed."""

    def __init__(self, config: pytest.Config) -> None:
        self._plugins = config.pluginmanager
        self._holders = 0
        self._environment: dict[str, str] = {}

    @property
    def _controller(self) -> Any:
        # Asked each time: a process of the suite gets another one when its session begins.
        return getattr(self._plugins.getplugin("_cov"), "cov_controller", None)

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

    def reached(self) -> int:
        """How many jumps between lines were seen so far in this process."""
        if self._controller is None:
            return 0
        # There is no public way to ask that does not write everything to a file.
        return sum(map(len, self._controller.cov._collector.data.values()))


class Sample:
    """Traces those tests of a file from which something new is to be expected."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._file: Path | None = None
        self._fruitless = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        if item.path != self._file:
            self._file, self._fruitless = item.path, 0
        if self._fruitless >= _FRUITLESS and self._fruitless % EVERY:
            self._fruitless += 1
            return (yield from self._untraced())
        before = self._tracing.reached()
        try:
            return (yield)
        finally:
            new = self._tracing.reached() > before
            self._fruitless = 0 if new else self._fruitless + 1

    def _untraced(self) -> Any:
        self._tracing.hold()
        try:
            return (yield)
        finally:
            self._tracing.release()
