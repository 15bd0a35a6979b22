"""Reads of policies, reviews, signatures and approvals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Q, QuerySet, When
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Team
from common.errors import Conflict, NotFound
from evaluation.planned import Planned, planned
from evaluation.selectors import Uses, run_of, uses_for
from governance.keys.recorded import recorded_of
from governance.models import Approval, PolicyVersion, Review, Signature, SignDecision, Waiver
from governance.policy.documents import Policy
from governance.reviewing.assignments import with_assignments
from registry import policies as registry_policies
from registry.cards import REQUIRED
from registry.models import Evidence, ModelVersion, RegisteredModel
from trust.approval import ArtifactDigests, Verdict, artifact_digests_of, verify_approval
from trust.errors import TrustError
from trust.fields import as_object, read_objects
from trust.key_files import load_trusted_keys
from trust.keys import TrustedKeys, approvals_name
from trust.strict_json import parse_strict


def policy_in_force(tier: str, team: Team | UUID | None) -> PolicyVersion | None:
    """The team's own policy for the tier, else everybody's."""
    return (
        PolicyVersion.objects.filter(tier=tier)
        .filter(Q(team=team) | Q(team=None))
        .order_by("team_id", "-published_at", "-revision")
        .first()
    )


def newest_named(name: str, team: Team | None) -> PolicyVersion | None:
    """The newest revision of a policy's name."""
    return PolicyVersion.objects.filter(name=name, team=team).order_by("-revision").first()


def policy_for(model: RegisteredModel) -> PolicyVersion:
    """The policy in force for a model. Raises Conflict."""
    policy = policy_in_force(model.risk_tier, model.team_id)
    if policy is None:
        raise Conflict(f"No approval policy is published for the risk tier {model.risk_tier}.")
    return policy


def wanted_of_card(version: ModelVersion) -> tuple[str, ...]:
    """The fields of a card without which the gate of the policy in force does not pass."""
    policy = policy_in_force(version.model.risk_tier, version.model.team_id)
    if policy is None:
        return ()
    asked = Policy.read(policy.document).asked_of(elsewhere=not version.servable)
    return REQUIRED if "card" in asked.evidence else ()


def policies_seen_by(caller: Caller) -> QuerySet[PolicyVersion]:
    """Policy revisions that concern the caller's teams, newest first."""
    return (
        PolicyVersion.objects.filter(Q(team=None) | Q(team_id__in=caller.teams))
        .select_related("team", "published_by__person", "proposal__proposer")
        .order_by("-published_at", "pk")
    )


def policy_by_id(caller: Caller, policy_id: UUID) -> PolicyVersion:
    """A revision that concerns the caller's teams. Raises NotFound."""
    policy = policies_seen_by(caller).filter(pk=policy_id).first()
    if policy is None:
        raise NotFound("There is no such policy that concerns you.")
    return policy


def reviews_seen_by(caller: Caller) -> QuerySet[Review]:
    """Reviews of the caller's teams, newest first."""
    rows = Review.objects.filter(
        version__model__team_id__in=caller.teams_with(*registry_policies.READERS)
    )
    return (
        with_assignments(rows)
        .select_related(
            "version__model__team", "opened_by__person", "policy", "approval__staleness"
        )
        .prefetch_related("signatures__person")
        .order_by("-opened_at", "pk")
    )


def review_by_id(caller: Caller, review_id: UUID) -> Review:
    """A review that the caller may see. Raises NotFound."""
    review = reviews_seen_by(caller).filter(pk=review_id).first()
    if review is None:
        raise NotFound("There is no such review that you may see.")
    return review


def statement_of(review: Review) -> dict[str, Any]:
    """The frozen statement, parsed."""
    parsed: dict[str, Any] = json.loads(bytes(review.statement))
    return parsed


def approving_signatures(review: Review) -> QuerySet[Signature]:
    """Signatures that say yes, in order."""
    return (
        Signature.objects.filter(review=review, decision=SignDecision.APPROVE)
        .select_related("person", "user")
        .order_by("at", "pk")
    )


def waivers_of(version: ModelVersion) -> QuerySet[Waiver]:
    """Every waiver ever given for a version, newest first, with its withdrawal."""
    return (
        Waiver.objects.filter(version=version)
        .select_related("withdrawal", "version__model", "policy", "person", "user")
        .order_by("-at", "pk")
    )


def waiver_by_id(version: ModelVersion, waiver_id: UUID) -> Waiver:
    """A waiver of the version. Raises NotFound."""
    waiver = waivers_of(version).filter(pk=waiver_id).first()
    if waiver is None:
        raise NotFound("There is no such waiver of this version.")
    return waiver


def waivers_named(statement: Mapping[str, Any]) -> list[Waiver]:
    """The waivers that a statement names, in the order of its gates."""
    digests = [entry["digest"].removeprefix("sha256:") for entry in statement["waivers"]]
    rows = Waiver.objects.filter(digest__in=digests).select_related("policy", "withdrawal")
    found = {row.digest: row for row in rows} if digests else {}
    return [found[digest] for digest in digests if digest in found]


@dataclass(frozen=True)
class Measured:
    """The evaluation of a statement: its plan, and how often its rows were used for the model."""

    plan: Planned | None = None
    uses: Uses | None = None

    @classmethod
    def of(cls, version: ModelVersion, digest: str, report: Mapping[str, Any]) -> "Measured":
        """Of the report with this SHA-256 (hex), already parsed."""
        run = run_of(version, digest)
        if run is None:
            return cls()
        return cls(planned(run, report), uses_for(version.model_id, run.dataset.blob_id))


def measured_in(review: Review, statement: Mapping[str, Any]) -> Measured:
    """Of the evaluation that the review's statement names; empty where it names none."""
    named = {entry["kind"]: entry["digest"] for entry in statement["evidence"]}
    digest = named.get("evaluation", "").removeprefix("sha256:")
    rows = Evidence.objects.filter(version=review.version_id, kind="evaluation", digest=digest)
    row = rows.first()
    if row is None:
        return Measured()
    return Measured.of(review.version, digest, json.loads(bytes(row.body)))


def trusted_keys() -> TrustedKeys:
    """The notary's public keys. Raises Conflict where the file is missing or unreadable."""
    path: Path = settings.TRUSTED_KEYS
    try:
        return load_trusted_keys(path)
    except (OSError, TrustError) as error:
        raise Conflict(f"The notary's public keys cannot be read: {error}") from None


def approval_keys(keys: TrustedKeys) -> TrustedKeys:
    """Those of the keys that sign approvals of this instance; the log's key does not."""
    return keys.named(approvals_name(settings.ORIGIN))


def deciding_approval(version: ModelVersion, now: datetime) -> Approval | None:
    """The approval that the gate goes by: the newest that is not over, else the newest."""
    over = Q(not_after__lte=now) | Q(revocation__isnull=False)
    return (
        Approval.objects.filter(version=version)
        .select_related("revocation", "review", "staleness")
        .alias(is_over=Case(When(over, then=True), default=False))
        .order_by("is_over", "-issued_at")
        .first()
    )


def rests_on(waiver: Waiver) -> bool:
    """Whether the approval that the gate goes by was given on this waiver."""
    approval = deciding_approval(waiver.version, timezone.now())
    if approval is None or hasattr(approval, "revocation"):
        return False
    named = statement_of(approval.review)["waivers"]
    return any(entry["digest"] == f"sha256:{waiver.digest}" for entry in named)


def standing(
    version: ModelVersion,
    approval: Approval,
    *,
    keys: TrustedKeys,
    now: datetime,
    serving: bool = True,
) -> Verdict:
    """Whether an approval holds for the version's manifest now; the bytes are hashed at load.

    Without `serving` one for use elsewhere may hold too, as in `verify_approval`.
    """
    manifest = bytes(version.manifest)
    if sha256(manifest).hexdigest() != version.digest:
        return Verdict(False, "The version's manifest is not the one of its digest.", None)
    revocation = getattr(approval, "revocation", None)
    return verify_approval(
        bytes(approval.envelope),
        approval_keys(keys),
        version_digest=f"sha256:{version.digest}",
        artifact_digests=_artifacts(manifest),
        now=now,
        revoked_at=revocation.at if revocation else None,
        recorded=recorded_of(approval),
        stale_since=approval.staleness.since if hasattr(approval, "staleness") else None,
        serving=serving,
    )


def _artifacts(manifest: bytes) -> ArtifactDigests:
    """Those that the manifest lists; none where it cannot be read, which no notary signs."""
    try:
        document = as_object(parse_strict(manifest), "the manifest")
        return artifact_digests_of(tuple(read_objects(document, "artifacts")))
    except TrustError:
        return {}
