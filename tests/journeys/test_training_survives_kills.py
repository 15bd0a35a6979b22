"""A training whose process and slot are killed ends once, with the weights of a quiet run."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.story.client import Client, sign_in
from scripts.story.data import breast_cancer
from scripts.story.people import Person, let_in
from tests.conftest import StartInstance
from tests.instance import Instance, free_port
from tests.journeys.house import process_of

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow(seconds=150, waits=True),
    pytest.mark.usefixtures("untraced"),
]
PASSWORD = "a long password for a test"
PARAMS: dict[str, Any] = {"hidden": [32], "epochs": 60, "patience": 0, "batch_size": 4, "seed": 11}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis of this module alone."""
    binary = shutil.which("redis-server")
    assert binary, "redis-server is needed"
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir"]
    command.append(str(folder))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait()


@dataclass(frozen=True)
class Lab:
    """An instance, whoever trains in it, and what on."""

    instance: Instance
    ada: Client
    dataset: str


@pytest.fixture(scope="module")
def open_lab(
    untraced: None, start_instance: StartInstance, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Lab]:
    """Starts an instance with one slot and registers the rows."""

    def start(**env: str) -> Lab:
        quick = {"ASSAY_JOB_LEASE": "6", "ASSAY_JOB_HEARTBEAT": "1", "ASSAY_JOB_ATTEMPTS": "5"}
        instance = start_instance("--slots", "1", **quick, **env)
        return Lab(instance, *_prepared(instance, tmp_path_factory.mktemp("lab")))

    return start


@pytest.fixture(scope="module")
def undisturbed(open_lab: Callable[..., Lab]) -> Iterator[tuple[Lab, str]]:
    """A lab on the filesystem's broker, and the weights of its training that nothing disturbed."""
    lab = open_lab()
    lab.ada.wait_for_job(_start(lab))
    yield lab, _weights(lab)[0]
    lab.instance.stop()


@pytest.mark.parametrize("broker", ["filesystem", "redis"])
def test_a_killed_training_ends_once_with_the_same_weights(
    broker: str, redis: str, undisturbed: tuple[Lab, str], open_lab: Callable[..., Lab]
) -> None:
    lab, quiet = undisturbed
    before = 1
    if broker == "redis":
        lab, before = open_lab(CELERY_BROKER_URL=redis), 0

    disturbed = _start(lab)
    killed = _child_of(disturbed, after_points=6, ada=lab.ada)
    os.kill(killed, signal.SIGKILL)
    second = _child_of(disturbed, after_points=18, ada=lab.ada, other_than=killed)
    lab.instance.kill("slot-cpu-1")
    _await_death(second)
    ended, weights = lab.ada.wait_for_job(disturbed), _weights(lab)

    steps = [point["step"] for point in ended["points"]]
    assert ended["attempts"] == 3
    assert steps == sorted(set(steps))
    assert weights == [quiet] * (before + 1)


def _weights(lab: Lab) -> list[str]:
    versions = lab.ada.get("models/tumours/versions")["results"]
    return [version["lineage"]["weights_digest"] for version in versions]


def _prepared(instance: Instance, folder: Path) -> tuple[Client, str]:
    secret = folder / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    base, two = instance.web, []
    for name in ("root", "otto"):
        instance.manage("create_admin", name, "--name", name, "--password-file", str(secret))
        client = sign_in(base, name, PASSWORD, ["read", "write", "admin"])
        two.append(Person(name, name, PASSWORD, client))
    root = two[0].client
    root.post("teams", {"slug": "lab", "name": "Lab"})
    root.post("users", {"username": "ada", "name": "Ada"})
    let_in(base, (two[0], two[1]), "ada", PASSWORD + "!")
    root.post("teams/lab/roles", {"username": "ada", "role": "contributor"})
    ada = sign_in(base, "ada", PASSWORD + "!", ["read", "write"])
    model = {"name": "tumours", "team": "lab", "purpose": "Tell tumours apart."}
    ada.post(
        "models", model | {"risk_tier": "low", "licence": "BSD-3-Clause", "origin": "in-house"}
    )
    rows = breast_cancer(0)["train"]
    fields: dict[str, Any] = {"upload": ada.upload(rows.name, rows.file), "team": "lab"}
    fields |= {"name": "tumours", "format": "csv", "split": "train", "target": "diagnosis"}
    fields |= {"origin": "scikit-learn", "licence": "CC-BY"}
    ended = ada.wait_for_job(ada.post("datasets", fields)["job_id"])
    return ada, ended["result"]["dataset"]


def _start(lab: Lab) -> str:
    body = {"recipe": "mlp", "dataset": lab.dataset, "params": PARAMS}
    job: str = lab.ada.post("models/tumours/trainings", body)["job_id"]
    return job


def _child_of(job: str, *, after_points: int, ada: Client, other_than: int = 0) -> int:
    """The process that trains, once the job's curve has grown to so many points under it."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        pid = process_of(job)
        points = len(ada.get(f"jobs/{job}")["points"])
        if pid not in (0, other_than) and points >= after_points:
            assert points < PARAMS["epochs"], "it ended before it could be killed"
            return pid
        time.sleep(0.05)
    raise AssertionError("The training did not come so far.")


def _await_death(pid: int) -> None:
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists():
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            return
        assert time.monotonic() < deadline, "the slot's child outlived it"
        time.sleep(0.1)
