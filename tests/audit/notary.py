"""A notary of the tests' own: the real integrator and the real approvals, in a thread."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from audit.integrator import Integrator, Round
from governance.emergencies.notary import sign_waiting_emergencies
from governance.notary import sign_waiting_approvals
from tests.servers import Database
from trust.key_files import generate_key
from trust.keys import SigningKey, TrustedKeys, approvals_name

ORIGIN = "assay.test/log"


class Notary:
    """The keys and the memory of one notary over one database."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.log_key: SigningKey = generate_key(ORIGIN)
        self.approval_key: SigningKey = generate_key(approvals_name(ORIGIN))
        self.memory = folder / "last-checkpoint.txt"

    @property
    def keys(self) -> TrustedKeys:
        """What outsiders trust."""
        return TrustedKeys([self.log_key.verifier, self.approval_key.verifier])

    def integrator(self) -> Integrator:
        """An integrator that has not started."""
        return Integrator(key=self.log_key, memory=self.memory)

    def _started(self) -> Integrator:
        integrator = self.integrator()
        # The server may not have noticed yet that the round before has hung up.
        for _ in range(100):
            if integrator.start():
                return integrator
            time.sleep(0.05)
        raise AssertionError("another notary is at work")

    def work(self) -> Round:
        """One round as a notary that starts now: approvals, emergency grants, then the log."""
        with self.database.as_role("notary"):
            integrator = self._started()
            sign_waiting_approvals(self.approval_key)
            sign_waiting_emergencies(self.approval_key)
            return integrator.run_once()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The notary runs beside whatever happens in the block."""
        stop, ready = threading.Event(), threading.Event()
        trouble: list[BaseException] = []
        thread = threading.Thread(target=self._loop, args=(stop, ready, trouble.append))
        # The thread connects with the address that is set now; this one goes on as the app role.
        with self.database.as_role("notary"):
            thread.start()
            ready.wait(10)
        try:
            yield
        finally:
            stop.set()
            thread.join(10)
        assert not trouble, trouble

    def _loop(
        self,
        stop: threading.Event,
        ready: threading.Event,
        tell: Callable[[BaseException], None],
    ) -> None:
        try:
            integrator = self._started()
            ready.set()
            while not stop.is_set():
                sign_waiting_approvals(self.approval_key)
                sign_waiting_emergencies(self.approval_key)
                integrator.run_once()
                stop.wait(0.02)
        except Exception as error:  # noqa: BLE001 - told to the test that waits for this thread
            tell(error)
        finally:
            ready.set()
            connection.close()
