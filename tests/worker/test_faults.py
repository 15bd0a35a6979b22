"""What goes on when the database, the broker or a message breaks."""

import base64
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.db import OperationalError, connection

from tests.servers import Server
from tests.worker.conftest import Enqueue, StartSlot, rows
from tests.worker.parts import SOON_S, Program, Redis, alive, eventually, free_port
from worker.bell import ring
from worker.models import Job

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow(seconds=40, waits=True),
    pytest.mark.usefixtures("untraced"),
]


def crash(server: Server) -> None:
    """End the database server as a crash would; its data stays."""
    assert server.process is not None
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait()


def status(job: Job) -> str:
    """The status, over a connection that may have been lost."""
    try:
        return Job.objects.get(pk=job.pk).status
    except OperationalError:
        connection.close()
        return "unknown"


@pytest.mark.parametrize("finish", ["after", "during"])
def test_a_restarted_database_costs_a_running_job_nothing(
    job: Enqueue,
    start_slot: StartSlot,
    start_clock: Callable[[], Program],
    server: Server,
    tmp_path: Path,
    finish: str,
) -> None:
    go = tmp_path / "go"
    one = job("late", go=str(go))
    slot, clock = start_slot(), start_clock()
    eventually(lambda: rows("SELECT 1 FROM test_start"))
    eventually(lambda: rows("SELECT 1 FROM test_tick"))
    connection.close()
    crash(server)
    if finish == "during":
        go.touch()
        eventually(lambda: "The end of job" in slot.said(), what=slot.said())
    else:
        eventually(lambda: "does not answer" in slot.said(), what=slot.said())
    eventually(lambda: "does not answer" in clock.said())
    server.start()
    go.touch()
    eventually(lambda: status(one) == "succeeded", what=slot.said())
    assert rows("SELECT count(*) FROM test_effect") == [(1,)]
    assert Job.objects.get(pk=one.pk).attempts == (2 if finish == "during" else 1)
    assert alive(slot.pid)
    ticks = rows("SELECT count(*) FROM test_tick")
    eventually(lambda: rows("SELECT count(*) FROM test_tick") > ticks, what="the clock goes on")


POISON = {
    "nothing": b"",
    "no JSON": b"\xff\xfe{{{",
    "an unknown task": json.dumps(
        {
            "body": base64.b64encode(b"[[], {}, {}]").decode(),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"task": "os.system", "id": "1", "lang": "py"},
            "properties": {
                "body_encoding": "base64",
                "delivery_info": {"exchange": "", "routing_key": "assay.cpu"},
                "delivery_mode": 1,
                "delivery_tag": "1",
            },
        }
    ).encode(),
    "a huge one": b'{"body": "' + b"x" * 2**24 + b'"}',
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
def test_a_poison_message_stops_no_slot_and_no_bell(
    job: Enqueue, start_slot: StartSlot, broker: str, poison: bytes
) -> None:
    first = job()
    slot = start_slot(TEST_LOOK_SECONDS="3600")
    eventually(lambda: status(first) == "succeeded")
    folder = Path(broker.removeprefix("filesystem://")) / "messages"
    (folder / "0_poison.assay.cpu.msg").write_bytes(poison)
    eventually(lambda: not list(folder.iterdir()), what="the message is gone")
    time.sleep(1)
    second = job()
    eventually(lambda: status(second) == "succeeded", what=slot.said())
    assert alive(slot.pid)
    assert slot.stop() < SOON_S


@pytest.mark.parametrize("broker", ["redis"], indirect=True)
def test_redis_poison_stops_no_slot_either(
    job: Enqueue, start_slot: StartSlot, broker: str
) -> None:
    first = job()
    slot = start_slot(TEST_LOOK_SECONDS="3600")
    eventually(lambda: status(first) == "succeeded")
    client = redis.Redis.from_url(broker)
    for poison in POISON.values():
        client.lpush("assay.cpu", poison)
    eventually(lambda: client.llen("assay.cpu") == 0, what="the messages are gone")
    time.sleep(1)
    client.close()
    second = job()
    eventually(lambda: status(second) == "succeeded", what=slot.said())
    assert slot.stop() < SOON_S


def test_a_slot_works_while_its_broker_is_away_and_hears_it_again_later(
    job: Enqueue, start_slot: StartSlot, closed_redis: Redis
) -> None:
    first = job()
    slot = start_slot(CELERY_BROKER_URL=closed_redis.url)
    eventually(lambda: status(first) == "succeeded", what=slot.said())
    closed_redis.start()
    client = redis.Redis.from_url(closed_redis.url)
    eventually(lambda: client.client_list(_type="normal")[1:], what=slot.said())
    client.close()
    closed_redis.stop()
    second = job()
    eventually(lambda: status(second) == "succeeded", what=slot.said())
    assert slot.stop() < SOON_S


@pytest.fixture
def closed_redis(tmp_path: Path) -> Redis:
    """A Redis that is not running yet."""
    return Redis(tmp_path, port=free_port())


def test_bells_that_ring_ten_times_start_a_job_once(job: Enqueue, start_slot: StartSlot) -> None:
    one = job(seconds=0.3)
    for _ in range(10):
        assert ring("cpu")
    start_slot()
    start_slot()
    eventually(lambda: status(one) == "succeeded")
    assert rows("SELECT count(*) FROM test_start") == [(1,)]
