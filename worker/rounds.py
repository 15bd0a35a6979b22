"""What the clock does each round. Several clocks may run; the one with the lock works."""

import logging
import time

from django.db import InterfaceError, OperationalError, connection

from worker.bell import ring
from worker.kinds import Periodic, periodic, resolve
from worker.upkeep import reap, unheard

log = logging.getLogger(__name__)

LOCK = 0x6173736179
UNHEARD_SECONDS = 5.0
LONGEST_SILENCE = 300.0


class Clock:
    """Rings again for waiting jobs, ends hopeless ones, makes the periodic calls when due.

    The lock is an advisory one of the session, no row and no transaction: whoever waits for it
    blocks nobody, and it goes with the connection of a clock that dies.
    """

    def __init__(self) -> None:
        self._session = 0
        self._silence: dict[str, tuple[float, float]] = {}
        self._due: dict[str, float] = {}

    def round(self) -> bool:
        """Do what is due; False when another clock does it or the database does not answer."""
        try:
            if not self._leads():
                return False
            self._work()
        except (OperationalError, InterfaceError) as error:
            log.warning("The database does not answer: %s", error)
            connection.close()
            return False
        return True

    def _leads(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            session = cursor.fetchone()[0]
            if session != self._session:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
                self._session = session if cursor.fetchone()[0] else 0
        return self._session != 0

    def _work(self) -> None:
        ended = reap()
        if ended:
            log.info("%s jobs could go no further and were ended.", ended)
        self._ring_again()
        for call in periodic():
            if time.monotonic() >= self._due.get(call.name, 0):
                self._due[call.name] = time.monotonic() + call.seconds
                _make(call)

    def _ring_again(self) -> None:
        """Ring for what nobody took; ever more rarely, since messages pile up without a slot."""
        now = time.monotonic()
        queues = unheard(UNHEARD_SECONDS)
        self._silence = {queue: self._silence.get(queue, (0.0, 0.0)) for queue in queues}
        for queue, (due, pause) in self._silence.items():
            if now >= due:
                ring(queue)
                pause = min(max(pause * 2, UNHEARD_SECONDS), LONGEST_SILENCE)
                self._silence[queue] = (now + pause, pause)


def _make(call: Periodic) -> None:
    try:
        resolve(call.call)()
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # One app's mistake must not stop the clock for the others.
        log.exception("The periodic call %s failed.", call.name)
