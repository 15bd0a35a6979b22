"""The records against their digests, the approvals and the log. Every finding is a sentence."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.db.models import Model

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import DomainError
from governance.models import Approval, PolicyVersion, Review, Revocation, Signature, Waiver
from inference.models import Prediction, PredictionBatch
from registry.blobs import open_verified
from registry.models import Blob, CardRevision, Evidence, ModelVersion
from trust.approval import artifact_digests_of, read_approval
from trust.errors import TrustError
from trust.keys import TrustedKeys

# (what people call it, table, column of the bytes, column of their SHA-256)
_DIGESTED: tuple[tuple[str, type[Model], str, str], ...] = (
    ("manifest of version", ModelVersion, "manifest", "digest"),
    ("report", Evidence, "body", "digest"),
    ("model card", CardRevision, "body", "digest"),
    ("policy", PolicyVersion, "body", "digest"),
    ("statement of review", Review, "statement", "statement_digest"),
    ("signature record", Signature, "record", "digest"),
    ("waiver record", Waiver, "record", "digest"),
    ("envelope of approval", Approval, "envelope", "envelope_digest"),
)


def check_records(keys: TrustedKeys) -> Iterator[str]:
    """All of it, one after the other; `keys` are the trusted approval keys."""
    yield from digests()
    yield from artifacts()
    yield from signatures()
    yield from approvals(keys)
    yield from batches()
    yield from stored_bytes()


def digests() -> Iterator[str]:
    """Bytes in the database that do not have the digest beside them."""
    for what, table, body, digest in _DIGESTED:
        rows = table._default_manager.order_by("pk").values_list("pk", body, digest)
        for key, data, written in rows.iterator(chunk_size=50):
            if hashlib.sha256(bytes(data)).hexdigest() != written:
                yield f"The {what} {key} does not have its digest sha256:{written}."


def artifacts() -> Iterator[str]:
    """Versions whose list of files is not the one of the manifest."""
    for version in ModelVersion.objects.prefetch_related("artifacts").iterator(chunk_size=100):
        listed = [
            (item["role"], item["name"], item["sha256"], item["size"])
            for item in json.loads(bytes(version.manifest))["artifacts"]
        ]
        stored = [
            (row.role, row.name, f"sha256:{row.blob_id}", row.size)
            for row in version.artifacts.all()
        ]
        if sorted(listed) != sorted(stored):
            yield f"The files of version {version.pk} are not those of its manifest."


def signatures() -> Iterator[str]:
    """Signatures, waivers and revocations that the log does not know."""
    signed = _payloads(Action.REVIEW_SIGNED, "signature")
    for key, digest, person in Signature.objects.values_list("pk", "digest", "person_id"):
        if signed.get(f"sha256:{digest}") != person:
            yield f"The log has no event that its person gave signature {key}."
    waived = _payloads(Action.WAIVER_GIVEN, "waiver")
    for key, digest, person in Waiver.objects.values_list("pk", "digest", "person_id"):
        if waived.get(f"sha256:{digest}") != person:
            yield f"The log has no event that its person gave waiver {key}."
    revoked = _payloads(Action.APPROVAL_REVOKED, "approval")
    for approval in Revocation.objects.values_list("approval_id", flat=True):
        if str(approval) not in revoked:
            yield f"The log has no event that approval {approval} was revoked."


def _payloads(action: Action, part: str) -> dict[str, Any]:
    rows = AuditEvent.objects.filter(action=action.value)
    return dict(rows.values_list(f"payload__{part}", "person_id").iterator())


def approvals(keys: TrustedKeys) -> Iterator[str]:
    """Approvals that no trusted key signed, or that say something else than their row."""
    given = AuditEvent.objects.filter(action=Action.VERSION_APPROVED.value)
    known = dict(given.values_list("payload__approval", "payload__envelope_digest"))
    for row in Approval.objects.select_related("version", "review").iterator(chunk_size=50):
        if known.get(str(row.pk)) != f"sha256:{row.envelope_digest}":
            yield f"The log has no event that approval {row.pk} was given."
        try:
            yield from _approval(row, keys)
        except TrustError as error:
            yield f"Approval {row.pk} cannot be trusted: {error}."


def _approval(row: Approval, keys: TrustedKeys) -> Iterator[str]:
    signed = read_approval(bytes(row.envelope), keys)
    listed = json.loads(bytes(row.version.manifest))["artifacts"]
    same = {
        "id": signed.id == str(row.pk),
        "review": signed.review == str(row.review_id),
        "statement": signed.statement_digest == f"sha256:{row.review.statement_digest}",
        "version": signed.version_digest == f"sha256:{row.version.digest}",
        "artifacts": artifact_digests_of(signed.artifacts) == artifact_digests_of(tuple(listed)),
        "beginning": signed.issued_at == row.issued_at,
        "end": signed.not_after == row.not_after,
    }
    for part, holds in same.items():
        if not holds:
            yield f"Approval {row.pk}: the {part} in the table is not the one that was signed."


def batches() -> Iterator[str]:
    """Prediction records that are not those that were sealed."""
    for batch in PredictionBatch.objects.order_by("pk").iterator(chunk_size=1000):
        running, count = hashlib.sha256(), 0
        rows = Prediction.objects.filter(batch=batch).order_by("position")
        for record in rows.values_list("record", flat=True).iterator(chunk_size=100):
            running.update(bytes(record) + b"\n")
            count += 1
        sealed = AuditEvent.objects.filter(
            action=Action.PREDICTIONS_SEALED.value,
            subject_type="predictions",
            subject_id=str(batch.pk),
            payload__digest=f"sha256:{running.hexdigest()}",
            payload__count=count,
        )
        if running.hexdigest() != batch.digest or not sealed.exists():
            yield f"The records of prediction batch {batch.pk} are not those that were sealed."


def stored_bytes() -> Iterator[str]:
    """Files of the blob store that are missing or damaged."""
    for blob in Blob.objects.order_by("pk").iterator(chunk_size=1000):
        try:
            with open_verified(blob.sha256) as file:
                size = file.seek(0, 2)
            if size != blob.size:
                yield f"sha256:{blob.sha256} has {size} bytes and not the {blob.size} of its row."
        except DomainError as error:
            yield error.reason
