"""How whoever asked for long work watches it and stops it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Progress = Callable[[dict[str, Any]], None]


class Cancelled(Exception):
    """The work was asked to stop: keep the last checkpoint, nothing else, and let this pass."""


@dataclass(frozen=True, slots=True)
class Steering:
    """`on_progress` gets {"stage", ...}; `should_stop` is asked before each step."""

    on_progress: Progress
    should_stop: Callable[[], bool]

    def step(self, stage: str, done: int, total: int) -> None:
        """Tell how far a stage is: {"stage", "done", "total"}. Raises Cancelled if so asked."""
        self.stop_if_asked()
        self.on_progress({"stage": stage, "done": done, "total": total})

    def stop_if_asked(self) -> None:
        """Raises Cancelled if whoever asked for the work wants an end."""
        if self.should_stop():
            raise Cancelled
