"""A place to measure in: a PostgreSQL of its own that keeps what it acknowledges, and a notary."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from config.platform import sockets
from config.platform.embedded import Cluster, leash, server_identity, wheel_binaries
from tests.servers import Database, server_binaries

ROOT = Path(__file__).resolve().parent.parent


class Place:
    """A folder with a cluster, its database, the notary's keys; everything is gone at the end.

    Unlike the suite's server it writes through to the disk (`fsync`, `synchronous_commit`), since
    that is what an installation pays for.
    """

    def __init__(self, folder: Path) -> None:
        binaries = server_binaries() or wheel_binaries()
        self.folder = folder
        self.cluster = Cluster(
            binaries=binaries,
            data=folder / "postgres",
            socket_dir=sockets.make_socket_folder(folder),
            identity=server_identity(binaries),
        )
        self.database = Database("bench", self.cluster.socket_dir)
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """The server, the tables, the keys; afterwards Django of this process is the app role."""
        self.cluster.create()
        server = self._run(
            leash(self.cluster.command(), identity=self.cluster.identity, at_death=signal.SIGQUIT),
            "postgres",
        )
        self.cluster.wait(server)
        self.cluster.make_owner()
        os.environ |= self.environment()
        owner = {
            "DATABASE_OWNER_URL": self.database.url("owner"),
            "ASSAY_DATABASE_ROLE": "owner",
        }
        self.manage("setup_database", **owner)
        self.manage("notary_keys")
        django.setup()

    def environment(self) -> dict[str, str]:
        """What a process of this instance sees."""
        return {
            **self.database.env(),
            "ASSAY_VAR": str(self.folder / "var"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }

    def manage(self, *arguments: str, **environment: str) -> None:
        """Run a management command to its end."""
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=os.environ | self.environment() | environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    @contextmanager
    def notary(self) -> Iterator[None]:
        """The real notary runs beside whatever happens in the block."""
        os.environ["ASSAY_DATABASE_ROLE"] = "notary"
        process = self._run([sys.executable, str(ROOT / "manage.py"), "notary"], "notary")
        os.environ["ASSAY_DATABASE_ROLE"] = "app"
        try:
            yield
            if process.poll() is not None:
                raise SystemExit(f"The notary has ended; see {self.folder / 'notary.log'}.")
        finally:
            process.terminate()
            process.wait()

    def stop(self) -> None:
        """End what was started here."""
        for process in reversed(self._running):
            if process.poll() is None:
                process.send_signal(signal.SIGQUIT)
                process.wait()

    def _run(self, command: list[str], name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self._running.append(process)
        return process


@contextmanager
def place_of_its_own() -> Iterator[Place]:
    """A started place in a temporary folder, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    folder.chmod(0o711)
    place = Place(folder)
    try:
        place.start()
        yield place
    finally:
        place.stop()
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(done: object, seconds: float) -> bool:
    """Whether a condition came true within `seconds`; looked at every 50 ms."""
    assert callable(done)
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
