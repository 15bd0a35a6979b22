"""Damage to a segment costs the damaged lines and nothing else, and nobody can overlook it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.test import Client
from pytest_django import Settings

from audit.actions import Action
from audit.models import AuditEvent
from inference import serving
from inference.models import Prediction, PredictionBatch
from inference.segments import DAMAGED, READY, SegmentWriter
from inference.services import ship_predictions
from tests.inference.records import MODEL_ID, entry
from tests.inference.shipped import in_database, written
from tests.servers import ROOT, Database
from trust.digests import digest_of

GARBAGE = b"\x00\xff\x93garbage\r\n\n" + bytes(range(256)) * 20


@pytest.fixture
def health(settings: Settings, client: Client) -> Iterator[Callable[[], dict[str, Any]]]:
    """What the serving process says of itself."""
    settings.ROOT_URLCONF = "config.urls_inference"

    def ask() -> dict[str, Any]:
        body: dict[str, Any] = client.get("/health").json()
        return body

    yield ask
    serving.follower().stop()
    serving.follower.cache_clear()


def segment(writer: SegmentWriter, folder: Path, records: int) -> tuple[Path, list[str]]:
    """A segment that waits, and the ids of its records."""
    before = set(folder.iterdir())
    ids = written(writer, records)
    writer.close()
    (path,) = set(folder.iterdir()) - before
    return path, ids


def damaged(path: Path) -> bytes:
    """What was set aside of a segment."""
    return path.with_suffix(DAMAGED).read_bytes()


def told() -> list[dict[str, Any]]:
    """What the log says of damage."""
    events = AuditEvent.objects.filter(action=Action.PREDICTIONS_DAMAGED.value).order_by("pk")
    return [event.payload for event in events]


def sealed() -> list[int]:
    events = AuditEvent.objects.filter(action=Action.PREDICTIONS_SEALED.value).order_by("pk")
    return [event.payload["count"] for event in events]


class TestSetAside:
    def test_a_line_in_the_middle_and_the_others_are_shipped(
        self, db: None, folder: Path, writer: SegmentWriter
    ) -> None:
        path, ids = segment(writer, folder, 5)
        lines = path.read_bytes().splitlines(keepends=True)
        lines[2] = b"\x00\r\xfe" + lines[2][3:]
        path.write_bytes(b"".join(lines))
        _, later = segment(writer, folder, 2)

        assert ship_predictions() == 4 + 2

        kept = [ids[0], ids[1], ids[3], ids[4]]
        assert in_database() == sorted([*kept, *later])
        shipped = Prediction.objects.filter(batch__segment=path.stem).order_by("position")
        assert [(row.position, str(row.pk)) for row in shipped] == list(enumerate(kept))
        assert damaged(path) == lines[2]
        assert sealed() == [4, 2]

    def test_a_torn_end(self, db: None, folder: Path, writer: SegmentWriter) -> None:
        path, ids = segment(writer, folder, 3)
        whole = path.read_bytes()
        path.write_bytes(whole[:-20])
        torn = whole[:-20].rpartition(b"\n")[2]
        _, later = segment(writer, folder, 1)

        assert ship_predictions() == 2 + 1

        assert in_database() == sorted([*ids[:2], *later])
        assert damaged(path) == torn

    def test_a_whole_file_of_garbage(self, db: None, folder: Path, writer: SegmentWriter) -> None:
        path, _ = segment(writer, folder, 1)
        path.write_bytes(GARBAGE)
        _, later = segment(writer, folder, 2)

        assert ship_predictions() == 2

        assert in_database() == sorted(later)
        assert damaged(path) == GARBAGE
        assert PredictionBatch.objects.count() == 1
        assert [path.suffix for path in folder.iterdir()] == [DAMAGED]

    @pytest.mark.parametrize(
        "change",
        [
            {"id": "not-an-id"},
            {"id": None},
            {"at": "yesterday"},
            {"at": "9999-01-01T00:00:00.000000Z"},
            {"model": 7},
            {"approval": "00000000"},
            {"user": ""},
            {"number": -1},
            {"number": 2**31},
            {"rows": True},
            {"rows": 1.5},
            {"version_digest": "sha256:" + "ab" * 33},
        ],
        ids=str,
    )
    def test_a_line_that_reads_well_and_is_no_record(
        self, db: None, folder: Path, writer: SegmentWriter, change: dict[str, object]
    ) -> None:
        path, ids = segment(writer, folder, 2)
        first, second = path.read_bytes().splitlines(keepends=True)
        odd = orjson.dumps(entry() | change) + b"\n"
        path.write_bytes(first + odd + second)

        assert ship_predictions() == 2
        assert in_database() == sorted(ids)
        assert damaged(path) == odd

    @pytest.mark.parametrize("odd", [b"\n", b"[]\n", b"7\n", b"{}\n", b"[" * 3000 + b"\n"])
    def test_a_line_that_is_no_object(
        self, db: None, folder: Path, writer: SegmentWriter, odd: bytes
    ) -> None:
        path, _ = segment(writer, folder, 1)
        path.write_bytes(odd + path.read_bytes())

        assert ship_predictions() == 1
        assert damaged(path) == odd

    def test_a_record_that_has_arrived_before(
        self, db: None, folder: Path, writer: SegmentWriter
    ) -> None:
        """A copy of a segment under another name, and a line that stands twice in one."""
        path, ids = segment(writer, folder, 2)
        body = path.read_bytes()
        first = body.splitlines(keepends=True)[0]
        path.write_bytes(body + first)
        copy = folder / f"9-copy{READY}"
        copy.write_bytes(body)

        assert ship_predictions() == 2
        assert in_database() == sorted(ids)
        assert (damaged(path), damaged(copy)) == (first, body)


def test_a_segment_that_cannot_be_read_holds_nobody_back(
    db: None, folder: Path, writer: SegmentWriter
) -> None:
    folder.mkdir(exist_ok=True)
    stuck = folder / f"0-stuck{READY}"
    stuck.mkdir()
    _, ids = segment(writer, folder, 2)

    assert ship_predictions() == 2
    assert in_database() == sorted(ids)
    assert list(folder.iterdir()) == [stuck]


class TestToldOf:
    def test_the_log_names_the_file_and_what_is_in_it(
        self, db: None, folder: Path, writer: SegmentWriter
    ) -> None:
        path, _ = segment(writer, folder, 3)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(lines[0] + b"x" + lines[1] + lines[2][:-1])

        ship_predictions()

        event = AuditEvent.objects.get(action=Action.PREDICTIONS_DAMAGED.value)
        assert event.payload == {
            "file": f"{path.stem}{DAMAGED}",
            "pieces": 2,
            "bytes": len(damaged(path)),
            "digest": digest_of(damaged(path)),
            "shipped": 1,
        }
        batch = PredictionBatch.objects.get()
        assert (event.subject_type, event.subject_id) == ("predictions", str(batch.pk))
        assert f"model:{MODEL_ID}" in event.related

    def test_health_counts_the_files_until_somebody_has_taken_them_away(
        self, db: None, folder: Path, writer: SegmentWriter, health: Callable[[], Any]
    ) -> None:
        path, _ = segment(writer, folder, 1)
        assert health()["damaged_segments"] == 0
        path.write_bytes(GARBAGE)
        ship_predictions()

        assert health()["damaged_segments"] == 1

        path.with_suffix(DAMAGED).unlink()
        assert health()["damaged_segments"] == 0

    def test_a_sound_segment_leaves_nothing(
        self, db: None, folder: Path, writer: SegmentWriter
    ) -> None:
        segment(writer, folder, 3)
        ship_predictions()

        assert told() == []
        assert list(folder.iterdir()) == []


def test_nothing_is_doubled_or_lost_when_shipping_is_killed_between_its_steps(
    fresh_database: Database, folder: Path, writer: SegmentWriter
) -> None:
    mixed, ids = segment(writer, folder, 4)
    lines = mixed.read_bytes().splitlines(keepends=True)
    mixed.write_bytes(lines[0] + b"x" + lines[1] + lines[2] + lines[3])
    garbage, _ = segment(writer, folder, 1)
    garbage.write_bytes(GARBAGE)
    _, later = segment(writer, folder, 2)
    steps = ["os.rename", "record", "os.remove"]

    said = subprocess.run(
        [sys.executable, "-m", "tests.inference.killed_shipper", str(folder), *steps, *steps],
        cwd=ROOT,
        env={
            **os.environ,
            **fresh_database.env(),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    ship_predictions()

    assert said.splitlines() == [f"{step} killed" for step in [*steps, *steps]]
    assert in_database() == sorted([ids[0], ids[2], ids[3], *later])
    assert damaged(mixed) == b"x" + lines[1]
    assert damaged(garbage) == GARBAGE
    assert [one["file"] for one in told()] == [
        path.with_suffix(DAMAGED).name for path in (mixed, garbage)
    ]
    assert sealed() == [3, 2]
    assert {path.suffix for path in folder.iterdir()} == {DAMAGED}
