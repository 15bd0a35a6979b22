"""A slot: python -m worker.slot --queue cpu. Celery's worker hears the bell, a runner works."""

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType
from typing import NoReturn

import django
from celery import Celery
from celery.exceptions import WorkerShutdown

STOP_SECONDS = 2.8
RESTART_SECONDS = 1.0

log = logging.getLogger(__name__)


def listen(app: Celery, queue: str, bell: "SimpleQueue[None]", halt: threading.Event) -> None:
    """Hear the bell of a broker's queue until halted.

    The worker is made anew when a message breaks it or the broker's transport does.
    """
    # Two lines for every bell say nothing about the jobs.
    logging.getLogger("celery").setLevel(logging.WARNING)
    app.conf.update(worker_pool="solo", worker_concurrency=1)

    @app.task(name="worker.ring", ignore_result=True)  # type: ignore[untyped-decorator]
    def ring() -> None:
        bell.put(None)

    quiet = {"without_gossip": True, "without_mingle": True, "without_heartbeat": True}
    while not halt.is_set():
        try:
            app.WorkController(loglevel=logging.WARNING, queues=[queue], **quiet).start()
        except Exception:
            log.exception("Celery's worker broke.")
        if not halt.is_set():
            log.warning("The bell broke and is hung up again.")
            time.sleep(RESTART_SECONDS)


def main(arguments: list[str] | None = None) -> int:
    """Run a slot until SIGTERM or SIGINT, which end it within three seconds."""
    parser = argparse.ArgumentParser(prog="python -m worker.slot", description=__doc__)
    parser.add_argument("--queue", default="cpu", choices=["cpu", "gpu", "light"])
    queue = parser.parse_args(arguments).queue
    django.setup()
    # The tables can be imported only once Django is set up.
    from worker.app import app, broker_queue  # noqa: PLC0415
    from worker.runner import Runner  # noqa: PLC0415

    runner = Runner(queue)
    _stop_on_signals(runner.stop)
    try:
        runner.start()
        log.info("Slot for %s, process %s.", queue, os.getpid())
        listen(app, broker_queue(queue), runner.bell, runner.halt)
    except WorkerShutdown:
        log.info("Slot for %s stops.", queue)
    runner.join(STOP_SECONDS)
    return 0


def _stop_on_signals(stop: Callable[[], None]) -> None:
    def handle(_signum: int, _frame: FrameType | None) -> NoReturn:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        stop()
        # Celery may wait for a broker that hangs; nothing it holds is worth waiting for.
        guard = threading.Timer(STOP_SECONDS, os._exit, [0])
        guard.daemon = True
        guard.start()
        raise WorkerShutdown(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


if __name__ == "__main__":
    sys.exit(main())
