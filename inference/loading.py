"""The serving gate: from a row that says "approved" to an open model, or a refusal.

Nothing of the row is believed: the manifest and the bytes are hashed here, the envelope is
verified with keys from outside the database, and the golden rows must give the answers that
were approved.
"""

import json
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from common.errors import DomainError
from governance.keys.recorded import recorded_of
from governance.models import Approval as ApprovalRow
from governance.selectors import approval_keys
from inference.table import Candidate, Loaded
from registry.loading import artifact_bytes
from registry.manifests import MODEL
from registry.models import Evidence, ModelVersion
from registry.selectors import version_by_id
from runtimes.golden import replay
from runtimes.schema import Signature
from runtimes.session import Model, open_model
from trust.approval import Approval, read_approval, verify_approval
from trust.digests import digest_of
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
    version = version_by_id(candidate.version)
    manifest = bytes(version.manifest)
    digest = sha256(manifest).hexdigest()
    files = {}
    digests = {}
    for artifact in version.artifacts.all():
        body = artifact_bytes(version, artifact)
        digests[artifact.role, artifact.name] = digest_of(body)
        if artifact.role == MODEL:
            files[MODEL] = body
    revocation = getattr(row, "revocation", None)
    verdict = verify_approval(
        bytes(row.envelope),
        approval_keys(keys),
        version_digest=f"sha256:{digest}",
        artifact_digests=digests,
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
    if MODEL not in files:
        raise LoadRefused("The approved version has no model file.")
    return _open(version, candidate, verdict.approval, json.loads(manifest), files[MODEL], threads)


def why_untrusted(approval: UUID, keys: TrustedKeys) -> str:
    """A sentence if these keys no longer vouch for an approval, else empty."""
    row = ApprovalRow.objects.get(pk=approval)
    try:
        read_approval(bytes(row.envelope), approval_keys(keys), recorded_of(row))
    except TrustError as error:
        return f"The approval cannot be trusted: {error}."
    return ""


def _open(
    version: ModelVersion,
    candidate: Candidate,
    approval: Approval,
    manifest: dict[str, object],
    body: bytes,
    threads: int,
) -> Loaded:
    model_facts = manifest["model"]
    if not isinstance(model_facts, dict) or (
        model_facts != {"id": str(candidate.model_id), "name": candidate.name}
        or manifest["number"] != candidate.number
    ):
        raise LoadRefused("The manifest is that of another version.")
    signature = Signature.parse(manifest["signature"])
    model = open_model(body, threads=threads)
    try:
        _replay(version, approval, model)
    except DomainError:
        model.close()
        raise
    return Loaded(
        version=version.pk,
        model_id=candidate.model_id,
        name=candidate.name,
        number=candidate.number,
        digest=approval.version_digest,
        signature=signature,
        approval=approval,
        model=model,
        input_names=frozenset(tensor.name for tensor in signature.inputs),
        environment=settings.ENVIRONMENT,
    )


def _replay(version: ModelVersion, approval: Approval, model: Model) -> None:
    if approval.golden_digest is None:
        return
    wanted = approval.golden_digest.removeprefix("sha256:")
    row = Evidence.objects.filter(version=version, kind="golden", digest=wanted).first()
    if row is None or sha256(bytes(row.body)).hexdigest() != wanted:
        raise LoadRefused("The golden rows of the approval are missing or changed.")
    differences = replay(model, json.loads(bytes(row.body)))
    if differences:
        raise LoadRefused(f"The model answers otherwise than when approved: {differences[0]}")
