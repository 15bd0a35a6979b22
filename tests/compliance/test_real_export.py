"""The whole way with real processes: REST, slot, notary, download, verifier."""

import hashlib
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.instance import Instance
from tests.trust.verifier import run_verifier
from tests.worker.parts import eventually

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow(seconds=40, waits=True),
    pytest.mark.usefixtures("untraced"),
]


class Rest:
    """A caller with a token."""

    def __init__(self, instance: Instance, token: str) -> None:
        self._base = f"{instance.web}/api/v1"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str) -> bytes:
        """The reply's bytes."""
        return self._ask(urllib.request.Request(self._base + path, headers=self._headers))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The reply's JSON."""
        data = json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, self._headers, method="POST")
        return json.loads(self._ask(request))

    @staticmethod
    def _ask(request: urllib.request.Request) -> bytes:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return bytes(reply.read())


@pytest.fixture
def rest(instance: Instance, tmp_path: Path) -> Rest:
    """An administrator who is also compliance of a team, as another one confirmed."""
    secret = tmp_path / "password"
    secret.write_text("a password of the tests", encoding="utf-8")
    for name in ("rita", "otto"):
        instance.manage("create_admin", name, "--name", name, "--password-file", str(secret))
    scopes = [word for scope in ("read", "write", "admin") for word in ("--scope", scope)]
    caller = Rest(instance, instance.manage("create_token", "rita", *scopes).strip())
    caller.post("/teams", {"slug": "audit", "name": "Audit"})
    otto = Rest(instance, instance.manage("create_token", "otto", *scopes).strip())
    proof = {"password": "a password of the tests"}
    wish = {"team": "audit", "grants": [{"username": "rita", "role": "compliance"}]}
    made = caller.post("/proposals", {"kind": "roles", "wish": wish, "reason": "Hers.", **proof})
    otto.post(f"/proposals/{made['id']}/confirmation", {"digest": made["digest"], **proof})
    return caller


def _until(rest: Rest, path: str, wanted: str) -> Any:
    deadline = time.monotonic() + 40
    while True:
        found = json.loads(rest.get(path))
        if found["status"] == wanted:
            return found
        assert found["status"] in ("queued", "running"), found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_an_outsider_checks_what_a_running_instance_exported(
    instance: Instance, rest: Rest, tmp_path: Path
) -> None:
    kept, keys = tmp_path / "kept.txt", tmp_path / "keys.txt"
    eventually(lambda: json.loads(rest.get("/audit/checkpoints"))["results"], what="a checkpoint")
    kept.write_bytes(rest.get("/audit/checkpoint"))
    keys.write_bytes((instance.var / "trusted-keys.txt").read_bytes())
    assert rest.get("/audit/keys") == keys.read_bytes()
    asked = rest.post("/exports", {"scope": {"kind": "all"}})
    made = _until(rest, f"/exports/{asked['id']}", "succeeded")
    body = rest.get(f"/exports/{asked['id']}/bundle")
    assert made["sha256"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(body)
    status, report = run_verifier(bundle, "--key", keys, "--checkpoint", kept)
    assert (status, report["findings"]) == (0, [])
    assert "no findings" in instance.manage("fsck", "--blobs", "--checkpoint", str(kept))
