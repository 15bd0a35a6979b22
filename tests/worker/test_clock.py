"""What the clock promises: nothing stays stuck, one clock at a time, old folders go."""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.db.models.functions import Now

from tests.worker.conftest import Enqueue, StartSlot, rows
from tests.worker.parts import SOON_S, Program, eventually
from worker.jobs import request_cancel
from worker.leases import claim, end
from worker.models import Job, Status
from worker.rounds import Clock
from worker.upkeep import clean_folders, reap, unheard


@pytest.fixture
def clock(jobs: Path) -> Iterator[Clock]:
    """A clock in this process."""
    yield Clock()
    connection.close()


def abandon(job: Job, **more: object) -> None:
    """As if the slot had vanished while the job ran."""
    assert claim("cpu", "gone:1") is not None
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1), **more)


def test_a_job_whose_slot_vanished_at_its_last_try_fails_with_a_reason(job: Enqueue) -> None:
    one = job()
    abandon(one, attempts=3)
    assert reap() == 1
    one.refresh_from_db()
    reason = "The slot vanished while the job ran; that was try 3 of 3."
    assert (one.status, one.failure) == ("failed", reason)
    assert rows("SELECT * FROM test_end") == [(one.pk, "failed", reason)]
    assert reap() == 0


def test_a_cancelled_job_whose_slot_vanished_is_cancelled(job: Enqueue) -> None:
    one = job()
    abandon(one)
    request_cancel(job_id=one.pk)
    assert reap() == 1
    one.refresh_from_db()
    assert one.status == "cancelled"


def test_jobs_that_wait_for_a_failed_one_fail_too_down_the_chain(job: Enqueue) -> None:
    first = job()
    second = job(depends_on=[first])
    third = job(depends_on=[second])
    taken = claim("cpu", "here:1")
    assert taken is not None
    end(taken.pk, taken.token, Status.FAILED, "a reason")
    assert reap() == 2
    assert set(Job.objects.values_list("status", flat=True)) == {"failed"}
    assert {row[0] for row in rows("SELECT job FROM test_end")} == {first.pk, second.pk, third.pk}


def test_what_can_still_go_on_is_left_alone(job: Enqueue) -> None:
    waiting, running, abandoned = job(), job(priority=2), job(priority=1)
    assert claim("cpu", "here:1") is not None
    abandon(abandoned)
    assert reap() == 0
    statuses = [Job.objects.get(pk=one.pk).status for one in (waiting, running, abandoned)]
    assert statuses == ["queued", "running", "running"]


def test_only_queues_with_work_that_could_start_are_rung_again(job: Enqueue) -> None:
    first = job(queue="light")
    job(depends_on=[first])
    job(queue="gpu")
    assert unheard(60) == []
    assert sorted(unheard(0)) == ["gpu", "light"]


def test_folders_of_ended_and_unknown_jobs_are_removed_and_others_kept(
    job: Enqueue, jobs: Path
) -> None:
    open_job, ended = job(), job()
    request_cancel(job_id=ended.pk)
    for name in (open_job.pk, ended.pk, uuid.uuid4(), "left over"):
        (jobs / str(name) / "deep").mkdir(parents=True)
    clean_folders()
    assert [folder.name for folder in jobs.iterdir()] == [str(open_job.pk)]


def test_one_of_several_clocks_works_and_another_follows_when_it_dies(
    clock: Clock, server: object, start_clock: Callable[[], Program]
) -> None:
    first = start_clock()
    eventually(lambda: rows("SELECT 1 FROM test_tick WHERE pid = %s", first.pid))
    second = start_clock()
    assert not clock.round()
    first.kill()
    eventually(lambda: rows("SELECT 1 FROM test_tick WHERE pid = %s", second.pid))
    assert second.stop() < SOON_S
    eventually(clock.round)
    assert rows("SELECT 1 FROM test_tick WHERE pid = %s", os.getpid())


def test_a_broken_periodic_call_stops_neither_the_clock_nor_other_calls(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    assert clock.round()
    assert "The periodic call broken failed." in caplog.text
    assert rows("SELECT count(*) FROM test_tick") == [(1,)]


@pytest.mark.server
def test_the_clock_rings_for_a_job_whose_bell_was_lost(
    job: Enqueue, start_slot: StartSlot, start_clock: Callable[[], Program], tmp_path: Path
) -> None:
    """The slot would look by itself only in an hour."""
    first = job()
    start_slot(TEST_LOOK_SECONDS="3600")
    eventually(lambda: Job.objects.get(pk=first.pk).status == "succeeded")
    time.sleep(1)
    second = job(queue="light")
    Job.objects.filter(pk=second.pk).update(queue="cpu")
    start_clock()
    eventually(lambda: Job.objects.get(pk=second.pk).status == "succeeded")
