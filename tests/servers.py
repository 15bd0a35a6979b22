"""The suite's own PostgreSQL: a private cluster, one migrated template, clones by the dozen."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from config import env
from config.platform import sockets
from config.platform.embedded import Cluster, leash, server_identity, wheel_binaries

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "template"
_KEPT: dict[str, BaseDatabaseWrapper] = {}
ROOM_BYTES = 2 * 2**30


def server_binaries() -> Path | None:
    """The newest PostgreSQL server that the system has installed."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


def fast_folder() -> Path:
    """An empty folder of this process, in memory where there is room: cloning is 20 times faster.

    Those of processes that were killed are removed first.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    parent = memory if roomy and os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    for old in parent.glob("assay-pg-*"):
        if not psutil.pid_exists(int(old.name.split("-")[2])):
            shutil.rmtree(old, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=f"assay-pg-{os.getpid()}-", dir=parent))
    # The server may have to run as another user; what is inside is private by itself.
    made.chmod(0o711)
    return made


def _copy(folder: Path, to: Path) -> None:
    subprocess.run(["cp", "-a", str(folder), str(to)], check=True)


@dataclass(frozen=True)
class Database:
    """One database and its addresses by role (owner, app, notary)."""

    name: str
    folder: Path

    def url(self, role: str) -> str:
        """The address of a role."""
        return sockets.address(role, self.folder, self.name)

    def env(self) -> dict[str, str]:
        """The environment in which the program finds this database, without the owner's address."""
        return {"DATABASE_URL": self.url("app"), "DATABASE_NOTARY_URL": self.url("notary")}

    def connect(self, role: str = "owner") -> psycopg.Connection:
        """An autocommit connection of a role; close it, or use it in a `with`."""
        return psycopg.connect(self.url(role), autocommit=True)

    def rows(self, query: str, *values: object, role: str = "owner") -> list[tuple[Any, ...]]:
        """What a query answers to a role; an empty list for a statement without an answer."""
        with self.connect(role) as connection:
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def use(self, role: str = "app") -> None:
        """Points Django's default connection of this process here.

        The app role's connections stay open for the next test, until `leave`: a new one costs the
        server more than most tests do.
        """
        if connections["default"] not in _KEPT.values():
            connections["default"].close()
        connections.settings["default"] = {
            **connections.settings["default"],
            **env.database(self.url(role)),
        }
        if role != "app":
            connections["default"] = connections.create_connection("default")
            return
        if self.name not in _KEPT:
            _KEPT[self.name] = connections.create_connection("default")
        connections["default"] = _KEPT[self.name]
        # Other threads make their own connections from these.
        connections.settings["default"] = _KEPT[self.name].settings_dict

    def leave(self) -> None:
        """Closes the connection that was kept."""
        if kept := _KEPT.pop(self.name, None):
            kept.close()

    @contextmanager
    def as_role(self, role: str) -> Iterator[None]:
        """Django works as another role inside the block, as the app role after it."""
        self.use(role)
        try:
            yield
        finally:
            self.use("app")


class Server:
    """A running cluster in a folder of its own, without durability, gone at the end."""

    def __init__(self, folder: Path, kind: str) -> None:
        """`kind`: "server" for the system's PostgreSQL, "embedded" for the wheel's."""
        found = server_binaries()
        if kind == "server" and found is None:
            raise LookupError("There is no PostgreSQL server below /usr/lib/postgresql.")
        binaries = found if kind == "server" and found else wheel_binaries()
        self.data = fast_folder()
        self.cluster = Cluster(
            binaries=binaries,
            data=self.data / "postgres",
            socket_dir=sockets.make_socket_folder(self.data),
            identity=server_identity(binaries),
            synced=False,
        )
        self.log = folder / "postgres.log"
        self.made = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Makes the cluster if needed and waits until it answers."""
        self.cluster.create()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                leash(
                    self.cluster.command(),
                    identity=self.cluster.identity,
                    at_death=signal.SIGQUIT,
                ),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.cluster.wait(self.process)
        self.cluster.make_owner()

    def stop(self) -> None:
        """At once: nothing in it is kept."""
        for name in list(_KEPT):
            Database(name, self.cluster.socket_dir).leave()
        self._end(signal.SIGQUIT)
        shutil.rmtree(self.data)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def start_prepared(self, shared: Path) -> None:
        """Starts with the migrated template, which the first process of a run makes for all."""
        made = shared / f"postgres-{self.cluster.major()}"
        with (shared / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                self.start()
                self.make_template()
                self._end(signal.SIGINT)
                _copy(self.cluster.data, made)
        if not self.cluster.data.exists():
            _copy(made, self.cluster.data)
        self.start()

    def make_template(self) -> None:
        """Sets a database up by the command that installations use, to be cloned from then on."""
        template = Database(TEMPLATE, self.cluster.socket_dir)
        environment = {
            **os.environ,
            **template.env(),
            "DATABASE_OWNER_URL": template.url("owner"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        subprocess.run(
            [sys.executable, "manage.py", "setup_database"],
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def clone(self, template: str = TEMPLATE) -> Database:
        """A new database, equal to the template; nobody may be connected to that."""
        Database(template, self.cluster.socket_dir).leave()
        self.made += 1
        name = f"test_{os.getpid()}_{self.made}"
        owner = sockets.ROLES["owner"]
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY")
        with self.cluster.connect() as connection:
            connection.execute(statement.format(*map(sql.Identifier, (name, template, owner))))
        return Database(name, self.cluster.socket_dir)

    def drop(self, databases: Sequence[Database]) -> None:
        """Removes databases with whoever is connected to them."""
        with self.cluster.connect() as connection:
            for database in databases:
                database.leave()
                name = sql.Identifier(database.name)
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
