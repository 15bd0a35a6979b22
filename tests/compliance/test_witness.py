"""A witness in a process of its own: what it cosigns, what it refuses, and what the instance does.

The expected answers are those of c2sp.org/tlog-witness.
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from audit.models import AuditEvent, Checkpoint, Cosignature
from config.platform.plan import Options, processes
from tests.compliance.world import World, bundle_of
from tests.trust.verifier import run_verifier
from trust.cosignatures import WitnessKey, open_cosignature
from trust.errors import Untrusted
from trust.key_files import generate_key
from trust.keys import SigningKey
from trust.merkle import EMPTY_ROOT, leaf_hash
from trust.merkle_proofs import consistency_proof, nodes_of, root_from
from trust.notes import Checkpoint as Head
from trust.notes import open_checkpoint, sign_checkpoint

PROGRAM = Path(__file__).resolve().parents[2] / "witness.py"
ORIGIN = "log.test/witnessed"
LEAVES = [leaf_hash(bytes([number])) for number in range(40)]


class Running:
    """A witness with its own folder; it can be stopped and started again."""

    def __init__(self, folder: Path, logs: str) -> None:
        self.folder = folder
        self.logs = folder / "logs.txt"
        self.logs.write_text(logs, encoding="utf-8")
        made = self._run("key", str(folder / "state"), "--name", "witness.test/w1")
        self.key = WitnessKey.parse(made.stdout.strip())
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    @staticmethod
    def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, PROGRAM, *arguments], capture_output=True, text=True, check=False
        )

    def start(self) -> None:
        arguments = [*self._serve(), "--port", str(self.port)]
        process = subprocess.Popen(
            [sys.executable, PROGRAM, *arguments], stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        said = process.stderr.readline()
        self.process = process
        assert "listens on" in said, said
        self.port = int(said.rpartition(":")[2])

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.communicate(timeout=10)
            self.process = None

    def second(self) -> subprocess.CompletedProcess[str]:
        """Another process over the same folder."""
        return self._run(*self._serve(), "--port", "0")

    def _serve(self) -> list[str]:
        return ["serve", str(self.folder / "state"), "--logs", str(self.logs)]

    def post(self, body: bytes, path: str = "/add-checkpoint") -> tuple[int, str, bytes]:
        """Status, type and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", path, body)
        reply = connection.getresponse()
        found = reply.status, reply.headers["Content-Type"], reply.read()
        connection.close()
        return found


@pytest.fixture(scope="module")
def log_key() -> SigningKey:
    """The key of a log that nobody but these tests runs."""
    return generate_key(ORIGIN)


@pytest.fixture
def witness(tmp_path: Path, log_key: SigningKey) -> Iterator[Running]:
    """A witness that knows the log and has seen nothing of it."""
    running = Running(tmp_path, log_key.verifier.line + "\n")
    running.start()
    yield running
    running.stop()


def note(key: SigningKey, size: int, leaves: list[bytes] = LEAVES) -> bytes:
    """A signed checkpoint over the first leaves."""
    return sign_checkpoint(Head(key.name, size, root_from(nodes_of(leaves), size)), [key])


def asked(old: object, new: int, checkpoint: bytes, leaves: list[bytes] = LEAVES) -> bytes:
    """A request, with the true proof where there is one."""
    proof = consistency_proof(nodes_of(leaves), old, new) if isinstance(old, int) else []
    lines = [f"old {old}", *(b64encode(item).decode() for item in proof)]
    return "\n".join([*lines, "", ""]).encode() + checkpoint


def test_growth_is_cosigned_step_by_step(witness: Running, log_key: SigningKey) -> None:
    for old, new in [(0, 3), (3, 3), (3, 8), (8, 21), (21, 40)]:
        checkpoint = note(log_key, new)
        status, kind, answer = witness.post(asked(old, new, checkpoint))
        assert (status, kind) == (200, "text/plain; charset=utf-8")
        given = open_cosignature(checkpoint, answer, witness.key)
        assert given.line.encode() == answer
        with pytest.raises(Untrusted):
            open_cosignature(note(log_key, new - 1), answer, witness.key)


def test_another_size_than_the_last_is_answered_with_the_last(
    witness: Running, log_key: SigningKey
) -> None:
    assert witness.post(asked(5, 9, note(log_key, 9)))[0] == 409
    assert witness.post(asked(0, 9, note(log_key, 9)))[0] == 200
    for old, new in [(0, 12), (4, 12), (10, 12), (0, 4)]:
        answer = witness.post(asked(old, new, note(log_key, new)))
        assert answer == (409, "text/x.tlog.size", b"9\n")


def test_a_fork_of_the_same_size_is_a_conflict(witness: Running, log_key: SigningKey) -> None:
    assert witness.post(asked(0, 9, note(log_key, 9)))[0] == 200
    other = [*LEAVES[:8], leaf_hash(b"other")]
    assert witness.post(asked(9, 9, note(log_key, 9, other)))[0] == 409


def test_what_does_not_extend_the_last_tree_is_unprocessable(
    witness: Running, log_key: SigningKey
) -> None:
    assert witness.post(asked(0, 9, note(log_key, 9)))[0] == 200
    other = [leaf_hash(b"other"), *LEAVES[1:]]
    assert witness.post(asked(9, 12, note(log_key, 12, other), other))[0] == 422
    without = b"old 9\n\n" + note(log_key, 12)
    assert witness.post(without)[0] == 422
    assert witness.post(asked(9, 12, note(log_key, 12)))[0] == 200


def test_from_nothing_the_proof_is_empty_and_the_empty_tree_has_one_root(
    witness: Running, log_key: SigningKey
) -> None:
    some = b64encode(LEAVES[0])
    assert witness.post(b"old 0\n" + some + b"\n\n" + note(log_key, 4))[0] == 422
    wrong = sign_checkpoint(Head(ORIGIN, 0, LEAVES[0]), [log_key])
    assert witness.post(b"old 0\n\n" + wrong)[0] == 422
    empty = sign_checkpoint(Head(ORIGIN, 0, EMPTY_ROOT), [log_key])
    assert witness.post(b"old 0\n\n" + empty)[0] == 200


def test_only_the_key_of_a_known_log_is_heard(witness: Running, log_key: SigningKey) -> None:
    stranger = generate_key("another.test/log")
    assert witness.post(asked(0, 4, note(stranger, 4)))[0] == 404
    thief = generate_key(ORIGIN)
    assert witness.post(asked(0, 4, note(thief, 4)))[0] == 403
    both = note(log_key, 4) + note(thief, 4).rpartition(b"\n\n")[2]
    assert witness.post(asked(0, 4, both))[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 0\n\n",
        b"old x\n\n%s",
        b"old 00\n\n%s",
        b"old -1\n\n%s",
        b"new 0\n\n%s",
        b"old 41\n\n%s",
        b"old 0\nnot base64\n\n%s",
        b"old 0\nAAAA\n\n%s",
        b"old 0\n" + b"A" * 43 + b"=\n" * 1 + (b"A" * 43 + b"=\n") * 63 + b"\n%s",
        b"old 0\n\n\xff%s",
        b"old 0\n\nlog\n4\n",
        b"old 0\n\nlog\nfour\nAAAA\n\n\xe2\x80\x94 log AAAAAAAA\n",
    ],
)
def test_what_is_no_request_is_refused(witness: Running, log_key: SigningKey, body: bytes) -> None:
    body = body.replace(b"%s", note(log_key, 40))
    assert witness.post(body)[0] == 400


def test_bodies_and_addresses_have_limits(witness: Running, log_key: SigningKey) -> None:
    assert witness.post(b"x" * 70_000)[0] == 413
    assert witness.post(asked(0, 4, note(log_key, 4)), "/other")[0] == 404
    assert witness.post(asked(0, 4, note(log_key, 4)))[0] == 200


def test_a_killed_witness_remembers_what_it_cosigned(witness: Running, log_key: SigningKey) -> None:
    assert witness.post(asked(0, 9, note(log_key, 9)))[0] == 200
    witness.stop()
    # What a kill in the middle of writing leaves beside the memory is not read.
    (witness.folder / "state" / "checkpoints.json.new").write_bytes(b'{"torn')
    witness.start()
    assert witness.post(asked(0, 12, note(log_key, 12)))[2] == b"9\n"
    stored = json.loads((witness.folder / "state" / "checkpoints.json").read_text())
    assert stored[ORIGIN][0] == 9
    assert (witness.folder / "state" / "key.json").stat().st_mode & 0o077 == 0


def test_two_processes_never_share_a_memory(witness: Running) -> None:
    second = witness.second()
    assert second.returncode == 2
    assert "witness: " in second.stderr


@pytest.fixture
def witnessed(world: World, tmp_path: Path, settings: Settings) -> Iterator[tuple[World, Running]]:
    """An instance with a witness of its log."""
    folder = tmp_path / "witness"
    folder.mkdir()
    running = Running(folder, world.notary.keys.text())
    running.start()
    settings.WITNESSES = tmp_path / "witnesses.txt"
    line = f"http://127.0.0.1:{running.port} {running.key.line}\n"
    settings.WITNESSES.write_text(f"# ours\n\n{line}", encoding="utf-8")
    world.notary.work()
    yield world, running
    running.stop()


def _cosign() -> str:
    said = StringIO()
    call_command("cosign", "--once", stdout=said, stderr=said)
    return said.getvalue()


def test_new_checkpoints_are_cosigned_and_shown(witnessed: tuple[World, Running]) -> None:
    world, running = witnessed
    for name in ("loans", "boats"):
        world.model(name)
        world.notary.work()
        size = Checkpoint.objects.latest("size").size
        assert _cosign() == f"witness.test/w1 cosigned {size} events.\n"
        assert _cosign() == ""
    row = Cosignature.objects.get(checkpoint=size)
    client = Client()
    client.force_login(world.users["dora"])
    text = client.get("/api/v1/audit/checkpoint").content
    assert open_checkpoint(text, world.notary.keys).size == size
    assert open_cosignature(row.checkpoint.note.encode(), row.line.encode(), running.key)
    assert text.endswith(row.line.encode())
    newest, *_ = client.get("/api/v1/audit/checkpoints").json()["results"]
    assert [one["witness"] for one in newest["cosignatures"]] == ["witness.test/w1"]
    page = client.get("/audit").content.decode()
    assert f"The witness witness.test/w1 has cosigned {size} events" in page


def test_proofs_and_bundles_lead_to_what_the_witness_cosigned(
    witnessed: tuple[World, Running], tmp_path: Path
) -> None:
    world, running = witnessed
    event = AuditEvent.objects.latest("pk")
    _cosign()
    world.model("loans")
    world.notary.work()
    keys, kept, witness = (tmp_path / name for name in ("keys.txt", "kept.txt", "witness.txt"))
    keys.write_text(world.notary.keys.text(), encoding="utf-8")
    witness.write_text(running.key.line, encoding="utf-8")
    kept.write_text(Checkpoint.objects.earliest("size").note, encoding="utf-8")
    client = Client()
    client.force_login(world.users["dora"])
    for name in ("proof", "leaf"):
        reply = client.get(f"/audit/events/{event.uuid}/{name}")
        (tmp_path / name).write_bytes(reply.content)
    mine = ("--key", keys, "--witness", witness)

    one = ("--proof", tmp_path / "proof", "--event", tmp_path / "leaf")
    assert run_verifier(*one, *mine)[0] == 0

    bundle = bundle_of(world.export({"kind": "all"}), tmp_path)
    status, report = run_verifier(bundle, *mine, "--checkpoint", kept)
    assert (status, report["counts"]["cosignatures"]) == (0, 1)


def test_the_process_goes_round_until_it_is_told_to_stop(
    witnessed: tuple[World, Running], settings: Settings
) -> None:
    world, _ = witnessed
    env = os.environ | world.notary.database.env()
    env |= {"ASSAY_WITNESSES": str(settings.WITNESSES), "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", "cosign", "--every", "1"]
    process = subprocess.Popen(command, env=env, cwd=PROGRAM.parent, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while not Cosignature.objects.exists() and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert Cosignature.objects.count() == 1


def test_a_witness_that_is_away_stops_nothing(witnessed: tuple[World, Running]) -> None:
    world, running = witnessed
    running.stop()
    assert "did not cosign" in _cosign()
    world.model("loans")
    assert world.notary.work().integrated > 0
    running.start()
    assert "cosigned" in _cosign()


def test_whoever_lost_the_cosignatures_learns_the_size_from_the_witness(
    witnessed: tuple[World, Running],
) -> None:
    world, _ = witnessed
    _cosign()
    with world.notary.database.connect() as owner:
        owner.execute("ALTER TABLE audit_cosignature DISABLE TRIGGER USER")
        owner.execute("DELETE FROM audit_cosignature")
    world.model("loans")
    world.notary.work()
    assert "cosigned" in _cosign()


def test_a_log_that_was_rolled_back_is_contradicted(
    witnessed: tuple[World, Running], capsys: pytest.CaptureFixture[str]
) -> None:
    world, _ = witnessed
    older = Checkpoint.objects.latest("size").size
    world.model("loans")
    world.notary.work()
    _cosign()
    with world.notary.database.connect() as owner:
        for table in ("audit_auditleaf", "audit_checkpoint", "audit_cosignature"):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        owner.execute("DELETE FROM audit_cosignature")
        owner.execute("DELETE FROM audit_auditleaf WHERE leaf_index >= %s", [older])
        owner.execute("DELETE FROM audit_checkpoint WHERE size > %s", [older])
    with pytest.raises(SystemExit) as ended:
        call_command("cosign", "--once")
    assert ended.value.code == 1
    assert "the log was rolled back" in capsys.readouterr().err


def test_fsck_looks_at_cosignatures(
    witnessed: tuple[World, Running], capsys: pytest.CaptureFixture[str]
) -> None:
    world, _ = witnessed
    _cosign()
    call_command("fsck")
    with world.notary.database.connect() as owner:
        owner.execute("ALTER TABLE audit_cosignature DISABLE TRIGGER USER")
        owner.execute("UPDATE audit_cosignature SET at = at + interval '1 day'")
    with pytest.raises(SystemExit):
        call_command("fsck")
    assert "cosignature" in capsys.readouterr().out


@pytest.mark.parametrize("line", ["nonsense", "ftp://a k", "http://a k+00000000+AAAA"])
def test_a_file_of_witnesses_that_cannot_be_read_is_said_so(
    world: World, tmp_path: Path, settings: Settings, line: str
) -> None:
    settings.WITNESSES = tmp_path / "witnesses.txt"
    settings.WITNESSES.write_text(line, encoding="utf-8")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("cosign", "--once")


def test_an_instance_starts_the_process_where_it_has_witnesses(
    tmp_path: Path, settings: Settings
) -> None:
    settings.WITNESSES = tmp_path / "witnesses.txt"
    assert "cosign" not in {spec.name for spec in processes(Options())}
    settings.WITNESSES.touch()
    assert "cosign" in {spec.name for spec in processes(Options())}
