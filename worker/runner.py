"""The working half of a slot: claims a job, runs it, looks again. One job at a time."""

import contextlib
import logging
import os
import socket
import threading
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db import DatabaseError, connection

from worker.attempt import DROPPED, Attempt
from worker.leases import claim
from worker.nursery import Nursery
from worker.upkeep import clean_folder, clean_folders

log = logging.getLogger(__name__)


class Runner(threading.Thread):
    """A thread beside Celery's loop, so that the broker's heartbeats and SIGTERM are answered
    while a job runs for hours, and a dead broker keeps no job waiting.

    It must live as long as its process: the kernel ends the nursery with the thread that started
    it, and so a job's process.
    """

    def __init__(self, queue: str) -> None:
        super().__init__(name=f"runner-{queue}", daemon=True)
        self.queue = queue
        self.worker = f"{socket.gethostname()}:{os.getpid()}"[:200]
        self.halt = threading.Event()
        self.nursery = Nursery()
        # Of all that wakes a thread, only this may be used inside a signal handler.
        self.bell: SimpleQueue[None] = SimpleQueue()

    def run(self) -> None:
        """Work until halted: whenever the bell rings, and every few seconds without it."""
        self._clean()
        self.nursery.open()
        while not self.halt.is_set():
            if not self.claim_and_run():
                self._wait()
        self.nursery.close()
        connection.close()

    def _wait(self) -> None:
        with contextlib.suppress(Empty):
            self.bell.get(timeout=settings.JOB_LOOK_SECONDS)
            while True:
                self.bell.get_nowait()

    def stop(self) -> None:
        """Claim nothing more, stop the running job without costing it a try."""
        self.halt.set()
        self.bell.put(None)

    def claim_and_run(self) -> bool:
        """Run one job; False when there was none, or the database does not answer."""
        try:
            job = claim(self.queue, self.worker)
        except DROPPED as error:
            log.warning("The database does not answer: %s", error)
            connection.close()
            return False
        if job is None:
            return False
        log.info("Job %s (%s), try %s.", job.pk, job.kind, job.attempts)
        try:
            Attempt(job, self.halt, self.nursery).run()
            clean_folder(job.pk)
        except Exception:
            # The lease runs out, and the job is taken up again; this slot must stay.
            log.exception("Job %s could not be brought to an end.", job.pk)
            connection.close()
            return False
        return True

    def _clean(self) -> None:
        try:
            clean_folders()
        except (DatabaseError, OSError) as error:
            log.warning("Old folders of jobs were not removed: %s", error)
            connection.close()
