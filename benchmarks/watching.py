"""Watches a log while it grows: how far the notary is behind, and when each event was signed."""

import threading
import time
import uuid
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from tests.servers import Database

_LOOK_SECONDS = 0.02
_HEAD = """
    SELECT (SELECT coalesce(max(leaf_index), -1) + 1 FROM audit_auditleaf),
           (SELECT coalesce(max(size), 0) FROM audit_checkpoint)
"""


@dataclass(frozen=True)
class Look:
    """What was visible at a moment: acknowledged events, leaves, size of the newest checkpoint."""

    at: float
    acknowledged: int
    leaves: int
    signed: int


class Watcher:
    """Looks every 20 ms from a connection of its own; use it in a `with`.

    What it says of delays is never too short: it counts until a checkpoint was seen by others.
    """

    def __init__(self, database: Database, acknowledged: Callable[[], int]) -> None:
        self._database = database
        self._acknowledged = acknowledged
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop)
        self.looks: list[Look] = []

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _loop(self) -> None:
        with self._database.connect("app") as connection:
            while not self._stop.wait(_LOOK_SECONDS):
                acknowledged = self._acknowledged()
                row = connection.execute(_HEAD).fetchone()
                assert row is not None
                self.looks.append(Look(time.time(), acknowledged, *row))

    def backlog(self, before: int) -> list[int]:
        """At each look the acknowledged events without a place; `before`: leaves at the start."""
        return [max(0, look.acknowledged - (look.leaves - before)) for look in self.looks]


def delays(
    connection: psycopg.Connection,
    acknowledged: Sequence[tuple[uuid.UUID, float]],
    looks: Sequence[Look],
) -> list[float]:
    """Seconds from each acknowledgement until a checkpoint over the event was seen, ascending."""
    rows = connection.execute(
        "SELECT e.uuid, l.leaf_index FROM audit_auditleaf l JOIN audit_auditevent e"
        " ON e.id = l.event_id WHERE e.uuid = ANY(%s)",
        [[identity for identity, _ in acknowledged]],
    )
    place: dict[uuid.UUID, int] = dict(rows.fetchall())
    missing = len(acknowledged) - len(place)
    if missing:
        raise SystemExit(f"{missing} acknowledged events have no place in the log.")
    sizes = [look.signed for look in looks]
    found = [
        max(0.0, looks[bisect_left(sizes, place[identity] + 1)].at - at)
        for identity, at in acknowledged
    ]
    return sorted(found)
