"""What only a real server shows: headers of every reply, wrong hosts, chunks, hostile bytes."""

import http.client
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.platform.memory import there_is
from tests.api.house import House
from tests.factories import tiny
from tests.instance import Instance

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("untraced")]
LIMIT = 2 * 2**20
PREDICT = "/api/v1/models/tumours/predict"
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Wire:
    """One process of the instance."""

    def __init__(self, port: int, reads: str, token: str) -> None:
        self.port = port
        self.reads = reads
        self.bearer = {"Authorization": f"Bearer {token}"}

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        chunked: bool = False,
        signed_in: bool = True,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a reply."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        every = {"Content-Type": "application/json"} | (self.bearer if signed_in else {})
        try:
            connection.request(method, path, body, every | (headers or {}), encode_chunked=chunked)
            reply = connection.getresponse()
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        """What comes back for exactly these bytes."""
        with socket.create_connection(("localhost", self.port), timeout=20) as line:
            line.sendall(request)
            line.settimeout(20)
            return line.recv(65536)


@pytest.fixture(scope="module")
def web(running: tuple[Instance, House]) -> Wire:
    """The web process."""
    return Wire(running[0].port, "/api/v1/uploads", running[1].token)


@pytest.fixture(scope="module")
def inference(running: tuple[Instance, House]) -> Wire:
    """The inference process, with the champion loaded."""
    wire = Wire(running[0].inference_port, PREDICT, running[1].token)
    for _ in range(100):
        if wire.send("POST", PREDICT, json.dumps(tiny.request()))[0] == 200:
            break
    return wire


@pytest.fixture(params=["web", "inference"])
def either(request: pytest.FixtureRequest) -> Wire:
    """One process, then the other."""
    found: Wire = request.getfixturevalue(request.param)
    return found


def problem(reply: tuple[int, dict[str, str], bytes], *statuses: int) -> dict[str, Any]:
    """The problem document of a refusal."""
    status, headers, body = reply
    assert status in statuses, body[:300]
    assert headers["content-type"] == "application/problem+json", body[:300]
    document: dict[str, Any] = json.loads(body)
    assert document["status"] == status
    return document


REPLIES: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/health", {}),
    ("GET", "/api/v1/schema", {}),
    ("GET", "/api/v1/models/tumours/predict", {}),
    ("GET", "/api/v1/nothing", {}),
    ("GET", "/nothing", {}),
    ("GET", "/nothing", {"Accept": "text/html"}),
    ("GET", "/%00", {}),
    ("POST", "/nothing", {}),
    ("POST", "/api/v1/models/tumours/predict", {}),
    ("POST", "/api/v1/models/tumours/predict", {"Authorization": "Bearer x"}),
    ("POST", "/api/v1/models/tumours/predict", {"Content-Type": "text/plain"}),
    ("GET", "/health", {"Host": "evil.example"}),
    ("TRACE", "/health", {}),
    ("OPTIONS", "/api/v1/models/tumours/predict", {}),
]
WEB_REPLIES: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/accounts/login/", {}),
    ("GET", "/", {}),
    ("GET", "/models/no-such-model", {}),
    ("GET", "/api/v1/me", {}),
    ("GET", "/api/v1/me", {"Authorization": "Bearer x"}),
    ("GET", "/api/v1/models/tumours/versions/1/manifest", {}),
    ("GET", "/api/v1/models/tumours/versions/1/artifacts/model/model.onnx", {}),
    ("POST", "/api/v1/models", {}),
    ("POST", "/accounts/login/", {}),
    ("DELETE", "/api/v1/tokens/00000000-0000-0000-0000-000000000000", {}),
]


def guarded(wire: Wire, method: str, path: str, headers: dict[str, str]) -> None:
    """Fails unless the reply carries every header that protects a browser."""
    status, found, _ = wire.send(method, path, headers=headers)
    for name, value in HEADERS.items():
        allowed = found.get(name, "")
        assert value in allowed, f"{method} {path} {headers}: {status} {name}: {allowed!r}"
    policy = found["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert status < 500


@pytest.mark.parametrize(("method", "path", "headers"), REPLIES)
def test_every_reply_of_both_processes_is_guarded(
    method: str, path: str, headers: dict[str, str], either: Wire
) -> None:
    guarded(either, method, path, headers)


@pytest.mark.parametrize(("method", "path", "headers"), WEB_REPLIES)
def test_every_reply_of_the_pages_is_guarded(
    method: str, path: str, headers: dict[str, str], web: Wire
) -> None:
    guarded(web, method, path, headers)


def test_a_download_is_never_shown_by_a_browser(web: Wire) -> None:
    path = "/api/v1/models/tumours/versions/1/artifacts/model/model.onnx"
    _, headers, _ = web.send("GET", path)
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in headers["content-security-policy"]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "a b", "", "@", "x/y"])
def test_a_host_that_is_not_ours_is_refused_and_not_repeated(host: str, either: Wire) -> None:
    status, headers, body = either.send("GET", "/api/v1/nothing", headers={"Host": host})
    assert status == 400
    if headers.get("content-type") == "application/problem+json":
        assert b"evil" not in body
    forwarded = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    _, headers, body = either.send("GET", "/api/v1/models?limit=1", headers=forwarded)
    assert b"evil" not in body
    assert "evil" not in str(headers)


@pytest.mark.parametrize(
    "header", ["X-Request-Id", "Idempotency-Key", "Accept", "Cookie", "Accept-Language"]
)
def test_control_characters_in_a_header_never_reach_the_reply(header: str, either: Wire) -> None:
    for value in (b"a\x00b", b"a\x01b", b"\xff\xfe", b"a\rb", b"x" * 20_000):
        request = (
            b"GET /api/v1/nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + header.encode()
            + b": "
            + value
            + b"\r\n\r\n"
        )
        reply = either.raw(request)
        assert re.match(rb"HTTP/1.1 4\d\d ", reply) or reply == b"", reply[:200]
        assert value not in reply


def test_a_length_that_is_said_twice_or_is_no_number_is_refused(either: Wire) -> None:
    head = b"POST /api/v1/models/tumours/predict HTTP/1.1\r\nHost: localhost\r\n"
    for lines in (
        b"Content-Length: 2\r\nContent-Length: 3\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 1e3\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: x\r\n",
    ):
        reply = either.raw(head + lines + b"Connection: close\r\n\r\n{}x")
        assert re.match(rb"HTTP/1.1 4\d\d ", reply), reply[:200]


def pieces(body: bytes) -> Iterator[bytes]:
    """A body in chunks, without a length."""
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]


def test_a_json_body_in_chunks_is_read(web: Wire, inference: Wire) -> None:
    body = json.dumps({"name": "by-chunks", "size": 3}).encode()
    status, _, answer = web.send("POST", "/api/v1/uploads", pieces(body), chunked=True)
    assert status == 201, answer
    body = json.dumps(tiny.request(3)).encode()
    status, _, answer = inference.send("POST", PREDICT, pieces(body), chunked=True)
    assert status == 200, answer
    assert len(json.loads(answer)["predictions"]) == 3


def test_a_body_over_the_limit_is_refused_with_and_without_a_length(either: Wire) -> None:
    body = json.dumps({"surprise": "x" * (LIMIT + 1)}).encode()
    for chunked in (False, True):
        reply = either.send(
            "POST", either.reads, pieces(body) if chunked else body, chunked=chunked
        )
        assert problem(reply, 413)["field"] == "body"


BAD_PREDICTIONS: dict[str, tuple[bytes, int]] = {
    "no JSON": (b"{", 422),
    "a list": (b"[]", 422),
    "nothing": (b"", 422),
    "an unknown field": (b'{"row": [[1,2,3,4]]}', 422),
    "two forms": (b'{"rows": [[1,2,3,4]], "columns": {}}', 422),
    "no rows": (b'{"rows": []}', 422),
    "rows that are a number": (b'{"rows": 5}', 422),
    "rows that are null": (b'{"rows": null}', 422),
    "a short row": (b'{"rows": [[1,2,3]]}', 422),
    "a text": (b'{"rows": [[1,2,3,"4"]]}', 422),
    "a truth": (b'{"rows": [[1,2,3,true]]}', 422),
    "null": (b'{"rows": [[1,2,3,null]]}', 422),
    "NaN": (b'{"rows": [[1,2,3,NaN]]}', 422),
    "beyond float32": (b'{"rows": [[1,2,3,1e39]]}', 422),
    "beyond every float": (b'{"rows": [[1,2,3,1e999]]}', 422),
    "a huge integer": (b'{"rows": [[1,2,3,' + b"9" * 400 + b"]]}", 422),
    "a key twice": (b'{"rows": [[9,9,9,9]], "rows": [[1,2,3,4]]}', 422),
    "a feature twice": (
        b'{"rows": [{"worst radius": 1, "worst radius": 2, "worst texture": 1, '
        b'"worst smoothness": 1, "worst symmetry": 1}]}',
        422,
    ),
    "a NUL in a key": (b'{"rows": [{"a\\u0000": 1}]}', 422),
    "half a character": (b'{"rows": [{"\\ud800": 1}]}', 422),
    "deep": (b'{"rows": ' + b"[" * 900 + b"]" * 900 + b"}", 422),
    "an abyss": (b"[" * 100_000, 422),
    "too many rows": (b'{"rows": [' + b"[1,2,3,4]," * 2000 + b"[1,2,3,4]]}", 413),
    "trailing garbage": (b'{"rows": [[1,2,3,4]]} x', 422),
}


@pytest.mark.parametrize("what", BAD_PREDICTIONS)
def test_a_bad_prediction_request_is_refused(what: str, inference: Wire) -> None:
    body, status = BAD_PREDICTIONS[what]
    found = problem(inference.send("POST", PREDICT, body), status, 422)
    assert found["field"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/models/nothing/predict", 404),
        ("/api/v1/models/tumours/versions/99/predict", 409),
        (f"/api/v1/models/tumours/versions/{'9' * 400}/predict", 409),
        ("/api/v1/models/tumours/predict?alias=nobody", 409),
        ("/api/v1/models/tumours/predict?alias=%00", 422),
        ("/api/v1/models/tumours%00/predict", 422),
    ],
)
def test_what_is_not_served_is_refused(path: str, status: int, inference: Wire) -> None:
    problem(inference.send("POST", path, json.dumps(tiny.request())), status)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Bearer assay_pat_" + "0" * 49, "Pass x", "Basic eDp5"]
)
def test_nobody_predicts(header: str, inference: Wire) -> None:
    headers = {"Authorization": header} if header else {}
    reply = inference.send("POST", PREDICT, json.dumps(tiny.request()), headers, signed_in=False)
    problem(reply, 401)


@pytest.mark.parametrize("process", ["web", "inference"])
def test_no_request_can_take_all_memory(process: str, running: tuple[Instance, House]) -> None:
    parent = running[0].pid(process)
    (worker,) = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    limits = Path(f"/proc/{worker}/limits").read_text()
    (most,) = re.findall(r"^Max data size +([0-9]+) ", limits, re.MULTILINE)
    assert int(most) == there_is() * 3 // 4


@pytest.mark.parametrize("process", ["web", "inference"])
def test_nothing_of_all_this_is_a_defect(
    process: str, running: tuple[Instance, House], web: Wire, inference: Wire
) -> None:
    log = running[0].process_log(process)
    assert "Traceback" not in log, log[-5000:]
