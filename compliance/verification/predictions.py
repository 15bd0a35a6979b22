"""Prediction records against their columns, and batches against what was sealed."""

import hashlib
from collections.abc import Iterator
from itertools import groupby

from audit.findings import Finding
from inference.models import Prediction, PredictionBatch
from inference.records import read_record
from trust.errors import TrustError

_CHUNK = 1000


def predictions() -> Iterator[Finding]:
    """Records that are not those that were sealed. Batches are compared with the log as claims."""
    rows = Prediction.objects.select_related("batch__emptied").order_by(
        "batch_id", "position", "pk"
    )
    for _, records in groupby(rows.iterator(chunk_size=_CHUNK), lambda row: row.batch_id):
        yield from _batch(records)


def _batch(records: Iterator[Prediction]) -> Iterator[Finding]:
    running, count, batch = hashlib.sha256(), 0, None
    for row in records:
        batch = row.batch
        if row.position != count:
            yield Finding("prediction", str(row.pk), "it is not at its place in the batch.")
        count += 1
        running.update(bytes(row.record) + b"\n")
        yield from (Finding("prediction", str(row.pk), why) for why in _columns(row))
    if batch and (running.hexdigest(), count) != (_left_of(batch), batch.count):
        why = "its records are not those that were sealed, or that a deletion has left."
        yield Finding("batch of predictions", str(batch.pk), why)


def _left_of(batch: PredictionBatch) -> str:
    """The digest of its records now; that the log tells of it is a claim."""
    emptied = getattr(batch, "emptied", None)
    return str(emptied.digest if emptied else batch.digest)


def _columns(row: Prediction) -> Iterator[str]:
    try:
        said = read_record(bytes(row.record) + b"\n")
    except TrustError as error:
        yield f"its record cannot be read: {error}."
        return
    pairs = {
        "id": (said.id, row.pk),
        "moment": (said.at, row.at),
        "model": (said.model, row.model_id),
        "number": (said.number, row.number),
        "version": (said.version_digest, row.version_digest),
        "approval": (said.approval, row.approval_id),
        "emergency grant": (said.emergency, row.emergency_id),
        "login": (said.user, row.user_id),
        "rows": (said.rows, row.rows),
    }
    for part, (recorded, column) in pairs.items():
        if recorded != column:
            yield f"the column of the {part} is not what its record says."
