"""Web, notary and PostgreSQL are killed at every step of signing and integrating.

Whatever was acknowledged is there once, what was not may be sent again, and the log holds.
"""

import itertools
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings

import audit.integrator
from accounts.services import create_token
from audit.actions import Action
from audit.models import AuditEvent, AuditLeaf, Checkpoint
from governance.models import Approval, Review, Signature
from governance.services import submit
from registry.models import RegisteredModel
from tests.audit.notary import ORIGIN, Notary
from tests.compliance.world import World
from tests.faults.parts import Child, End, MortalServer, defects_of_log, post, sign_over_rest
from tests.servers import ROOT, Database
from tests.worker.parts import eventually
from trust.base64_text import decode_base64, encode_base64
from trust.key_files import save_key
from trust.notes import parse_checkpoint

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow(seconds=90, waits=True),
    pytest.mark.usefixtures("untraced"),
]
SIGNING = ("sign.allowed", "sign.written", "sign.recorded", "sign.done")
NOTARY = (
    *("approve.derived", "approve.written", "approve.recorded", "approve.committed"),
    *("integrate.chosen", "integrate.written", "integrate.committed"),
    *("checkpoint.signed", "checkpoint.half-remembered", "checkpoint.remembered"),
    "checkpoint.published",
)
# After the answer is kept and before it is given.
ANSWERING = "answer.committed"
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Scene:
    """A world over a server that may be killed, and tokens."""

    server: MortalServer
    world: World
    model: RegisteredModel
    tokens: dict[str, str]

    def review(self) -> Review:
        """A new version, submitted."""
        content = f"model {next(_NUMBERS)}".encode()
        return submit(
            caller=self.world.caller("ada"), version=self.world.version(self.model, content)
        )

    def quorum(self) -> Review:
        """The same, signed by two; the notary has not looked yet."""
        review = self.review()
        self.world.sign(review, "ben", "cleo")
        return review

    def notary_round(self) -> int:
        """As a notary that starts now."""
        return self.world.notary.work().size

    def end_round(self) -> None:
        """A round that nothing disturbs, and what must hold after it."""
        assert Child(self.notary_round).end().status == 0
        assert list(defects_of_log(self.world.notary)) == []


@pytest.fixture(scope="module")
def scene(
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    ordinary_database: Database,
    django_db_setup: None,
    django_db_blocker: Any,
    untraced: None,
) -> Iterator[Scene]:
    """One for all steps: the log grows from test to test."""
    folder = tmp_path_factory.mktemp("faults")
    server = MortalServer(folder, pytestconfig.getoption("--postgres"))
    server.start()
    try:
        server.make_template()
        database = server.clone()
        with django_db_blocker.unblock(), _folders(folder):
            database.use()
            world = World(Notary(database, folder))
            tokens = {"ben": _token(world, "ben", "sign")}
            tokens["ada"] = _token(world, "ada", "read", "write")
            yield Scene(server, world, world.model("loans"), tokens)
            ordinary_database.use()
    finally:
        server.stop()


def _token(world: World, name: str, *scopes: str) -> str:
    _row, text = create_token(caller=world.caller(name), name="kills", scopes=scopes, days=1)
    return text


def _folders(folder: Path) -> Any:
    return override_settings(
        BLOB_DIR=folder / "blobs",
        NOTARY_KEY_DIR=folder / "notary",
        TRUSTED_KEYS=folder / "trusted-keys.txt",
        ORIGIN=ORIGIN,
        NOTARY_INTERVAL_MS=20,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    )


def _signed_once(review: Review) -> bool:
    (signature,) = Signature.objects.filter(review=review)
    told = AuditEvent.objects.filter(
        action=Action.REVIEW_SIGNED.value, payload__signature=f"sha256:{signature.digest}"
    )
    return told.count() == 1


def _approved_once(review: Review) -> bool:
    (approval,) = Approval.objects.filter(review=review)
    told = AuditEvent.objects.filter(
        action=Action.VERSION_APPROVED.value, payload__approval=str(approval.pk)
    )
    return told.count() == 1


@pytest.mark.parametrize("step", SIGNING)
class TestASignature:
    def test_survives_that_its_process_is_killed(self, scene: Scene, step: str) -> None:
        review = scene.review()

        def send() -> int:
            return sign_over_rest(review, scene.tokens["ben"])

        assert Child(send, fail_at=step).end().signal == signal.SIGKILL
        # Nobody was answered, so the client sends it again; it is there, or he is told that it was.
        assert Child(send).end().given == (403 if step == "sign.done" else 201)

        assert _signed_once(review)
        scene.end_round()

    def test_survives_that_the_database_is_killed(self, scene: Scene, step: str) -> None:
        review = scene.review()

        def send() -> int:
            return sign_over_rest(review, scene.tokens["ben"])

        child = Child(send, fail_at=f"{step}:stop")
        child.await_stop()
        scene.server.kill_and_restart()
        child.go_on()
        answered = child.end().given
        assert (answered == 201) == (step == "sign.done")
        assert Child(send).end().given == (403 if step == "sign.done" else 201)

        assert _signed_once(review)
        scene.end_round()


def test_a_request_whose_answer_was_lost_is_answered_when_sent_again(scene: Scene) -> None:
    version = scene.world.version(scene.model, b"lost")
    address = f"/api/v1/models/loans/versions/{version.number}/reviews"

    def send() -> int:
        return post(address, scene.tokens["ada"], {}, key="sent-twice")

    assert Child(send, fail_at=ANSWERING).end().signal == signal.SIGKILL
    assert Child(send).end().given == 201

    assert version.reviews.count() == 1
    scene.end_round()


def test_an_answer_that_outlived_the_database_is_given_once_more(scene: Scene) -> None:
    version = scene.world.version(scene.model, b"outlived")
    address = f"/api/v1/models/loans/versions/{version.number}/reviews"

    def send() -> int:
        return post(address, scene.tokens["ada"], {}, key="sent-thrice")

    child = Child(send, fail_at=f"{ANSWERING}:stop")
    child.await_stop()
    scene.server.kill_and_restart()
    child.go_on()
    # What is acknowledged was committed before the database was killed.
    assert child.end().given == 201
    assert Child(send).end().given == 201

    assert version.reviews.count() == 1
    scene.end_round()


def test_every_step_of_the_code_is_one_at_which_something_is_killed() -> None:
    lines = subprocess.run(
        ["git", "grep", "-hoE", r'reached\("[a-z.-]+"\)', "--", "*.py", ":!tests"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    steps = re.findall(r'"(.+)"', lines)
    assert sorted(steps) == sorted((*SIGNING, *NOTARY, ANSWERING))


@pytest.mark.parametrize("step", NOTARY)
class TestTheNotary:
    def test_goes_on_where_it_was_killed(self, scene: Scene, step: str) -> None:
        review = scene.quorum()

        assert Child(scene.notary_round, fail_at=step).end().signal == signal.SIGKILL
        scene.end_round()

        assert _approved_once(review)

    def test_goes_on_where_the_database_was_killed(self, scene: Scene, step: str) -> None:
        review = scene.quorum()

        child = Child(scene.notary_round, fail_at=f"{step}:stop")
        child.await_stop()
        scene.server.kill_and_restart()
        child.go_on()
        child.end()
        scene.end_round()

        assert _approved_once(review)


class _TwoNotaries:
    """Two real notaries with one key; every note that either signs is kept."""

    def __init__(self, scene: Scene, folder: Path, step: str) -> None:
        self.scene = scene
        self.notes = folder / "signed.txt"
        keys: Path = settings.NOTARY_KEY_DIR
        keys.mkdir(mode=0o700, exist_ok=True)
        for name, key in (
            ("log.pem", scene.world.notary.log_key),
            ("approvals.pem", scene.world.notary.approval_key),
        ):
            if not (keys / name).exists():
                save_key(keys / name, key)
        memory = keys / "last-checkpoint.txt"
        memory.write_bytes(scene.world.notary.memory.read_bytes())
        scene.world.notary.memory = memory
        self.first = Child(self._serve, fail_at=f"{step}:stop")
        self.second: Child | None = None

    def _serve(self) -> None:
        sign = vars(audit.integrator)["sign_checkpoint"]

        def keep(*arguments: Any) -> bytes:
            note: bytes = sign(*arguments)
            with self.notes.open("ab") as file:
                file.write(encode_base64(note).encode() + b"\n")
            return note

        vars(audit.integrator)["sign_checkpoint"] = keep
        with self.scene.world.notary.database.as_role("notary"):
            call_command("notary")

    def signed(self) -> set[tuple[int, bytes]]:
        """(size, root) of every note that was signed, published or not."""
        notes = [decode_base64(line) for line in self.notes.read_text().splitlines()]
        return {(tree.size, tree.root) for tree in map(parse_checkpoint, notes)}

    def begin_second(self) -> None:
        self.second = Child(self._serve)

    def end(self) -> None:
        for child in (self.first, self.second):
            assert child is not None
            child.interrupt()
            assert child.end() in (End(0, 0), End(0, 1))


@pytest.mark.parametrize("step", [step for step in NOTARY if not step.startswith("approve.")])
def test_two_notaries_never_sign_two_trees_of_one_size(
    scene: Scene, tmp_path: Path, step: str
) -> None:
    """The first stands still and loses its connection, and with it the lock; the second goes on;
    then the first wakes up."""
    scene.end_round()
    two = _TwoNotaries(scene, tmp_path, step)
    _write_event(scene)
    two.first.await_stop()
    with scene.server.cluster.connect() as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'assay_notary'"
        )
    two.begin_second()
    _await_signed(_write_event(scene))
    two.first.go_on()
    _await_signed(_write_event(scene))
    two.end()

    assert list(defects_of_log(scene.world.notary)) == []
    signed = two.signed()
    assert len({size for size, _ in signed}) == len(signed) >= 2
    roots = {row.size: bytes(row.root) for row in Checkpoint.objects.all()}
    assert all(roots.get(size, root) == root for size, root in signed)


def _write_event(scene: Scene) -> AuditEvent:
    scene.world.model(f"model-{next(_NUMBERS)}")
    return AuditEvent.objects.latest("pk")


def _await_signed(event: AuditEvent) -> None:
    def signed() -> bool:
        newest = Checkpoint.objects.order_by("-size").first()
        leaf = AuditLeaf.objects.filter(event=event).first()
        return bool(newest and leaf and newest.size > leaf.leaf_index)

    eventually(signed, what="a checkpoint over the event")
