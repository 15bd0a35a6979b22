"""Three ways to append the same events: without a log, with this log, with a chain of hashes."""

import hashlib
import json
import multiprocessing
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Barrier
from typing import Any

from django.db import connection, connections, models, transaction
from django.utils import timezone

from audit.actions import Action
from audit.actors import Actor
from audit.models import AuditEvent
from audit.services import record
from trust.canonical import canonical
from trust.times import format_moment

CHAIN_LOCK = 0x41535341_7F
_PAYLOAD = {
    "signature": f"sha256:{'a' * 64}",
    "decision": "approve",
    "meaning": "approved",
    "method": "password",
    "statement_digest": f"sha256:{'b' * 64}",
}


def _twin(name: str, **more: "models.BinaryField[Any, Any]") -> type[models.Model]:
    """A model like AuditEvent over another table."""
    meta = type("Meta", (), {"app_label": "audit", "db_table": name, "managed": False})
    fields = {f.name: f.clone() for f in AuditEvent._meta.local_fields}
    body = {**fields, **more, "Meta": meta, "__module__": __name__}
    return type(name.title().replace("_", ""), (models.Model,), body)


PlainEvent = _twin("plain_event")
ChainedEvent = _twin("chained_event", previous=models.BinaryField())
# Same columns, defaults, constraints and indexes as the log's table, but none of its triggers.
TABLES = """
    CREATE TABLE plain_event (LIKE audit_auditevent INCLUDING ALL);
    CREATE TABLE chained_event (LIKE audit_auditevent INCLUDING ALL);
    ALTER TABLE chained_event ADD previous bytea NOT NULL;
    GRANT SELECT, INSERT ON plain_event, chained_event TO assay_app;
"""


def _document(identity: uuid.UUID, now: datetime, review: str) -> dict[str, Any]:
    return {
        "v": 1,
        "id": str(identity),
        "at": format_moment(now),
        "action": Action.REVIEW_SIGNED.value,
        "actor": Actor(uuid.uuid4(), uuid.uuid4(), "session").as_dict(),
        "subject": {"type": "review", "id": review},
        "payload": _PAYLOAD,
    }


def _columns(document: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of an event but for its bytes and hash."""
    review = document["subject"]["id"]
    return {
        "uuid": uuid.UUID(document["id"]),
        "occurred_at": now,
        "action": document["action"],
        "person_id": uuid.UUID(document["actor"]["person"]),
        "user_id": uuid.UUID(document["actor"]["user"]),
        "via": "session",
        "subject_type": "review",
        "subject_id": review,
        "related": [f"review:{review}", f"version:{uuid.uuid4()}", f"model:{uuid.uuid4()}"],
        "payload": _PAYLOAD,
    }


def _row() -> dict[str, Any]:
    now = timezone.now()
    document = _document(uuid.uuid4(), now, str(uuid.uuid4()))
    return _columns(document, now) | {"document": document}


def _plain() -> uuid.UUID:
    """The same columns and as many bytes, without canonical form and without any hash."""
    row = _row()
    leaf = json.dumps(row.pop("document"), separators=(",", ":")).encode()
    with transaction.atomic():
        PlainEvent._default_manager.create(**row, leaf=leaf, leaf_hash=os.urandom(32))
    return row["uuid"]  # type: ignore[no-any-return]


def _logged() -> uuid.UUID:
    person, user = uuid.uuid4(), uuid.uuid4()
    related = [("version", uuid.uuid4()), ("model", uuid.uuid4())]
    with transaction.atomic():
        event = record(
            actor=Actor(person, user, "session"),
            action=Action.REVIEW_SIGNED,
            subject=("review", uuid.uuid4()),
            payload=_PAYLOAD,
            related=related,
        )
    return event.uuid


def _chained() -> uuid.UUID:
    """What most audit tables do: under a lock, each row's hash covers that of the row before."""
    row = _row()
    leaf = canonical(row.pop("document"))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
            cursor.execute("SELECT leaf_hash FROM chained_event ORDER BY id DESC LIMIT 1")
            last = cursor.fetchone()
        previous = bytes(last[0]) if last else b"\0" * 32
        chained = hashlib.sha256(previous + leaf).digest()
        ChainedEvent._default_manager.create(**row, previous=previous, leaf=leaf, leaf_hash=chained)
    return row["uuid"]  # type: ignore[no-any-return]


VARIANTS: dict[str, Callable[[], uuid.UUID]] = {
    "plain": _plain,
    "log": _logged,
    "chain": _chained,
}


@dataclass
class Run:
    """What one round of one variant did. `acknowledged`: (uuid, moment of the answer)."""

    seconds: float = 0.0
    acknowledged: list[tuple[uuid.UUID, float]] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Acknowledged events per second."""
        return len(self.acknowledged) / self.seconds


def _write(
    variant: str,
    number: int,
    seconds: float,
    start: Barrier,
    counts: "SynchronizedArray[int]",
    answers: "Queue[Any]",
) -> None:
    """One writer: its own process, its own connection, one event for each transaction."""
    append, mine = VARIANTS[variant], []
    connections.close_all()
    append()
    counts[number] += 1
    start.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        identity = append()
        mine.append((identity.bytes, time.time()))
        counts[number] += 1
    answers.put(mine)
    connections.close_all()


def run_writers(
    variant: str, writers: int, seconds: float, counts: "SynchronizedArray[int]"
) -> Run:
    """So many processes append for so long. `counts` grows while they do, for who watches."""
    fork = multiprocessing.get_context("fork")
    start, answers = fork.Barrier(writers + 1), fork.Queue()
    connections.close_all()
    children = [
        fork.Process(target=_write, args=(variant, n, seconds, start, counts, answers))
        for n in range(writers)
    ]
    for child in children:
        child.start()
    start.wait()
    begun, run = time.monotonic(), Run()
    for _ in children:
        run.acknowledged += [(uuid.UUID(bytes=raw), at) for raw, at in answers.get()]
    run.seconds = max(seconds, time.monotonic() - begun)
    for child in children:
        child.join()
    return run


def describe_row() -> str:
    """The size of the event that is written, for the report."""
    return f"{len(canonical(_row()['document']))} bytes of canonical JSON"
