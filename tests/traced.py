"""Which tests count for coverage: tracing costs a test three quarters of its time once more.

A test of a file that reaches little new lets the next one go untraced, then the next two, four and
so on, until one reaches much again: the figure is a lower bound. `--trace-tests=all` traces all.
"""

import os
from pathlib import Path
from typing import Any

import pytest

MUCH, LONGEST_PAUSE = 20, 16


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
        self._pause = self._left = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        if item.path != self._file:
            self._file, self._pause, self._left = item.path, 0, 0
        if self._left:
            self._left -= 1
            return (yield from self._untraced())
        before = self._tracing.reached()
        try:
            return (yield)
        finally:
            much = self._tracing.reached() - before >= MUCH
            self._pause = 0 if much else min(2 * self._pause + 1, LONGEST_PAUSE)
            self._left = self._pause

    def _untraced(self) -> Any:
        self._tracing.hold()
        try:
            return (yield)
        finally:
            self._tracing.release()
