"""A database server of the worker tests' own, since they restart it, and factories for slots."""

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings

import worker.app
from config import env
from config.platform import sockets
from tests.servers import Server
from tests.worker.kinds import TABLES
from tests.worker.parts import ROOT, Program, Redis, free_port
from worker.jobs import enqueue
from worker.models import Job

Enqueue = Callable[..., Job]
StartSlot = Callable[..., Program]

OVERRIDES = {
    "JOB_KINDS": "tests.worker.kinds:KINDS",
    "JOB_PERIODIC": "tests.worker.kinds:PERIODIC",
    "JOB_LEASE_SECONDS": 3,
    "JOB_HEARTBEAT_SECONDS": 1,
    "JOB_ATTEMPTS": 3,
}
RIGHTS = """
    CREATE ROLE assay_app LOGIN;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO assay_app;
"""
EMPTIED = (
    "worker_job, worker_jobdependency, worker_jobpoint, worker_joblogline, "
    "test_effect, test_start, test_end, test_tick"
)


def _environment(url: str, broker: str, jobs: Path) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "tests.worker.settings",
        "DATABASE_URL": url,
        "CELERY_BROKER_URL": broker,
        "ASSAY_JOBS": str(jobs),
    }


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Iterator[Server]:
    """One PostgreSQL server with the worker's tables and those of the test kinds."""
    folder = Path(tempfile.mkdtemp(prefix="assay-w-"))
    folder.chmod(0o755)
    made = Server(folder, pytestconfig.getoption("--postgres"))
    made.start()
    try:
        broker = f"filesystem://{folder}/broker"
        environment = _environment(_url(made, sockets.SUPERUSER), broker, folder)
        migrate = [sys.executable, "-m", "django", "migrate", "worker", "--verbosity=0"]
        subprocess.run(migrate, env={**os.environ, **environment}, cwd=ROOT, check=True)
        with made.cluster.connect() as admin:
            admin.execute(TABLES)
            admin.execute(RIGHTS)
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


def _url(server: Server, role: str) -> str:
    return sockets.address(role, server.cluster.socket_dir, "postgres")


@pytest.fixture
def jobs(server: Server, django_db_blocker: Any, tmp_path: Path) -> Iterator[Path]:
    """Empty tables behind Django's own connection. Gives the folder of the jobs' folders."""
    before = dict(connection.settings_dict)
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update(env.database(_url(server, "app")))
        with server.cluster.connect() as admin:
            admin.execute(f"TRUNCATE {EMPTIED}")
        with override_settings(**OVERRIDES, JOB_DIR=tmp_path / "jobs"):
            yield tmp_path / "jobs"
        connection.close()
        connection.settings_dict.update(before)


@pytest.fixture(params=["filesystem"])
def broker(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A broker's address; parametrize indirectly with "filesystem" or "redis"."""
    redis = Redis(tmp_path)
    if request.param == "redis":
        redis.start()
    url = redis.url if request.param == "redis" else f"filesystem://{tmp_path}/broker"
    app = worker.app.make_app(url)
    monkeypatch.setattr(worker.app, "app", app)
    yield url
    app.close()
    redis.stop()


@pytest.fixture
def program(
    server: Server, jobs: Path, broker: str, tmp_path: Path
) -> Iterator[Callable[..., Program]]:
    """Starts `python -m` with arguments; whatever still runs at the end is killed."""
    started: list[Program] = []

    def start(*arguments: str, **more: str) -> Program:
        environment = {**_environment(_url(server, "app"), broker, jobs), **more}
        log = tmp_path / f"log-{len(started)}"
        started.append(Program(list(arguments), environment, log).start())
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture
def start_slot(program: Callable[..., Program]) -> StartSlot:
    """Starts a slot."""

    def start(queue: str = "cpu", **more: str) -> Program:
        return program("worker.slot", "--queue", queue, **more)

    return start


@pytest.fixture
def start_clock(program: Callable[..., Program]) -> Callable[[], Program]:
    """Starts a clock."""
    return lambda: program("worker.clock")


@pytest.fixture
def job(jobs: Path, broker: str) -> Enqueue:
    """Enqueues a job of a test kind."""

    def make(run: str = "work", queue: str = "cpu", **params: Any) -> Job:
        options = {name: params.pop(name) for name in ("priority", "depends_on") if name in params}
        with transaction.atomic():
            return enqueue(
                kind=f"test.{run}",
                subject_type="test",
                subject_id=uuid.uuid4(),
                params=params,
                queue=queue,
                **options,
            )

    return make


def rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the database answers."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


@pytest.fixture(params=["redis", "amqp"])
def closed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a broker that is not there."""
    url = f"{request.param}://127.0.0.1:{free_port()}"
    app = worker.app.make_app(url)
    monkeypatch.setattr(worker.app, "app", app)
    yield url
    app.close()
