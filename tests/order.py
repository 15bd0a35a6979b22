"""In which order the files of the suite are begun, and which tests are not begun at all."""

from itertools import chain, zip_longest
from pathlib import Path

import pytest


def refuse_emptying(items: list[pytest.Item]) -> None:
    """Refuses tests that would have Django empty the tables: triggers forbid it, by design."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        emptied = bool(marker and (marker.args or marker.kwargs.get("transaction")))
        if emptied or {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ())):
            raise pytest.UsageError(
                f"{item.nodeid}: use fresh_database (committed data) or instance (real processes)"
            )


def places_of_files(items: list[pytest.Item]) -> dict[Path, int]:
    """The place of each file: long ones first, so that the processes of the suite end together.

    Among the long ones two that compute follow each that mostly waits, so that of three processes
    two have work for the processors.
    """
    waiting: dict[Path, float] = {}
    working: dict[Path, float] = {}
    for item in items:
        mark = item.get_closest_marker("slow")
        waits = bool(mark and mark.kwargs.get("waits"))
        (waiting if waits else working)[item.path] = mark.kwargs["seconds"] if mark else 0
    long, short = (sorted(files, key=lambda path: -files[path]) for files in (waiting, working))
    rows = zip_longest(long, short[::2], short[1::2])
    order = [path for path in chain.from_iterable(rows) if path is not None]
    return {path: place for place, path in enumerate(order)}
