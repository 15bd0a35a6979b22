"""Served is logged: every acknowledged record gets into the database exactly once."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest
from django.conf import settings as django_settings
from django.db import connections

from audit.actions import Action
from audit.models import AuditEvent
from inference.models import Prediction, PredictionBatch
from inference.segments import DAMAGED, OPEN, READY, SegmentWriter, pieces, waiting_segments
from inference.services import ship_predictions
from tests.factories.serving import until
from tests.inference.shipped import in_database, written
from tests.servers import ROOT, Database


class TestShipping:
    def test_brings_every_record_once_in_order_with_one_event(
        self, db: None, folder: Path, writer: SegmentWriter
    ) -> None:
        ids = written(writer, 5)
        writer.close()

        assert [ship_predictions(), ship_predictions()] == [5, 0]

        rows = Prediction.objects.order_by("position")
        assert [str(row.pk) for row in rows] == ids
        batch = PredictionBatch.objects.get()
        event = AuditEvent.objects.get(action=Action.PREDICTIONS_SEALED.value)
        assert event.payload["digest"] == f"sha256:{batch.digest}"
        assert not list(folder.iterdir())

    def test_leaves_the_file_of_a_living_writer_alone(
        self, db: None, folder: Path, writer: SegmentWriter
    ) -> None:
        written(writer, 1)

        assert ship_predictions() == 0
        assert len(list(folder.glob(f"*{OPEN}"))) == 1

    def test_a_writer_hands_over_by_itself(self, folder: Path, writer: SegmentWriter) -> None:
        written(writer, 1)

        until(lambda: list(folder.glob(f"*{READY}")), 5)

    def test_a_file_that_was_shipped_but_not_removed_is_recognised(
        self, db: None, folder: Path, writer: SegmentWriter
    ) -> None:
        written(writer, 3)
        writer.close()
        (path,) = folder.iterdir()
        body = path.read_bytes()
        assert ship_predictions() == 3

        path.write_bytes(body)

        assert ship_predictions() == 0
        assert Prediction.objects.count() == 3
        assert not path.exists()
        assert list(folder.iterdir()) == []
        assert not AuditEvent.objects.filter(action=Action.PREDICTIONS_DAMAGED.value).exists()

    def test_a_file_without_a_record_goes(self, db: None, folder: Path) -> None:
        folder.mkdir()
        (folder / f"1-a{READY}").touch()

        assert ship_predictions() == 0
        assert not list(folder.iterdir())

    def test_no_folder_is_no_record(self, db: None, folder: Path) -> None:
        assert ship_predictions() == 0


def test_two_shippers_bring_each_record_once(
    fresh_database: Database, folder: Path, writer: SegmentWriter
) -> None:
    ids = []
    for _ in range(6):
        ids += written(writer, 20)
        writer.close()
    gate = threading.Barrier(4)
    shipped: list[int] = []

    def ship() -> None:
        gate.wait()
        try:
            for _ in range(6):
                shipped.append(ship_predictions())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ship) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(shipped) == len(ids)
    assert in_database() == sorted(ids)
    assert PredictionBatch.objects.count() == 6


@pytest.mark.parametrize("sync_ms", [10, 0])
def test_nothing_acknowledged_is_lost_when_writers_are_killed(
    fresh_database: Database, folder: Path, sync_ms: int
) -> None:
    """Three times: a process writes, is killed in the middle, and the shipper takes over."""
    acknowledged: list[str] = []
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.inference.record_writer", str(folder), str(sync_ms)],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        seen = [process.stdout.readline().strip() for _ in range(50)]
        ship_predictions()
        os.kill(process.pid, signal.SIGKILL)
        lines = process.stdout.read().split("\n")
        process.stdout.close()
        process.wait()
        # The last line may be torn by the kill; then its record need not be there.
        acknowledged += [*seen, *lines[:-1]]
        while waiting_segments(folder):
            ship_predictions()

    found = in_database()
    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))
    # Written but not yet acknowledged: one for each kill at most. One that the kill tore is kept.
    assert len(found) <= len(acknowledged) + 3
    assert {path.suffix for path in folder.iterdir()} <= {DAMAGED}


def test_a_file_taken_before_it_was_locked_loses_nothing(db: None, folder: Path) -> None:
    """Between the making and the locking of a file a shipper may take it for a dead writer's."""
    stop = threading.Event()

    def take_over() -> None:
        while not stop.is_set():
            for path in waiting_segments(folder):
                if not path.read_bytes():
                    path.unlink(missing_ok=True)

    thief = threading.Thread(target=take_over)
    thief.start()
    ids = []
    try:
        for _ in range(200):
            writer = SegmentWriter(folder, sync_ms=1000)
            ids += written(writer, 1)
            writer.close()
    finally:
        stop.set()
        thief.join()
    kept = [orjson.loads(line)["id"] for path in waiting_segments(folder) for line in pieces(path)]

    assert sorted(kept) == sorted(ids)


def test_the_records_lie_where_only_the_owner_reads(folder: Path, writer: SegmentWriter) -> None:
    written(writer, 1)

    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    assert folder == django_settings.SEGMENT_DIR
