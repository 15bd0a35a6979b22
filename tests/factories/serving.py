"""A serving process's parts in the test's own process: the gate, a table, a writer of records."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from governance.selectors import trusted_keys
from inference import selectors
from inference.follower import Follower
from inference.loading import load
from inference.predicting import Answer, predict
from inference.segments import SegmentWriter
from inference.table import Asked, Candidate, Loaded, UserRights
from tests.cast import user_of
from tests.factories import tiny
from tests.stage import MODEL


def candidate(number: int = 1) -> Candidate:
    """What the database says of an approved version."""
    (found,) = (c for c in selectors.candidates(timezone.now()) if c.number == number)
    return found


def loaded(number: int = 1, *, now: datetime | None = None) -> Loaded:
    """The version through the gate. Raises as `load`."""
    return loaded_of(candidate(number), now=now)


def loaded_of(found: Candidate, *, now: datetime | None = None) -> Loaded:
    """A candidate through the gate. Raises as `load`."""
    return load(found, keys=trusted_keys(), now=now or timezone.now(), threads=1)


def rights(name: str) -> UserRights:
    """What the table knows of one of the cast."""
    return selectors.active_users()[user_of(name).pk]


def asked(user: UserRights, **wishes: Any) -> Asked:
    """A question to the champion, unless wished otherwise."""
    given: dict[str, Any] = {
        "user": user,
        "name": MODEL,
        "alias": "champion",
        "number": None,
        "request_id": "r",
    }
    return Asked(**(given | wishes))


@contextmanager
def follower() -> Iterator[Follower]:
    """A follower that has looked once and is not running by itself."""
    made = Follower()
    made.look()
    made.load_missing()
    yield made
    for one in made.table.loaded.values():
        one.model.close()


@contextmanager
def running_follower() -> Iterator[Follower]:
    """A follower in its thread, as a serving process has it."""
    made = Follower()
    made.start()
    try:
        until(lambda: bool(made.table.loaded or made.table.refused))
        yield made
    finally:
        made.stop()


def until(holds: Callable[[], object], seconds: float = 5.0) -> float:
    """Waits until it holds; the seconds it took. Raises TimeoutError."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"It did not come about within {seconds} s.")
        time.sleep(0.005)
    return time.monotonic() - began


def answer(made: Follower, who: str, folder: Path, **wishes: Any) -> Answer:
    """One prediction as the edge asks for it; `payload` and `silence_s` may be wished too."""
    writer = SegmentWriter(folder, sync_ms=10)
    body, silence = wishes.pop("payload", tiny.request()), wishes.pop("silence_s", 0.0)
    question = asked(made.table.users[user_of(who).pk], **wishes)
    try:
        return predict(made.table, question, body, silence_s=silence, writer=writer)
    finally:
        writer.close()
