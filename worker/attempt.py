"""One try of a job, seen from its slot: get a fresh process, listen, stop it, write its end."""

import enum
import logging
import math
import selectors
import signal
import threading
import time

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from worker.journal import Failure, Journal
from worker.leases import end, feel, requeue
from worker.limits import thread_variables
from worker.models import Job, Queue, Status
from worker.nursery import Birth, Nursery
from worker.pipes import Pipe

log = logging.getLogger(__name__)

TICK_SECONDS = 0.1
HALT_GRACE_SECONDS = 1.5
DROPPED = (OperationalError, InterfaceError)


class Why(enum.Enum):
    """Why a process is being stopped."""

    CANCELLED = "cancelled"
    HALTED = "the slot is stopping"
    TOO_LONG = "too long"
    LOST = "lease lost"
    LINGERS = "finished, but does not end"


class Attempt:
    """Runs one claimed job to an end; `halt` is set when the slot itself must stop."""

    def __init__(self, job: Job, halt: threading.Event, nursery: Nursery) -> None:
        self.job, self.halt = job, halt
        self._nursery = nursery
        self.journal = Journal(job.pk, job.token)
        self.why: Why | None = None
        self._messages = Pipe(self.journal.hear)
        self._output = Pipe(lambda line: self.journal.line(line.decode("utf-8", "replace")))
        now = time.monotonic()
        self._look_at = self._beat_at = now
        self._kill_at = math.inf
        self._wall_at = now + settings.JOB_WALL_SECONDS

    def run(self) -> None:
        """Do it all. Returns when the process is gone and its end is in the table."""
        try:
            process = self._start()
        except OSError as error:
            self._hang_up()
            self._settle(f"The job's process could not be started: {error}.")
            return
        try:
            self._watch(process)
        finally:
            process.kill()
            process.wait()
            self._hang_up()
        if self.why is not Why.LOST:
            self._settle(_last_words(process.returncode or 0))

    def _hang_up(self) -> None:
        for pipe in (self._messages, self._output):
            pipe.drain_rest()
            pipe.close()

    def _start(self) -> Birth:
        environment = thread_variables(settings.JOB_THREADS)
        if self.job.queue != Queue.GPU:
            environment["CUDA_VISIBLE_DEVICES"] = ""
        request = {
            "job": str(self.job.pk),
            "token": self.job.token,
            "environment": environment,
            "limits": {
                "memory": settings.JOB_MEMORY_BYTES,
                "cpu": settings.JOB_WALL_SECONDS * settings.JOB_THREADS,
            },
        }
        try:
            return self._nursery.bear(request, self._messages.writer, self._output.writer)
        finally:
            self._messages.close_writer()
            self._output.close_writer()

    def _watch(self, process: Birth) -> None:
        tries = f"Try {self.job.attempts} of {self.job.max_attempts}"
        self.journal.line(f"{tries} on {self.job.worker}, process {process.pid}.", "system")
        with selectors.DefaultSelector() as selector:
            for pipe in (self._messages, self._output):
                selector.register(pipe.reader, selectors.EVENT_READ, pipe)
            while process.poll() is None:
                if not selector.get_map():
                    process.wait(TICK_SECONDS)
                for key, _ in selector.select(TICK_SECONDS if selector.get_map() else 0):
                    if not key.data.drain():
                        selector.unregister(key.fd)
                self._tick(process)

    def _tick(self, process: Birth) -> None:
        now = time.monotonic()
        if self.halt.is_set():
            self._stop(process, Why.HALTED, now + HALT_GRACE_SECONDS)
        elif now >= self._wall_at:
            self._stop(process, Why.TOO_LONG, now + _grace())
        if now >= self._kill_at:
            process.kill()
        if now >= self._look_at:
            self._look_at = now + settings.JOB_POLL_SECONDS
            self._look(process, now)

    def _look(self, process: Birth, now: float) -> None:
        try:
            if self.journal.dirty or now >= self._beat_at:
                pulse = self.journal.flush()
                self._beat_at = now + settings.JOB_HEARTBEAT_SECONDS
            else:
                pulse = feel(self.job.pk, self.job.token)
        except DROPPED as error:
            log.warning("The database does not answer (%s); job %s goes on.", error, self.job.pk)
            connection.close()
        except DatabaseError:
            log.exception("A part of the report of job %s cannot be stored.", self.job.pk)
            self.journal.discard()
        else:
            self._react(process, pulse.status, cancel=pulse.cancel, now=now)

    def _react(self, process: Birth, status: str | None, *, cancel: bool, now: float) -> None:
        if status == Status.SUCCEEDED:
            self.why = self.why or Why.LINGERS
            self._kill_at = min(self._kill_at, now + _grace())
        elif status != Status.RUNNING:
            log.warning("Job %s was taken from this slot; its process is ended.", self.job.pk)
            self.why = Why.LOST
            process.kill()
        elif cancel:
            self._stop(process, Why.CANCELLED, now + _grace())

    def _stop(self, process: Birth, why: Why, kill_at: float) -> None:
        """Ask politely once; a halting slot may shorten the grace that was given before."""
        if self.why is None:
            self.why = why
            process.terminate()
            self._kill_at = kill_at
        elif why is Why.HALTED:
            self._kill_at = min(self._kill_at, kill_at)

    def _settle(self, last_words: str) -> None:
        """Write the end, however long the database is away; a halting slot tries only once.

        Without an answer the lease runs out, and any slot takes the job over.
        """
        while True:
            try:
                self.journal.flush()
                if self._conclude(last_words):
                    self.journal.flush()
                return
            except DROPPED as error:
                log.warning("The end of job %s cannot be written yet: %s", self.job.pk, error)
                connection.close()
            if self.halt.wait(TICK_SECONDS * 5):
                return

    def _conclude(self, last_words: str) -> bool:
        """Move the job to what follows; False when its process had already finished it."""
        job_id, token = self.job.pk, self.job.token
        failure = self.journal.failure or Failure(last_words, again=True)
        reason = failure.reason
        if self.why is Why.HALTED:
            reason = "The slot was stopped; this try does not count."
            moved = requeue(job_id, token, reason, counted=False)
        elif self.why is Why.CANCELLED:
            reason = "Cancelled on request."
            moved = end(job_id, token, Status.CANCELLED, reason)
        elif self.why is Why.TOO_LONG:
            reason = f"It took longer than {settings.JOB_WALL_SECONDS} s."
            moved = end(job_id, token, Status.FAILED, reason)
        elif failure.again:
            moved = requeue(job_id, token, reason)
        else:
            moved = end(job_id, token, Status.FAILED, reason, problem=failure.problem)
        if moved:
            self.journal.line(reason, "system")
        return moved


def _grace() -> float:
    return float(settings.JOB_GRACE_SECONDS)


def _last_words(returncode: int) -> str:
    if returncode < 0:
        return f"The job's process was ended by {signal.Signals(-returncode).name}."
    return f"The job's process ended with status {returncode} before the job was finished."
