"""Holds the tracer of coverage for tests that are of no use to it; tracing doubles their time."""

import os
from typing import Any

import pytest


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
