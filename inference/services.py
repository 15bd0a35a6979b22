"""What serving writes down: loads, refusals, prediction records."""

import logging
from collections import defaultdict
from dataclasses import asdict
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from audit.actions import Action
from audit.actors import SYSTEM
from audit.selectors import EventFilter, events, matching
from audit.services import record
from inference.models import LoadRefusal, Prediction, PredictionBatch
from inference.records import Record, read_record
from inference.refusals import Window
from inference.segments import pieces, set_aside, waiting_segments
from inference.table import Candidate, EmergencyCandidate
from registry.models import RegisteredModel
from trust.digests import digest_of
from trust.errors import Malformed
from trust.times import format_moment

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
def note_loaded_in_emergency(candidate: EmergencyCandidate) -> None:
    """The log says which version a serving process has loaded under which emergency grant."""
    _tell_of_emergency(
        Action.EMERGENCY_LOADED, candidate, version_digest=f"sha256:{candidate.digest}"
    )


@transaction.atomic
def note_refused_in_emergency(candidate: EmergencyCandidate, reason: str) -> None:
    """The log says why a version is not served under an emergency grant; once a minute."""
    told = events().filter(
        action=Action.EMERGENCY_LOAD_REFUSED.value,
        subject_type="version",
        subject_id=str(candidate.version),
        occurred_at__gt=timezone.now() - timedelta(seconds=60),
    )
    if not told.filter(payload__emergency=str(candidate.emergency)).exists():
        _tell_of_emergency(Action.EMERGENCY_LOAD_REFUSED, candidate, reason=reason[:500])


def _tell_of_emergency(action: Action, candidate: EmergencyCandidate, **more: str) -> None:
    record(
        actor=SYSTEM,
        action=action,
        subject=("version", candidate.version),
        payload={"emergency": str(candidate.emergency), "alias": candidate.alias, **more},
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


@transaction.atomic
def note_share_refused(candidate: Candidate, alias: str, reason: str) -> None:
    """The log says that a challenger answers nothing, since its share is more than its approval is
    for; once a minute."""
    told = events().filter(
        action=Action.SPLIT_REFUSED.value,
        subject_type="model",
        subject_id=str(candidate.model_id),
        occurred_at__gt=timezone.now() - timedelta(seconds=60),
        payload__alias=alias,
    )
    if told.filter(payload__approval=str(candidate.approval)).exists():
        return
    record(
        actor=SYSTEM,
        action=Action.SPLIT_REFUSED,
        subject=("model", candidate.model_id),
        payload={
            "alias": alias,
            "challenger": f"sha256:{candidate.digest}",
            "approval": str(candidate.approval),
            "reason": reason,
        },
        related=[("version", candidate.version)],
    )


@transaction.atomic
def note_refused_predictions(window: Window) -> None:
    """The log says how often predictions were refused to whom and why: an event for each model,
    and one for names that are no model's."""
    kept = {str(key) for key in RegisteredModel.objects.values_list("pk", flat=True)}
    by_model: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one, times in window.counts.items():
        entry = asdict(one) | {"count": times}
        by_model[entry.pop("model")].append(entry)
    for model in sorted({*by_model, *window.others}):
        known = model in kept
        record(
            actor=SYSTEM,
            action=Action.PREDICTIONS_REFUSED,
            subject=("model", model) if known else ("predictions", "unknown"),
            payload={
                "since": format_moment(window.since),
                "until": format_moment(window.until),
                "counts": sorted(by_model[model], key=lambda entry: -entry["count"]),
                "others": window.others.get(model, 0),
            },
        )


def ship_predictions() -> int:
    """Bring sealed segments into the database; returns the records brought. Called by the clock.

    One shipper works at a time. A segment and its events commit together and the file goes after
    that, so a crash between leaves a file that is recognised by its name. What is damaged is set
    aside, and a segment that the disk does not give waits: neither holds up the others.
    """
    shipped = 0
    for path in waiting_segments(settings.SEGMENT_DIR):
        try:
            with transaction.atomic():
                if not _alone():
                    break
                shipped += _ship(path)
            path.unlink(missing_ok=True)
        except OSError:
            log.exception("The segment %s could not be shipped.", path.name)
    return shipped


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SHIPPING])
        return bool(cursor.fetchone()[0])


def _ship(path: Path) -> int:
    if PredictionBatch.objects.filter(segment=path.stem).exists() or not path.exists():
        return 0
    records, damaged = _sorted_out(pieces(path))
    batches = _by_team(path, records)
    if damaged:
        _set_aside(path, damaged, batches)
    for batch, own in batches.items():
        _seal(path, batch, own)
    return len(records)


def _sorted_out(lines: list[bytes]) -> tuple[list[Record], list[bytes]]:
    """The records that can be stored, and the pieces that cannot; both in their order."""
    read = [(line, _read(line)) for line in lines]
    ids = [found.id for _, found in read if found]
    seen = set(Prediction.objects.filter(pk__in=ids).values_list("pk", flat=True))
    records, damaged = [], []
    for line, found in read:
        if found is None or found.id in seen:
            damaged.append(line)
        else:
            seen.add(found.id)
            records.append(found)
    return records, damaged


def _read(line: bytes) -> Record | None:
    try:
        return read_record(line)
    except Malformed:
        return None


def _by_team(path: Path, records: list[Record]) -> dict[UUID, list[Record]]:
    """The batches by id: a bundle discloses one whole, so it holds records of one team's models."""
    models = RegisteredModel.objects.filter(pk__in={one.model for one in records})
    owners = dict(models.values_list("pk", "team_id"))
    found: dict[UUID, list[Record]] = defaultdict(list)
    for one in records:
        found[uuid5(_segment_id(path), str(owners.get(one.model)))].append(one)
    return found


def _set_aside(path: Path, damaged: list[bytes], batches: dict[UUID, list[Record]]) -> None:
    body = b"".join(damaged)
    kept = set_aside(path, body)
    for batch, records in (batches or {_segment_id(path): []}).items():
        told = EventFilter(
            action=Action.PREDICTIONS_DAMAGED.value, subject=("predictions", str(batch))
        )
        # Without a record there is no batch to recognise the segment by.
        if matching(events(), told).exists():
            continue
        log.error("%s holds damaged prediction records.", kept)
        record(
            actor=SYSTEM,
            action=Action.PREDICTIONS_DAMAGED,
            subject=("predictions", batch),
            payload={
                "file": kept.name,
                "pieces": len(damaged),
                "bytes": len(body),
                "digest": digest_of(body),
                "shipped": len(records),
            },
            related=_models_of(records),
        )


def _seal(path: Path, identity: UUID, records: list[Record]) -> None:
    batch = PredictionBatch.objects.create(
        id=identity,
        count=len(records),
        first_at=min(one.at for one in records),
        last_at=max(one.at for one in records),
        digest=sha256(b"".join(one.line for one in records)).hexdigest(),
        segment=path.stem,
    )
    Prediction.objects.bulk_create(
        (_row(batch, position, one) for position, one in enumerate(records)),
        batch_size=1000,
    )
    record(
        actor=SYSTEM,
        action=Action.PREDICTIONS_SEALED,
        subject=("predictions", batch.pk),
        payload={"batch": str(batch.pk), "count": batch.count, "digest": f"sha256:{batch.digest}"},
        related=_models_of(records),
    )


def _segment_id(path: Path) -> UUID:
    return uuid5(_BATCHES, path.stem)


def _models_of(records: list[Record]) -> list[tuple[str, UUID]]:
    return [("model", model) for model in sorted({one.model for one in records})]


def _row(batch: PredictionBatch, position: int, one: Record) -> Prediction:
    return Prediction(
        id=one.id,
        batch=batch,
        position=position,
        at=one.at,
        model_id=one.model,
        number=one.number,
        version_digest=one.version_digest,
        approval_id=one.approval,
        emergency_id=one.emergency,
        user_id=one.user,
        rows=one.rows,
        record=one.line.removesuffix(b"\n"),
    )
