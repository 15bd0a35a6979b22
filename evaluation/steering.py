"""How a caller watches and stops long work."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Progress = Callable[[dict[str, Any]], None]


class Cancelled(Exception):
    """`should_stop` said so; nothing was kept."""


@dataclass(frozen=True, slots=True)
class Steering:
    """`on_progress` gets {"stage", "done", "total"}; `should_stop` is asked before each step."""

    on_progress: Progress
    should_stop: Callable[[], bool]

    def step(self, stage: str, done: int, total: int) -> None:
        """Tell how far `stage` is. Raises Cancelled if the caller wants an end."""
        self.stop_if_asked()
        self.on_progress({"stage": stage, "done": done, "total": total})

    def stop_if_asked(self) -> None:
        """Raises Cancelled if the caller wants an end."""
        if self.should_stop():
            raise Cancelled
