"""Two hundred effects stay two hundred, whatever is killed meanwhile."""

import os
import random
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.worker.conftest import Enqueue, StartSlot, rows
from tests.worker.parts import Program, alive, eventually, gone
from worker.models import Job

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow(seconds=100, waits=True),
    pytest.mark.usefixtures("untraced"),
]
KILLS = 5


def _hit(kill: Callable[[], None], running: Job) -> bool:
    """Kill, and tell whether that ended a try: the job needs another one."""
    kill()
    eventually(lambda: Job.objects.get(pk=running.pk).token != running.token or _over(running), 60)
    return not _over(running) or Job.objects.get(pk=running.pk).token != running.token


def _over(job: Job) -> bool:
    return Job.objects.get(pk=job.pk).status in ("succeeded", "failed")


def _victim(slot: Program) -> tuple[Job, int] | None:
    """A job at its first try in this slot, with its process: three hits would end it as failed."""
    found = rows(
        "SELECT j.id, s.pid FROM worker_job j JOIN test_start s ON (s.job, s.token) = (j.id, "
        "j.token) WHERE j.status = 'running' AND j.attempts = 1 AND j.worker LIKE %s",
        f"%:{slot.pid}",
    )
    return (Job.objects.get(pk=found[0][0]), found[0][1]) if found else None


@pytest.mark.parametrize(
    ("broker", "count"), [("filesystem", 200), ("redis", 60)], indirect=["broker"]
)
def test_jobs_have_one_effect_each_over_five_kills_of_processes_and_five_of_slots(
    count: int, job: Enqueue, start_slot: StartSlot, start_clock: Callable[[], Program]
) -> None:
    chance = random.Random(20)
    for _ in range(count):
        job(seconds=0.02, before_commit=0.06)
    slots = [start_slot(), start_slot()]
    start_clock()
    hits: list[tuple[str, str]] = []
    while sum(kind == "child" for kind, _ in hits) < KILLS or len(hits) < 2 * KILLS:
        eventually(lambda: any(map(_victim, slots)), 60)
        slot = chance.choice([slot for slot in slots if _victim(slot)] or slots)
        found = _victim(slot)
        if found is None:
            continue
        running, pid = found
        time.sleep(chance.uniform(0, 0.05))
        kind = "child" if sum(kind == "child" for kind, _ in hits) < KILLS else "slot"
        if kind == "child":
            hit = alive(pid) and _hit(partial(os.kill, pid, 9), running)
        else:
            hit = _hit(slot.kill, running)
            eventually(partial(gone, pid), 30, "the process dies with its slot")
            slot.start()
        hits += [(kind, str(running.pk))] * hit
    eventually(lambda: not Job.objects.exclude(status="succeeded").exists(), 900)
    assert rows("SELECT count(*), count(DISTINCT job) FROM test_effect") == [(count, count)]
    assert all(Job.objects.get(pk=pk).attempts > 1 for _, pk in hits)
