"""Fixtures for everybody: the suite's own database, real instances, a browser, no network."""

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.platform import static
from tests.instance import Instance
from tests.network import stay_on_this_machine
from tests.order import places_of_files, refuse_emptying
from tests.servers import Database, Server, server_binaries
from tests.traced import Tracing

stay_on_this_machine()
# Whoever started the suite in the background or under nohup made its processes deaf to these.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)
StartInstance = Callable[..., Instance]
TRACING = pytest.StashKey[Tracing]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """--postgres chooses the server under the suite, --thorough tries more of what repeats."""
    parser.addoption(
        "--postgres",
        choices=["server", "embedded"],
        default="server" if server_binaries() else "embedded",
        help="run on the system's PostgreSQL (default where it is installed) or the embedded one",
    )
    parser.addoption(
        "--thorough",
        action="store_true",
        help="more sequences, mutations and kills than the suite has time for (CONTRIBUTING.md)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Whoever needs speed can hold the tracer."""
    config.stash[TRACING] = Tracing(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Which server it is."""
    return f"postgres: {config.getoption('--postgres')}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuses what cannot be, and puts the files in the order of `tests.order`."""
    refuse_emptying(items)
    places = places_of_files(items)
    items.sort(key=lambda item: places[item.path])


def pytest_collection_finish() -> None:
    """Lets the collector of garbage leave the tests themselves alone: a tenth of their time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes the folder of the whole run, once, by the process that made it."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ["ASSAY_TEST_BASE"], ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[Server]:
    """A cluster of this process alone, with the migrated template."""
    server = Server(Path(os.environ["ASSAY_VAR"]), pytestconfig.getoption("--postgres"))
    try:
        base = os.environ["ASSAY_TEST_BASE"]
        server.start_prepared(Path(os.environ.get("ASSAY_TEST_CLUSTERS", base)))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def ordinary_database(postgres: Server) -> Database:
    """The database behind all tests whose changes are rolled back."""
    return postgres.clone()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, ordinary_database: Database, django_db_blocker: Any
) -> None:
    """`db` tests run as the app role, in a transaction that is rolled back."""
    with django_db_blocker.unblock():
        static.collect()
        ordinary_database.use()


@pytest.fixture(scope="session")
def new_database(postgres: Server) -> Iterator[Callable[[], Database]]:
    """Makes further databases, migrated and empty."""
    made: list[Database] = []

    def make() -> Database:
        made.append(postgres.clone())
        return made[-1]

    yield make
    postgres.drop(made)


@pytest.fixture
def fresh_database(
    postgres: Server,
    ordinary_database: Database,
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[Database]:
    """A database of this test alone, behind Django's connection, in which commits are real."""
    database = postgres.clone()
    with django_db_blocker.unblock():
        database.use()
        yield database
        ordinary_database.use()
    postgres.drop([database])


@pytest.fixture(scope="session")
def start_instance(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], Database]
) -> Iterator[StartInstance]:
    """Starts instances: start_instance(*up_arguments, embedded=False, **environment)."""
    started: list[Instance] = []

    def start(*arguments: str, embedded: bool = False, **env: str) -> Instance:
        var = tmp_path_factory.mktemp("instance") / "var"
        instance = Instance(var, None if embedded else new_database(), **env)
        started.append(instance)
        return instance.start(*arguments)

    yield start
    for instance in started:
        instance.stop()


@pytest.fixture(scope="module")
def untraced(pytestconfig: pytest.Config) -> Iterator[None]:
    """Neither these tests nor what they start count for coverage, which makes them half as quick.

    For those that run long through code which others run and count.
    """
    tracing = pytestconfig.stash[TRACING]
    tracing.hold()
    yield
    tracing.release()


@pytest.fixture(scope="module")
def instance(start_instance: StartInstance) -> Iterator[Instance]:
    """A real instance of this module: all processes over a fresh database."""
    started = start_instance()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium, which asks nobody on the network."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, names)), None)
    args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    args += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return {**browser_type_launch_args, "args": args, "executable_path": path}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Nothing moves: a colour half-way through a change is no colour of the page."""
    return {**browser_context_args, "reduced_motion": "reduce"}
