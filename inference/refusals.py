"""Refused predictions, counted in memory: who asked what, how often, why not.

Counting touches neither disk nor database. What was counted goes into the log once a minute, by
the thread that follows the database, and when the process ends.
"""

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

# An attacker may invent names without end; the memory and the event stay bounded.
MOST_KEYS = 200


@dataclass(frozen=True)
class Refused:
    """One kind of refusal. `person` is empty for nobody, `model` for a name that is none.

    `token` is it as scopes name it; `number` is there where the version was named by it; `reason`
    is the slug of the refusal.
    """

    person: str
    token: str
    model: str
    alias: str
    number: int | None
    reason: str


@dataclass(frozen=True)
class Window:
    """Counts between two moments; `others` are those of kinds beyond the bound, by model."""

    since: datetime
    until: datetime
    counts: dict[Refused, int]
    others: dict[str, int]


class Refusals:
    """The counts since they were last taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = datetime.now(UTC)
        self._counts: Counter[Refused] = Counter()
        self._others: Counter[str] = Counter()

    def count(self, refused: Refused, times: int = 1) -> None:
        """One more."""
        with self._lock:
            self._add(refused, times)

    def _add(self, refused: Refused, times: int) -> None:
        if refused in self._counts or len(self._counts) < MOST_KEYS:
            self._counts[refused] += times
        else:
            self._others[refused.model] += times

    def take(self) -> Window | None:
        """What was counted, and begin anew; None where that is nothing."""
        with self._lock:
            now = datetime.now(UTC)
            window = Window(self._since, now, dict(self._counts), dict(self._others))
            self._since = now
            self._counts.clear()
            self._others.clear()
        return window if window.counts or window.others else None

    def put_back(self, window: Window) -> None:
        """The log did not take it: count it with what comes next."""
        with self._lock:
            for refused, times in window.counts.items():
                self._add(refused, times)
            self._others.update(window.others)
            self._since = min(self._since, window.since)
