"""What serving writes down: loads, refusals, prediction records."""

import logging
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from audit.actions import Action
from audit.actors import SYSTEM
from audit.services import record
from inference.models import LoadRefusal, Prediction, PredictionBatch
from inference.segments import waiting_segments, whole_lines
from inference.table import Candidate
from trust.times import parse_moment

log = logging.getLogger("assay.serving")

_SHIPPING = 0x41535341_03
_BATCHES = UUID("5f0a1c5e-6d0e-4f0b-9a51-0a5a5a5a5a5a")


@transaction.atomic
def note_loaded(candidate: Candidate) -> None:
    """The log says which version a serving process has loaded under which approval."""
    record(
        actor=SYSTEM,
        action=Action.MODEL_LOADED,
        subject=("version", candidate.version),
        payload={
            "approval": str(candidate.approval),
            "version_digest": f"sha256:{candidate.digest}",
        },
        related=[("model", candidate.model_id)],
    )


@transaction.atomic
def note_refused(candidate: Candidate, reason: str) -> None:
    """Keep why an approved version is not served, for the page and the log; once a minute."""
    again = LoadRefusal.objects.filter(
        approval_id=candidate.approval,
        reason=reason,
        at__gt=timezone.now() - timedelta(seconds=60),
    )
    if again.exists():
        return
    LoadRefusal.objects.create(
        version_id=candidate.version, approval_id=candidate.approval, reason=reason
    )
    record(
        actor=SYSTEM,
        action=Action.LOAD_REFUSED,
        subject=("version", candidate.version),
        payload={"approval": str(candidate.approval), "reason": reason[:500]},
        related=[("model", candidate.model_id)],
    )


def ship_predictions() -> int:
    """Bring sealed segments into the database; returns the records brought. Called by the clock.

    One shipper works at a time. A segment and its event commit together and the file goes after
    that, so a crash between leaves a file that is recognised by its name.
    """
    shipped = 0
    folder: Path = settings.SEGMENT_DIR
    for path in waiting_segments(folder):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SHIPPING])
                if not cursor.fetchone()[0]:
                    return shipped
            shipped += _ship(path)
        path.unlink(missing_ok=True)
    return shipped


def _ship(path: Path) -> int:
    if PredictionBatch.objects.filter(segment=path.stem).exists() or not path.exists():
        return 0
    lines = whole_lines(path)
    if not lines:
        return 0
    body = b"".join(line + b"\n" for line in lines)
    parsed = [orjson.loads(line) for line in lines]
    moments = [parse_moment(entry["at"]) for entry in parsed]
    batch = PredictionBatch.objects.create(
        id=uuid5(_BATCHES, path.stem),
        count=len(lines),
        first_at=min(moments),
        last_at=max(moments),
        digest=sha256(body).hexdigest(),
        segment=path.stem,
    )
    Prediction.objects.bulk_create(
        (
            _row(batch, n, line, entry)
            for n, (line, entry) in enumerate(zip(lines, parsed, strict=True))
        ),
        batch_size=1000,
    )
    record(
        actor=SYSTEM,
        action=Action.PREDICTIONS_SEALED,
        subject=("predictions", batch.pk),
        payload={"batch": str(batch.pk), "count": batch.count, "digest": f"sha256:{batch.digest}"},
        related=[("model", model) for model in sorted({entry["model"] for entry in parsed})],
    )
    return batch.count


def _row(batch: PredictionBatch, position: int, line: bytes, entry: dict[str, Any]) -> Prediction:
    return Prediction(
        id=entry["id"],
        batch=batch,
        position=position,
        at=parse_moment(entry["at"]),
        model_id=entry["model"],
        number=entry["number"],
        version_digest=entry["version_digest"].removeprefix("sha256:"),
        approval_id=entry["approval"],
        user_id=entry["user"],
        rows=entry["rows"],
        record=line,
    )
