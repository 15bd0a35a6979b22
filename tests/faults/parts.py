"""What the tests of crashes need: children to kill, a PostgreSQL that can be killed, the checks."""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import connections
from django.test import Client

from audit.models import AuditEvent, AuditLeaf, Checkpoint
from audit.verification import LogCheck
from config.platform.embedded import SETTINGS
from governance.models import Review
from tests.audit.notary import Notary
from tests.compliance.world import PASSWORD
from tests.servers import Server
from trust.merkle import verify_consistency
from trust.merkle_proofs import consistency_proof, nodes_of
from trust.notes import open_checkpoint


class MortalServer(Server):
    """A cluster that keeps what it acknowledged when its processes are killed.

    Only the machine must stay up: files are written, not flushed.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        super().__init__(folder, kind)
        kept = {**SETTINGS, "synchronous_commit": "on", "full_page_writes": "on"}
        self.cluster = replace(self.cluster, settings=kept)
        # Open connections are kept by the name of the database, and the suite has a server too.
        self.made = 1000

    def kill_and_restart(self) -> None:
        """SIGKILL to the server and all of its processes, then a start that recovers."""
        assert self.process is not None
        everything = psutil.Process(self.process.pid)
        for process in [everything, *everything.children(recursive=True)]:
            process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.cluster.clear_left_over()
        self.start()


@dataclass(frozen=True)
class End:
    """How a child ended: by which signal (0: by itself), and what its work gave, if it did."""

    signal: int
    status: int
    given: Any = None


class Child:
    """Work in a forked process that may be made to fail at a step."""

    def __init__(self, work: Callable[[], Any], fail_at: str = "") -> None:
        # A connection that two processes hold is ended by the first that goes.
        connections.close_all()
        self._read, write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._live(work, fail_at, write)
        os.close(write)

    @staticmethod
    def _live(work: Callable[[], Any], fail_at: str, write: int) -> None:
        status = 1
        try:
            settings.FAIL_AT = fail_at
            # Where a browser was driven before, its loop runs in the parent and not here, and by
            # that Django keeps connections apart: what it would find here is an older test's.
            with suppress(AttributeError):
                del connections["default"]
            os.write(write, json.dumps(work()).encode())
            status = 0
        except BaseException:  # noqa: BLE001 - told, and the process ends
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(status)

    def await_stop(self) -> None:
        """Returns when it stands still. Fails if it ended instead."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status

    def go_on(self) -> None:
        """Wakes it."""
        os.kill(self.pid, signal.SIGCONT)

    def interrupt(self) -> None:
        """Asks it to end."""
        os.kill(self.pid, signal.SIGTERM)

    def end(self) -> End:
        """Waits until it has ended."""
        with os.fdopen(self._read, "rb") as pipe:
            given = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status):
            return End(os.WTERMSIG(status), -1)
        return End(0, os.WEXITSTATUS(status), json.loads(given) if given else None)


def post(address: str, token: str, body: dict[str, Any], key: str = "") -> int:
    """The status of the reply to a client, who gives a key if the request may be sent again."""
    headers = {"authorization": f"Bearer {token}"} | ({"idempotency-key": key} if key else {})
    client = Client(raise_request_exception=False)
    reply = client.post(address, body, content_type="application/json", headers=headers)
    return reply.status_code


def sign_over_rest(review: Review, token: str) -> int:
    """The status of the reply to a signature."""
    said = {
        "statement_digest": f"sha256:{review.statement_digest}",
        "decision": "approve",
        "reason": "The evidence holds.",
        "password": PASSWORD,
    }
    return post(f"/api/v1/reviews/{review.pk}/signatures", token, said)


def defects_of_log(notary: Notary) -> Iterator[str]:
    """Whatever is wrong with places, hashes and checkpoints; each pair of checkpoints is proved."""
    remembered = open_checkpoint(notary.memory.read_bytes(), notary.keys)
    log = LogCheck(notary.keys.named(notary.log_key.name), remembered)
    yield from map(str, log.findings())
    places = list(AuditLeaf.objects.order_by("leaf_index").values_list("leaf_index", flat=True))
    if places != list(range(len(places))):
        yield "the places are not dense"
    if AuditEvent.objects.filter(leaf_row=None).exists():
        yield "an event has no place"
    hashes = AuditLeaf.objects.order_by("leaf_index").values_list("event__leaf_hash", flat=True)
    node = nodes_of([bytes(leaf) for leaf in hashes])
    trees = [(row.size, bytes(row.root)) for row in Checkpoint.objects.order_by("size")]
    for number, (old, old_root) in enumerate(trees):
        for new, new_root in trees[number + 1 :]:
            proof = consistency_proof(node, old, new)
            if not verify_consistency(old, new, proof, old_root, new_root):
                yield f"the checkpoints of {old} and {new} events contradict each other"
