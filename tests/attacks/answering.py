"""The inference API in the suite's own process: its addresses, a follower, a folder of records."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.test import override_settings

from inference import api, authentication
from inference.follower import Follower
from inference.segments import SegmentWriter
from tests.factories import serving

PREDICT = "/api/v1/models/tumours/predict"


@contextmanager
def answering(folder: Path) -> Iterator[Follower]:
    """Requests to this process are answered as the inference process would."""
    writer = SegmentWriter(folder, sync_ms=10, seal_s=3600)
    with serving.follower() as made, pytest.MonkeyPatch.context() as patch:
        for module in (api, authentication):
            patch.setattr(module, "follower", lambda: made)
        patch.setattr(api, "writer", lambda: writer)
        with override_settings(ROOT_URLCONF="config.urls_inference"):
            yield made
    writer.close()


def records(folder: Path) -> list[bytes]:
    """The lines written so far."""
    return [line for path in sorted(folder.iterdir()) for line in path.read_bytes().splitlines()]
