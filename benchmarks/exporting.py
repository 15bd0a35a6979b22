"""A bundle of a long log: made by the export's own job, verified by verify.py alone."""

import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg.types.json import Jsonb

from accounts.callers import caller_for
from accounts.services import create_first_admin, create_team
from benchmarks.place import ROOT, Place, wait_until
from compliance.services import request_export
from tests.compliance.world import bundle_of, run_next_job
from tests.factories.agreeing import give_roles
from trust.canonical import canonical
from trust.merkle import leaf_hash
from trust.times import format_moment

_PASSWORD = "a password of the benchmarks"
_COLUMNS = (
    "uuid, occurred_at, action, person_id, user_id, via, subject_type, subject_id, related,"
    " payload, leaf, leaf_hash"
)


@dataclass(frozen=True)
class Effort:
    """What a process took: wall and processor seconds, peak memory in MB, exit status."""

    status: int
    wall_s: float
    cpu_s: float
    peak_mb: float


def _digest(chance: random.Random) -> str:
    return f"sha256:{chance.randbytes(32).hex()}"


def _kinds(chance: random.Random) -> list[tuple[str, str, dict[str, Any]]]:
    """(action, type of subject, payload) as an instance in use writes them."""
    batch = {"batch": str(uuid.uuid4()), "digest": _digest(chance), "count": 100}
    return [
        ("predictions.sealed", "team", batch),
        ("predictions.sealed", "team", batch | {"batch": str(uuid.uuid4())}),
        ("person.signed_in", "user", {}),
        ("comment.written", "review", {"text": _digest(chance), "gate": "metric:accuracy"}),
        ("version.registered", "version", {"version_digest": _digest(chance), "kind": "uploaded"}),
        ("evaluation.completed", "version", {"report": _digest(chance), "rows": 569}),
        ("explanation.completed", "version", {"report": _digest(chance), "rows": 30}),
        ("review.opened", "review", {"statement_digest": _digest(chance), "policy": "lenient"}),
    ]


def _events(count: int, seed: int) -> Iterator[tuple[Any, ...]]:
    chance, since = random.Random(seed), datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        action, kind, payload = chance.choice(_kinds(chance))
        at, identity = since + timedelta(seconds=number), uuid.uuid4()
        person, user, subject = uuid.uuid4(), uuid.uuid4(), str(uuid.uuid4())
        actor = {"person": str(person), "user": str(user), "via": "session"}
        leaf = canonical(
            {
                "v": 1,
                "id": str(identity),
                "at": format_moment(at),
                "action": action,
                "actor": actor,
                "subject": {"type": kind, "id": subject},
                "payload": payload,
            }
        )
        related = Jsonb([f"{kind}:{subject}"])
        yield (
            *(identity, at, action, person, user, "session", kind, subject, related),
            *(Jsonb(payload), leaf, leaf_hash(leaf)),
        )


def fill(connection: psycopg.Connection, count: int, seed: int = 8) -> None:
    """Write so many events into the log, as the app role may."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY audit_auditevent ({_COLUMNS}) FROM STDIN") as copy,
    ):
        for row in _events(count, seed):
            copy.write_row(row)


def measured(work: Callable[[], int] | list[str]) -> Effort:
    """Run a command, or a function in a forked process, and read what it took."""
    begun = time.monotonic()
    if isinstance(work, list):
        pid = subprocess.Popen(work, stdout=subprocess.DEVNULL).pid
    else:
        connections.close_all()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                status = work()
            finally:
                os._exit(status)
    _, status, used = os.wait4(pid, 0)
    return Effort(
        status=os.waitstatus_to_exitcode(status),
        wall_s=time.monotonic() - begun,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_mb=used.ru_maxrss / 1024,
    )


def await_signed(place: Place, seconds: float) -> int:
    """Wait until a checkpoint covers every event; the size of the log."""
    with place.database.connect() as connection:

        def numbers() -> tuple[int, int]:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM audit_auditevent),"
                " (SELECT coalesce(max(size), 0) FROM audit_checkpoint)"
            ).fetchone()
            assert row is not None
            return row[0], row[1]

        def caught_up() -> bool:
            events, signed = numbers()
            return events == signed

        if not wait_until(caught_up, seconds):
            raise SystemExit(f"The notary is behind: events and signed {numbers()}.")
        return numbers()[1]


def export_and_verify(place: Place) -> tuple[Effort, Effort, int]:
    """(the export's job, the verifier, the bundle's size in bytes); the notary must run."""
    kept = place.folder / "checkpoint.txt"
    with place.database.connect() as connection:
        row = connection.execute("SELECT note FROM audit_checkpoint ORDER BY size LIMIT 1")
        kept.write_text(row.fetchall()[0][0], encoding="utf-8")
    bundle = place.folder / "bundle.zip"
    exporter = measured(lambda: _export(bundle))
    verifier = measured(
        [
            *(sys.executable, "-I", str(ROOT / "verify.py"), str(bundle)),
            *("--key", str(place.folder / "var" / "trusted-keys.txt")),
            *("--checkpoint", str(kept)),
        ]
    )
    return exporter, verifier, bundle.stat().st_size


def _export(bundle: Path) -> int:
    user, other = (
        create_first_admin(username=name, name=f"{name.title()} Root", password=_PASSWORD)
        for name in ("rita", "otto")
    )
    rita = caller_for(user, via="command")
    give_roles(
        create_team(caller=rita, slug="audit", name="Audit"),
        [("rita", "compliance")],
        proposer=rita,
        confirmer=caller_for(other, via="command"),
        password=lambda _username: _PASSWORD,
    )
    settings.EXPORT_NOTARY_SECONDS = 600
    export = request_export(caller=caller_for(user, via="command"), scope={"kind": "all"})
    job = run_next_job()
    if job.failure:
        raise SystemExit(f"The export failed: {job.failure}")
    export.refresh_from_db()
    bundle_of(export, bundle.parent)
    return 0
