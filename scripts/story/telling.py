"""How the story is told: numbered steps with seconds and figures, and the table at the end."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Broken(Exception):
    """Something that the product promises did not hold."""


class Story:
    """Prints each step as it is done and keeps its figure for the table."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._steps = 0
        self.rows: list[tuple[str, str]] = []

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step; its seconds are printed when it is done."""
        began = time.monotonic()
        self._steps += 1
        print(f"{self._steps:>3}  {title}", flush=True)
        yield
        print(f"       {time.monotonic() - began:6.1f} s", flush=True)

    def figure(self, what: str, value: str) -> None:
        """A figure of the step; it stands in the table again."""
        self.rows.append((what, value))
        print(f"       {what}: {value}", flush=True)

    def holds(self, what: str, *, true: bool, value: str) -> None:
        """A figure that must be so. Raises Broken."""
        if not true:
            raise Broken(f"{what}: {value}")
        self.figure(what, value)

    def table(self) -> None:
        """All figures once more."""
        width = max(len(what) for what, _ in self.rows)
        print("\n" + "-" * (width + 44))
        for what, value in self.rows:
            print(f"{what:<{width}}  {value}")
        print("-" * (width + 44))
        print(f"Everything held. {time.monotonic() - self._began:.0f} s.", file=sys.stdout)
