"""Uploads through a real server: memory stays small, and nothing but the process is lost."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import ApiToken, Membership, Person, Team, User
from accounts.roles import Role, Scope
from accounts.tokens import new_token, token_digest
from registry.models import Upload
from tests.registry.conftest import sign_up

pytestmark = [pytest.mark.server, pytest.mark.slow(seconds=30)]

PIECE = os.urandom(2**20)
GIB = 1024


@pytest.fixture
def token(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A token whose rows other processes see."""
    with django_db_blocker.unblock():
        user = sign_up("uploader", Role.CONTRIBUTOR)
        text = new_token(inference_only=False)
        ApiToken.objects.create(
            user=user,
            name="uploads",
            sha256=token_digest(text),
            prefix=text[:14],
            last_four=text[-4:],
            scopes=[Scope.WRITE.value],
            expires_at=timezone.now() + timedelta(hours=1),
        )
        yield text
        for model in (Upload, ApiToken, User, Membership, Person, Team):
            model._default_manager.all().delete()
        connection.close()


class Server:
    """One granian worker with the upload views."""

    def __init__(self, folder: Path, token: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        self.token = token
        found = connection.settings_dict
        address = f"postgresql://{found['USER']}:{found['PASSWORD']}@/{found['NAME']}"
        address += f"?host={found['HOST']}&port={found['PORT'] or 5432}"
        more = {"DATABASE_URL": address, "ASSAY_DATABASE_ROLE": "app"}
        more |= {"ASSAY_BLOBS": f"{folder}/blobs", "ASSAY_UPLOADS": f"{folder}/uploads"}
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1"]
        command += ["--port", str(self.port), "--blocking-threads", "8", "--backpressure", "8"]
        command += ["--log-level", "error", "tests.registry.upload_server:application"]
        self.process = subprocess.Popen(command, env=os.environ | more, start_new_session=True)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.ask("GET", "/api/v1/uploads/none")
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                return

    @property
    def worker(self) -> int:
        """The process that answers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return next(
            pid
            for pid in map(int, children.split())
            if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        )

    def peak_memory(self) -> int:
        """The most memory that the worker ever held, in bytes."""
        for line in Path(f"/proc/{self.worker}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmHWM")

    def kill(self) -> None:
        """End everything at once, as a crash would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        link = HTTPConnection("127.0.0.1", self.port, timeout=120)
        given = {"Authorization": f"Bearer {self.token}"} | headers
        try:
            link.request(method, path, body, given)
            reply = link.getresponse()
            text = reply.read()
            return json.loads(text) if text.startswith(b"{") else text
        finally:
            link.close()

    def begin(self, size: int) -> str:
        wishes = json.dumps({"name": "big.bin", "size": size})
        kind = {"Content-Type": "application/json"}
        return str(self.ask("POST", "/api/v1/uploads", wishes, **kind)["id"])

    def send(self, upload: str, offset: int, pieces: Iterator[bytes], **headers: str) -> Any:
        kind = {"Content-Type": "application/octet-stream", "Upload-Offset": str(offset)}
        return self.ask("PATCH", f"/api/v1/uploads/{upload}", pieces, **(kind | headers))

    def offset(self, upload: str) -> int:
        return int(self.ask("GET", f"/api/v1/uploads/{upload}")["offset"])


@contextmanager
def serving(folder: Path, token: str) -> Iterator[Server]:
    server = Server(folder, token)
    try:
        yield server
    finally:
        server.kill()


def pieces(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield PIECE


def digest(count: int) -> str:
    running = hashlib.sha256()
    for piece in pieces(count):
        running.update(piece)
    return running.hexdigest()


@contextmanager
def half_sent(server: Server, upload: str, size: int, count: int) -> Iterator[socket.socket]:
    """A request that has sent `count` pieces and a bit, and waits."""
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        head = (
            f"PATCH /api/v1/uploads/{upload} HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {server.token}\r\nUpload-Offset: 0\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n"
        )
        link.sendall(head.encode())
        for piece in pieces(count):
            link.sendall(piece)
        link.sendall(PIECE[:1000])
        yield link


def wait_for_offset(server: Server, upload: str, least: int) -> int:
    deadline = time.monotonic() + 30
    while (offset := server.offset(upload)) < least:
        assert time.monotonic() < deadline, offset
        time.sleep(0.05)
    return offset


def test_one_gibibyte_needs_less_than_100_megabytes_more(tmp_path: Path, token: str) -> None:
    with serving(tmp_path, token) as server:
        upload = server.begin(GIB * 2**20)
        before = server.peak_memory()
        begun = time.monotonic()
        length = {"Content-Length": str(GIB * 2**20)}
        done = server.send(upload, 0, pieces(GIB), **length)
        took = time.monotonic() - begun
        assert done["sha256"] == digest(GIB)
        grown = server.peak_memory() - before
        print(f"1 GiB in {took:.1f} s; memory {before >> 20} MiB before, {grown >> 10} KiB more")
        assert grown < 100 * 10**6


def test_a_body_in_chunks_arrives_whole(tmp_path: Path, token: str) -> None:
    with serving(tmp_path, token) as server:
        done = server.send(server.begin(5 * 2**20), 0, pieces(5))
        assert done["sha256"] == digest(5)


def test_a_killed_server_keeps_what_was_written_and_goes_on(tmp_path: Path, token: str) -> None:
    size = 40 * 2**20
    with serving(tmp_path, token) as server:
        upload = server.begin(size)
        with half_sent(server, upload, size, 20):
            wait_for_offset(server, upload, 10 * 2**20)
    whole = PIECE * 40
    with serving(tmp_path, token) as server:
        offset = server.offset(upload)
        assert 10 * 2**20 <= offset < size
        done = server.send(upload, offset, iter([whole[offset:]]))
        assert done["sha256"] == digest(40)


def test_a_lost_connection_keeps_every_byte_that_arrived(tmp_path: Path, token: str) -> None:
    size = 8 * 2**20
    with serving(tmp_path, token) as server:
        upload = server.begin(size)
        with half_sent(server, upload, size, 3):
            pass
        offset = wait_for_offset(server, upload, 3 * 2**20 + 1000)
        done = server.send(upload, offset, iter([(PIECE * 8)[offset:]]))
        assert done["sha256"] == digest(8)


def test_other_requests_are_answered_meanwhile(tmp_path: Path, token: str) -> None:
    size = 8 * 2**20
    with serving(tmp_path, token) as server:
        upload, other = server.begin(size), server.begin(2**20)
        with half_sent(server, upload, size, 3):
            wait_for_offset(server, upload, 3 * 2**20)
            assert server.send(other, 0, pieces(1))["sha256"] == digest(1)
            refused = server.send(upload, 3 * 2**20, pieces(1))
            assert (refused["status"], "Another request" in refused["detail"]) == (409, True)


def test_a_refused_body_is_not_read(tmp_path: Path, token: str) -> None:
    with serving(tmp_path, token) as server:
        upload = server.begin(2**20)
        with half_sent(server, upload, 500 * 2**20, 0) as link:
            link.settimeout(30)
            assert b" 413 " in link.recv(4096).split(b"\r\n")[0]
        assert server.offset(upload) == 0
