"""What a slot promises for the jobs that it runs."""

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.worker.conftest import Enqueue, StartSlot, rows
from tests.worker.parts import ROOT, SOON_S, alive, eventually
from worker.jobs import request_cancel, retry
from worker.models import Job

pytestmark = [pytest.mark.server, pytest.mark.slow(seconds=80, waits=True)]


def ended(job: Job) -> bool:
    job.refresh_from_db()
    return job.status not in ("queued", "running")


def pids(job: Job) -> list[int]:
    return [row[0] for row in rows("SELECT pid FROM test_start WHERE job = %s", job.pk)]


def effects(job: Job) -> list[str]:
    return [row[0] for row in rows("SELECT value FROM test_effect WHERE job = %s", job.pk)]


def log_of(job: Job) -> str:
    return "\n".join(job.log_lines.values_list("text", flat=True))


def test_a_job_is_run_and_its_effect_and_result_are_there(
    job: Enqueue, start_slot: StartSlot, jobs: Path
) -> None:
    one = job()
    slot = start_slot()
    eventually(lambda: ended(one))
    assert (one.status, one.attempts, one.result) == ("succeeded", 1, {"value": ""})
    assert rows("SELECT job, token FROM test_effect") == [(one.pk, one.token)]
    assert f":{slot.pid}" in one.worker
    eventually(lambda: not list(jobs.iterdir()), what="the folder of an ended job is removed")


def test_the_bell_wakes_a_slot_that_looks_only_once_an_hour(
    job: Enqueue, start_slot: StartSlot
) -> None:
    first = job()
    slot = start_slot(TEST_LOOK_SECONDS="3600")
    eventually(lambda: ended(first))
    time.sleep(1)
    second = job()
    eventually(lambda: ended(second), 60, slot.said())


def test_a_process_gets_its_threads_its_own_session_and_no_gpu(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job("environment")
    start_slot()
    eventually(lambda: ended(one))
    assert effects(one) == ["1 1 1  True"]


def test_a_slot_of_another_queue_leaves_the_job_alone(job: Enqueue, start_slot: StartSlot) -> None:
    cpu, light = job(), job(queue="light")
    start_slot("light")
    eventually(lambda: ended(light))
    cpu.refresh_from_db()
    assert cpu.status == "queued"


def test_a_running_job_is_cancelled_politely_and_its_app_is_told(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job(seconds=60)
    start_slot()
    eventually(lambda: pids(one))
    request_cancel(job_id=one.pk)
    eventually(lambda: ended(one), 40)
    assert one.status == "cancelled"
    assert rows("SELECT * FROM test_end") == [(one.pk, "cancelled", "Cancelled on request.")]
    assert effects(one) == []


@pytest.mark.parametrize("kind", ["deaf", "family"])
def test_a_cancelled_job_that_ignores_requests_is_killed_with_all_it_started(
    job: Enqueue, start_slot: StartSlot, kind: str
) -> None:
    one = job(kind)
    start_slot()
    eventually(lambda: pids(one))
    request_cancel(job_id=one.pk)
    eventually(lambda: ended(one), 40)
    assert one.status == "cancelled"
    assert not alive(pids(one)[0])


def test_a_cancelled_job_can_be_tried_again_and_succeeds(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job()
    request_cancel(job_id=one.pk)
    Job.objects.filter(pk=one.pk).update(problem={"detail": "Of the try before."})
    retry(job_id=one.pk)
    start_slot()
    eventually(lambda: ended(one))
    assert (one.status, one.attempts, one.problem) == ("succeeded", 1, None)


def test_a_job_that_takes_too_much_memory_ends_only_itself(
    job: Enqueue, start_slot: StartSlot
) -> None:
    greedy, modest = job("devour", priority=1), job()
    slot = start_slot()
    eventually(lambda: ended(modest))
    greedy.refresh_from_db()
    assert (greedy.status, greedy.attempts) == ("failed", 1)
    assert greedy.failure == "It needed more memory than a job may use (0.5 GiB)."
    assert modest.status == "succeeded"
    assert alive(slot.pid)


def test_a_job_that_takes_too_long_is_ended_and_says_so(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job(seconds=60)
    start_slot(TEST_WALL_SECONDS="2")
    eventually(lambda: ended(one))
    assert (one.status, one.failure) == ("failed", "It took longer than 2 s.")


def test_a_refusal_fails_at_once_with_its_sentence(job: Enqueue, start_slot: StartSlot) -> None:
    one = job("refuse")
    start_slot()
    eventually(lambda: ended(one))
    assert (one.status, one.attempts) == ("failed", 1)
    assert one.failure == "The dataset has one class only."
    assert one.problem == {
        "type": "urn:assay:problem:invalid",
        "title": "The input is not valid",
        "status": 422,
        "detail": "The dataset has one class only.",
        "field": "target",
    }
    assert rows("SELECT status, reason FROM test_end") == [("failed", one.failure)]
    assert "Traceback" not in log_of(one)


def test_a_bug_fails_at_once_and_the_log_keeps_output_and_traceback(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job("crash")
    start_slot()
    eventually(lambda: ended(one))
    assert (one.status, one.failure) == ("failed", "ValueError: a bug")
    assert "about to crash" in log_of(one)
    assert "Traceback" in log_of(one)


@pytest.mark.parametrize("how", ["unavailable", "signal", "silent"])
def test_a_try_that_could_go_better_is_repeated_at_once(
    job: Enqueue, start_slot: StartSlot, how: str
) -> None:
    one = job("counted", until=2, how=how)
    start_slot()
    eventually(lambda: ended(one))
    assert (one.status, one.attempts, len(pids(one)), one.failure) == ("succeeded", 2, 2, "")


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("unavailable", "The store does not answer. That was try 3 of 3."),
        ("signal", "The job's process was ended by SIGSEGV. That was try 3 of 3."),
        ("silent", "The job's process ended with status 0 before the job was finished."),
    ],
)
def test_the_third_try_is_the_last_and_the_reason_is_kept(
    job: Enqueue, start_slot: StartSlot, how: str, reason: str
) -> None:
    one = job("counted", until=9, how=how)
    start_slot()
    eventually(lambda: ended(one))
    assert (one.status, one.attempts, len(pids(one))) == ("failed", 3, 3)
    assert one.failure.startswith(reason)
    assert rows("SELECT status, reason FROM test_end") == [("failed", one.failure)]


def test_a_broken_hook_of_an_app_does_not_keep_its_job_running(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job("broken_hook")
    start_slot()
    eventually(lambda: ended(one))
    assert one.status == "failed"


def test_the_folder_outlives_a_killed_try_so_that_work_is_resumed(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job("resume")
    start_slot()
    eventually(lambda: ended(one))
    assert effects(one) == ["10 at try 2"]


def test_curves_progress_and_log_are_kept_within_bounds(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job("report")
    slot = start_slot()
    eventually(lambda: ended(one), what=slot.said())
    assert one.status == "succeeded"
    eventually(lambda: "line 4999" in log_of(one), 60, "the last of the report follows the end")
    one.refresh_from_db()
    points = dict(one.points.values_list("step", "values"))
    assert len(points) == 300
    assert points[299] == {"epoch": 299, "loss": 1 / 300, "accuracy": None}
    assert points[5]["loss"] == 7.5
    assert one.progress["done"] == one.progress["total"] == 300
    assert one.progress["message"] == "a\ufffdb"
    assert one.log_lines.count() <= 2000
    eventually(lambda: "not a message: b'no message'" in log_of(one), 60, "noise is named")


def test_a_stopping_slot_gives_its_job_back_without_costing_a_try_within_three_seconds(
    job: Enqueue, start_slot: StartSlot
) -> None:
    for kind in ("work", "deaf"):
        one = job(kind, seconds=60)
        slot = start_slot()
        eventually(partial(pids, one))
        assert slot.stop() < SOON_S
        one.refresh_from_db()
        assert (one.status, one.attempts, one.worker) == ("queued", 0, "")
        assert not alive(pids(one)[0])
        request_cancel(job_id=one.pk)


def test_an_idle_slot_stops_within_three_seconds(start_slot: StartSlot) -> None:
    slot = start_slot()
    eventually(lambda: "Slot for" in slot.said())
    assert slot.stop() < SOON_S
    assert slot.process.returncode == 0


def test_two_slots_never_run_the_same_job(job: Enqueue, start_slot: StartSlot) -> None:
    many = [job(seconds=0.1) for _ in range(16)]
    slots = [start_slot(), start_slot()]
    eventually(lambda: all(ended(one) for one in many), 60)
    assert rows("SELECT count(*), count(DISTINCT job) FROM test_start") == [(16, 16)]
    assert rows("SELECT count(*), count(DISTINCT job) FROM test_effect") == [(16, 16)]
    workers = {one.worker.rpartition(":")[2] for one in many}
    assert workers == {str(slot.pid) for slot in slots}


def test_the_process_of_a_killed_slot_dies_with_it(job: Enqueue, start_slot: StartSlot) -> None:
    one = job("deaf")
    slot = start_slot()
    eventually(lambda: pids(one))
    assert alive(pids(one)[0])
    slot.kill()
    eventually(lambda: not alive(pids(one)[0]), 30)


def test_a_restarted_slot_takes_up_what_its_killed_self_left(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job(seconds=1)
    slot = start_slot()
    eventually(lambda: pids(one))
    slot.kill()
    slot.start()
    eventually(lambda: ended(one))
    assert (one.status, one.attempts, len(effects(one))) == ("succeeded", 2, 1)


def test_a_slot_whose_job_was_taken_over_ends_its_process_and_writes_nothing(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job(seconds=60)
    slot = start_slot()
    eventually(lambda: pids(one))
    Job.objects.filter(pk=one.pk).update(token=one.token + 10, worker="somebody else")
    eventually(lambda: not alive(pids(one)[0]), 30)
    one.refresh_from_db()
    assert (one.status, one.worker, effects(one)) == ("running", "somebody else", [])
    assert alive(slot.pid)


def test_a_process_that_outlives_its_lease_cannot_write_its_effect(
    job: Enqueue, start_slot: StartSlot, tmp_path: Path
) -> None:
    """The slot is paused, its lease runs out, another slot does the job; then all go on."""
    go = tmp_path / "go"
    one = job("stubborn", go=str(go))
    paused = start_slot()
    eventually(lambda: pids(one))
    os.kill(paused.pid, 19)
    start_slot()
    eventually(lambda: len(pids(one)) == 2)
    first, second = pids(one)
    assert alive(first)
    assert alive(second)
    go.touch()
    eventually(lambda: ended(one))
    eventually(lambda: not alive(first) and not alive(second))
    assert len(effects(one)) == 1
    os.kill(paused.pid, 18)


def test_a_try_whose_nursery_is_killed_is_repeated_in_a_new_one(
    job: Enqueue, start_slot: StartSlot
) -> None:
    one = job(seconds=2)
    slot = start_slot()
    eventually(lambda: pids(one))
    nursery = psutil.Process(pids(one)[0]).ppid()
    os.kill(nursery, 9)
    eventually(lambda: ended(one))
    assert (one.status, one.attempts, len(effects(one))) == ("succeeded", 2, 1)
    assert psutil.pid_exists(slot.pid)
    assert psutil.Process(slot.pid).children()[0].pid != nursery


def test_a_nursery_holds_nothing_that_a_fork_would_break() -> None:
    """No thread, no connection, no library that computes: of the real settings and tables."""
    program = (
        "import django; django.setup()\n"
        "import worker.child, worker.kinds, sys, os\n"
        "from django.db import connections\n"
        "heavy = {'numpy', 'torch', 'onnxruntime', 'scipy', 'pyarrow'} & set(sys.modules)\n"
        "tasks = os.listdir('/proc/self/task')\n"
        "print(sorted(heavy), len(tasks), connections['default'].connection)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[] 1 None"
