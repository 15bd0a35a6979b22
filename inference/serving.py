"""The one follower and the one record writer of a serving process."""

import atexit
from functools import lru_cache

from django.conf import settings

from inference.follower import Follower
from inference.segments import SegmentWriter


@lru_cache(maxsize=1)
def follower() -> Follower:
    """The process's follower, started at the first call."""
    started = Follower()
    started.start()
    atexit.register(started.stop)
    return started


@lru_cache(maxsize=1)
def writer() -> SegmentWriter:
    """The process's record writer."""
    return SegmentWriter(
        settings.SEGMENT_DIR, sync_ms=settings.SEGMENT_SYNC_MS, seal_s=settings.SEGMENT_SECONDS
    )
