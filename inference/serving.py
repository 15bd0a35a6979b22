"""The one follower and the one record writer of a serving process."""

import atexit
from functools import lru_cache

from django.conf import settings

from inference.follower import Follower
from inference.segments import SegmentWriter


@lru_cache(maxsize=1)
def follower() -> Follower:
    """The process's follower; it knows nothing until `begin` was called."""
    return Follower()


def begin() -> None:
    """Follow the database until the process ends, which then tells what it refused last."""
    follower().start()
    atexit.register(follower().stop)


@lru_cache(maxsize=1)
def writer() -> SegmentWriter:
    """The process's record writer."""
    return SegmentWriter(
        settings.SEGMENT_DIR, sync_ms=settings.SEGMENT_SYNC_MS, seal_s=settings.SEGMENT_SECONDS
    )
