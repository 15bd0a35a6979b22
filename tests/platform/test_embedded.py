"""The embedded PostgreSQL: from any folder, as any user, beside others, and never left behind."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from config.platform import sockets
from config.platform.embedded import Cluster, Identity, embedded, leash, wheel_binaries
from config.platform.errors import CannotStart
from tests.servers import ROOT

pytestmark = pytest.mark.server
ODD = (
    "a folder with 'quotes', spaces and é, whose name is far longer than a socket's address may be"
)


def cluster_in(var: Path, identity: Identity | None = None) -> Cluster:
    """An embedded cluster that skips waiting for the disk."""
    found = embedded(var)
    return Cluster(
        binaries=found.binaries,
        data=found.data,
        socket_dir=found.socket_dir,
        identity=identity or found.identity,
        synced=False,
    )


def launch(cluster: Cluster) -> subprocess.Popen[bytes]:
    """The started server, before it is ready."""
    return subprocess.Popen(
        leash(cluster.command(), identity=cluster.identity, at_death=signal.SIGQUIT),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextmanager
def running(cluster: Cluster) -> Iterator[subprocess.Popen[bytes]]:
    """A ready server, shut down at the end."""
    cluster.create()
    process = launch(cluster)
    try:
        cluster.wait(process)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        shutil.rmtree(cluster.socket_dir)


def answer(cluster: Cluster, query: str) -> object:
    with cluster.connect() as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """A private folder."""
    folder = tmp_path / "var"
    folder.mkdir(mode=0o700)
    return folder


def test_runs_from_a_long_path_with_spaces_and_keeps_its_data(tmp_path: Path) -> None:
    var = tmp_path / ODD
    var.mkdir()
    with running(cluster_in(var)) as _, cluster_in(var).connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")

    with running(cluster_in(var)):
        assert answer(cluster_in(var), "SELECT number FROM kept") == 7
        assert len(str(cluster_in(var).socket_dir)) < 60


def test_listens_on_a_socket_in_a_private_folder_only(var: Path) -> None:
    cluster = cluster_in(var)
    with running(cluster) as process:
        assert stat.S_IMODE(cluster.socket_dir.stat().st_mode) == 0o700
        assert psutil.Process(process.pid).net_connections("inet") == []


def test_two_run_side_by_side(tmp_path: Path) -> None:
    first, second = (cluster_in(tmp_path / name) for name in ("one", "two"))
    with running(first), running(second):
        assert answer(first, "SHOW data_directory") != answer(second, "SHOW data_directory")


def test_a_folder_half_made_by_a_killed_start_is_made_anew(var: Path) -> None:
    half = var / "postgres.new" / "base"
    half.mkdir(parents=True)

    with running(cluster_in(var)):
        assert not half.exists()


@pytest.mark.parametrize("pid", [os.getpid(), 2**22 - 1], ids=["another's", "nobody's"])
def test_a_left_over_process_file_does_not_stop_the_start(var: Path, pid: int) -> None:
    cluster = cluster_in(var)
    cluster.create()
    (cluster.data / "postmaster.pid").write_text(f"{pid}\n{cluster.data}\n")

    cluster.clear_left_over()

    with running(cluster):
        assert answer(cluster, "SELECT 1") == 1


def test_a_server_that_was_left_behind_is_ended(var: Path) -> None:
    cluster = cluster_in(var)
    cluster.create()
    orphan = launch(cluster)
    cluster.wait(orphan)
    # Somebody has to collect its exit status, as the system does for a true orphan.
    signal.signal(signal.SIGCHLD, lambda *_: orphan.poll())
    try:
        cluster.clear_left_over()
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    assert orphan.wait() == 0


def test_it_dies_with_the_process_that_started_it(var: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.platform.test_embedded import *\n"
        "cluster = cluster_in(Path(sys.argv[1])); cluster.create(); process = launch(cluster)\n"
        "cluster.wait(process); print(process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(var)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as starter:
        server = psutil.Process(int(starter.stdout.readline() if starter.stdout else ""))
        starter.kill()
    gone, alive = psutil.wait_procs([server], timeout=10)

    assert (len(gone), alive) == (1, [])


def test_data_of_another_version_is_refused_with_a_way_out(var: Path) -> None:
    cluster = cluster_in(var)
    cluster.data.mkdir()
    (cluster.data / "PG_VERSION").write_text("9\n")

    with pytest.raises(CannotStart, match=r"written by PostgreSQL 9.*pg_dump"):
        cluster.create()


def test_a_server_that_ends_at_once_is_reported(var: Path) -> None:
    cluster = cluster_in(var)
    process = subprocess.Popen(["false"])

    with pytest.raises(CannotStart, match="did not start"):
        cluster.wait(process, timeout_s=5)


def test_its_owner_is_no_superuser(var: Path) -> None:
    cluster = cluster_in(var)
    with running(cluster):
        cluster.make_owner()
        cluster.make_owner()

        with pytest.raises(psycopg.errors.InsufficientPrivilege), cluster.connect("owner") as owner:
            owner.execute("ALTER SYSTEM SET fsync = off")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
class TestAsRoot:
    def test_it_runs_without_roots_power(self, var: Path) -> None:
        cluster = cluster_in(var)
        with running(cluster) as process:
            status = Path(f"/proc/{process.pid}/status").read_text()

        assert cluster.identity == "namespace"
        assert "CapEff:\t0000000000000000" in status

    def test_it_runs_as_a_system_user_where_namespaces_are_forbidden(self) -> None:
        # Below the private folder of pytest no other user could reach it.
        made = subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True)
        var = Path(made.stdout.strip())
        var.chmod(0o755)
        nobody: Identity = [65534, 65534]
        try:
            cluster = cluster_in(var, nobody)
            if not os.access(wheel_binaries(), os.X_OK) or not _enters(wheel_binaries()):
                with pytest.raises(CannotStart):
                    cluster.create()
                return
            with running(cluster) as process:
                assert psutil.Process(process.pid).uids().real == 65534
        finally:
            subprocess.run(["rm", "-rf", str(var)], check=True)


def _enters(folder: Path) -> bool:
    """Whether everybody may enter a folder."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))


class TestSocketFolder:
    def test_is_inside_var_where_the_path_is_short(self, tmp_path: Path) -> None:
        assert sockets.make_socket_folder(tmp_path) == tmp_path / "run"

    def test_is_remembered_where_the_path_is_long(self, tmp_path: Path) -> None:
        var = tmp_path / ("long" * 30)
        made = sockets.make_socket_folder(var)

        assert made == sockets.make_socket_folder(var) == sockets.socket_folder(var)
        made.rmdir()

    def test_is_made_anew_when_somebody_else_could_enter_it(self, tmp_path: Path) -> None:
        var = tmp_path / ("long" * 30)
        opened = sockets.make_socket_folder(var)
        opened.chmod(0o777)
        made = sockets.make_socket_folder(var)

        assert made != opened
        for folder in (made, opened):
            folder.rmdir()

    @pytest.mark.parametrize("name", ["plus+and&and%20", "comma, space", "ünï#?"])
    def test_any_name_can_stand_in_an_address(self, tmp_path: Path, name: str) -> None:
        cluster = cluster_in(tmp_path / name)
        with running(cluster):
            assert answer(cluster, "SELECT 1") == 1
