"""Kinds of job that only the tests have. Effects go to tables without any uniqueness."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from common.errors import Invalid, Unavailable
from worker.jobs import JobContext, finish
from worker.kinds import Kind, Periodic
from worker.models import Job

TABLES = """
    CREATE TABLE test_effect (job uuid, token bigint, value text);
    CREATE TABLE test_start (job uuid, token bigint, pid int);
    CREATE TABLE test_end (job uuid, status text, reason text);
    CREATE TABLE test_tick (pid int);
"""


def _insert(table: str, *values: Any) -> None:
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} VALUES ({marks})", values)


def started(context: JobContext) -> None:
    _insert("test_start", context.job_id, context.token, os.getpid())


def complete(context: JobContext, value: str = "") -> None:
    with transaction.atomic():
        finish(context.job_id, context.token, result={"value": value})
        _insert("test_effect", context.job_id, context.token, value)
        # Widens the window in which a kill hits between effect and commit.
        time.sleep(float(context.params.get("before_commit", 0)))


def work(context: JobContext) -> None:
    """Work for a while in small steps, then write one effect."""
    started(context)
    deadline = time.monotonic() + float(context.params.get("seconds", 0))
    while time.monotonic() < deadline:
        context.progress(stage="work", done=time.monotonic() - deadline, total=0.0)
        time.sleep(0.02)
    complete(context)


def deaf(context: JobContext) -> None:
    """Ignore every polite request."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    started(context)
    time.sleep(60)


def family(context: JobContext) -> None:
    """Start a process of one's own that nobody ends politely."""
    child = subprocess.Popen(
        [sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(60)"]
    )
    (context.workdir / "child").write_text(str(child.pid))
    _insert("test_start", context.job_id, context.token, child.pid)
    time.sleep(60)


def stubborn(context: JobContext) -> None:
    """Survive the slot's death, then try to write an effect with an old token."""
    started(context)
    ready = Path(context.params["go"])
    while not ready.exists():
        time.sleep(0.02)
    complete(context)


def devour(context: JobContext) -> None:
    started(context)
    hoard = []
    while True:
        hoard.append(bytearray(64 * 2**20))


def counted(context: JobContext) -> None:
    """Fail as told until the given try."""
    started(context)
    if context.attempt < context.params["until"]:
        how = context.params["how"]
        if how == "unavailable":
            raise Unavailable("The store does not answer.")
        if how == "signal":
            os.kill(os.getpid(), signal.SIGSEGV)
        if how == "silent":
            return
    complete(context)


def refuse(context: JobContext) -> None:
    started(context)
    raise Invalid("The dataset has one class only.", field="target")


def crash(context: JobContext) -> None:
    started(context)
    print("about to crash")
    raise ValueError("a bug")


def report(context: JobContext) -> None:
    """Say a lot: curves, a log, a flood of output, things that JSON cannot hold."""
    for epoch in range(300):
        context.point(epoch=epoch, loss=1 / (epoch + 1), accuracy=float("nan"))
        context.progress(stage="training", done=epoch + 1, total=300, message="a\x00b")
    context.point(epoch=5, loss=7.5)
    context.log("half way")
    print("\n".join(f"line {number}" for number in range(5000)), flush=True)
    os.write(context.channel, b'no message\n[]\n{"point": 3}\n')
    complete(context)


def resume(context: JobContext) -> None:
    """Count to ten in a file that outlives a kill."""
    started(context)
    file = context.workdir / "count"
    count = int(file.read_text()) if file.exists() else 0
    while count < 10:
        count += 1
        fresh = file.with_suffix(".new")
        fresh.write_text(str(count))
        fresh.replace(file)
        if count == 5 and context.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)
    complete(context, value=f"{count} at try {context.attempt}")


def environment(context: JobContext) -> None:
    names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CUDA_VISIBLE_DEVICES"]
    own_session = os.getsid(0) == os.getpid()
    complete(context, value=" ".join([*(os.environ[name] for name in names), str(own_session)]))


def late(context: JobContext) -> None:
    """Lose the database while computing, then write the results."""
    started(context)
    while not Path(context.params["go"]).exists():
        context.progress(stage="waiting")
        time.sleep(0.05)
    context.progress(stage="writing")
    complete(context)


def note_end(*, job: Job, reason: str) -> None:
    _insert("test_end", job.pk, job.status, reason)


def broken_note(*, job: Job, reason: str) -> None:
    raise RuntimeError("the hook itself is broken")


def tick() -> None:
    _insert("test_tick", os.getpid())


def broken_tick() -> None:
    raise RuntimeError("this call is broken")


_RUNS = (
    work, deaf, family, stubborn, devour, counted, refuse, crash, report, resume, environment, late
)  # fmt: skip
KINDS = {
    f"test.{run.__name__}": Kind(f"{__name__}:{run.__name__}", f"{__name__}:note_end")
    for run in _RUNS
}
KINDS["test.broken_hook"] = Kind(f"{__name__}:refuse", f"{__name__}:broken_note")
PERIODIC = (
    Periodic("broken", f"{__name__}:broken_tick", 0.1),
    Periodic("tick", f"{__name__}:tick", 0.1),
)
