"""The serving gate: from a row that says "approved" to an open model, or a refusal.

Nothing of the row is believed: the manifest and the bytes are hashed here, the envelope is
verified with keys from outside the database, and the golden rows must give the answers that
were approved.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings

from common.errors import DomainError
from governance.keys.recorded import recorded_of
from governance.models import Approval as ApprovalRow
from governance.models import EmergencyAttestation
from governance.selectors import approval_keys
from inference.table import Candidate, EmergencyCandidate, InEmergency, Loaded
from registry.loading import artifact_bytes
from registry.manifests import MODEL
from registry.models import Evidence, ModelVersion
from registry.selectors import version_by_id
from runtimes.golden import replay
from runtimes.schema import Signature
from runtimes.session import Model, open_model
from trust.approval import read_approval, verify_approval
from trust.digests import digest_of
from trust.elsewhere import why_never_served
from trust.emergency import read_emergency, verify_emergency
from trust.errors import TrustError
from trust.keys import TrustedKeys


class LoadRefused(DomainError):
    """Why an approved version is not served."""

    slug = "load-refused"
    status = 409
    title = "The version is not served"


class NotHere(LoadRefused):
    """The approval is for another environment; nothing is wrong with it."""


def load(candidate: Candidate, *, keys: TrustedKeys, now: datetime, threads: int) -> Loaded:
    """An open, verified model. Raises LoadRefused, or Corrupt for damaged bytes."""
    row = ApprovalRow.objects.select_related("revocation", "staleness").get(pk=candidate.approval)
    stored = _stored(candidate.version)
    revocation = getattr(row, "revocation", None)
    verdict = verify_approval(
        bytes(row.envelope),
        approval_keys(keys),
        version_digest=stored.digest,
        artifact_digests=stored.artifacts,
        now=now,
        revoked_at=revocation.at if revocation else None,
        recorded=recorded_of(row),
        stale_since=row.staleness.since if hasattr(row, "staleness") else None,
    )
    if not verdict.ok or verdict.approval is None:
        raise LoadRefused(verdict.reason)
    if verdict.approval.id != str(row.pk):
        raise LoadRefused("The envelope is that of another approval.")
    reason = verdict.approval.limits.why_not_in(settings.ENVIRONMENT)
    if reason:
        raise NotHere(reason)
    opened = _open(stored, candidate, verdict.approval.golden_digest, threads)
    return Loaded(approval=verdict.approval, **opened)


def load_in_emergency(
    candidate: EmergencyCandidate, *, keys: TrustedKeys, now: datetime, threads: int
) -> InEmergency:
    """An open model under a verified grant. Raises LoadRefused, or Corrupt for damaged bytes."""
    row = EmergencyAttestation.objects.select_related("grant__end").get(pk=candidate.emergency)
    stored = _stored(candidate.version)
    end = getattr(row.grant, "end", None)
    verdict = verify_emergency(
        bytes(row.envelope),
        approval_keys(keys),
        version_digest=stored.digest,
        artifact_digests=stored.artifacts,
        alias=candidate.alias,
        environment=settings.ENVIRONMENT,
        now=now,
        ended_at=end.at if end else None,
    )
    if not verdict.ok or verdict.emergency is None:
        raise LoadRefused(verdict.reason)
    if verdict.emergency.id != str(row.pk):
        raise LoadRefused("The envelope is that of another emergency grant.")
    opened = _open(stored, candidate, verdict.emergency.golden_digest, threads)
    return InEmergency(emergency=verdict.emergency, **opened)


@dataclass(frozen=True)
class _Stored:
    """A version's bytes, hashed here: its row, its digest, those of its artifacts."""

    version: ModelVersion
    manifest: bytes
    digest: str
    artifacts: dict[tuple[str, str], str]
    model: bytes | None


def _stored(version_id: UUID) -> _Stored:
    version = version_by_id(version_id)
    manifest = bytes(version.manifest)
    digests, model = {}, None
    for artifact in version.artifacts.all():
        body = artifact_bytes(version, artifact)
        digests[artifact.role, artifact.name] = digest_of(body)
        if artifact.role == MODEL:
            model = body
    return _Stored(version, manifest, digest_of(manifest), digests, model)


def why_untrusted(approval: UUID, keys: TrustedKeys) -> str:
    """A sentence if these keys no longer vouch for an approval, else empty."""
    row = ApprovalRow.objects.get(pk=approval)
    try:
        read_approval(bytes(row.envelope), approval_keys(keys), recorded_of(row))
    except TrustError as error:
        return f"The approval cannot be trusted: {error}."
    return ""


def why_grant_untrusted(grant: UUID, keys: TrustedKeys) -> str:
    """A sentence if these keys no longer vouch for an emergency grant, else empty."""
    row = EmergencyAttestation.objects.get(pk=grant)
    try:
        read_emergency(bytes(row.envelope), approval_keys(keys))
    except TrustError as error:
        return f"The emergency grant cannot be trusted: {error}."
    return ""


def _open(
    stored: _Stored, candidate: Candidate | EmergencyCandidate, golden: str | None, threads: int
) -> dict[str, Any]:
    """The parts of what is opened."""
    manifest = json.loads(stored.manifest)
    never = why_never_served(manifest)
    if never:
        raise LoadRefused(never)
    if stored.model is None:
        raise LoadRefused("The version has no model file.")
    model_facts = manifest["model"]
    if not isinstance(model_facts, dict) or (
        model_facts != {"id": str(candidate.model_id), "name": candidate.name}
        or manifest["number"] != candidate.number
    ):
        raise LoadRefused("The manifest is that of another version.")
    signature = Signature.parse(manifest["signature"])
    model = open_model(stored.model, threads=threads)
    try:
        _replay(stored.version, golden, model)
    except DomainError:
        model.close()
        raise
    return {
        "version": stored.version.pk,
        "model_id": candidate.model_id,
        "name": candidate.name,
        "number": candidate.number,
        "digest": stored.digest,
        "signature": signature,
        "model": model,
        "input_names": frozenset(tensor.name for tensor in signature.inputs),
        "environment": settings.ENVIRONMENT,
    }


def _replay(version: ModelVersion, golden: str | None, model: Model) -> None:
    if golden is None:
        return
    wanted = golden.removeprefix("sha256:")
    row = Evidence.objects.filter(version=version, kind="golden", digest=wanted).first()
    if row is None or sha256(bytes(row.body)).hexdigest() != wanted:
        raise LoadRefused("The golden rows of the approval are missing or changed.")
    differences = replay(model, json.loads(bytes(row.body)))
    if differences:
        raise LoadRefused(f"The model answers otherwise than when approved: {differences[0]}")
