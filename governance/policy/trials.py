"""What a policy, published or a draft, would have said of versions as they stand; nothing is kept.

Waivers are not counted: they are given under one revision of a policy, for one finding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Team
from common.errors import Conflict, Invalid
from governance.evidence.gates import GateResult, blocking, run_gates
from governance.evidence.subjects import look_at_all
from governance.models import Approval
from governance.policy.documents import Policy
from registry.models import Alias, ModelVersion, RiskTier
from registry.policies import READERS
from trust.waivers import may_be_waived

LIVE, APPROVED = "live", "approved"
WHICH = (LIVE, APPROVED)
# Each holds its reports in memory while it is looked at.
MOST_AT_ONCE = 20


@dataclass(frozen=True)
class Trial:
    """What the policy says of a version: its gates, or why they cannot be asked."""

    version: ModelVersion
    gates: Sequence[GateResult]
    unreadable: str = ""

    @property
    def stops(self) -> list[GateResult]:
        """The gates that would stop it."""
        return blocking(self.gates)

    @property
    def elsewhere(self) -> bool:
        """Whether what is used elsewhere was asked what the policy asks of that."""
        return not self.version.servable

    @property
    def passes(self) -> bool:
        """Whether the policy would let it be signed as it stands, without any waiver."""
        return not self.unreadable and not self.stops


def versions_to_try(
    caller: Caller, *, which: str, tier: str, team: Team | None
) -> QuerySet[ModelVersion]:
    """Versions of a tier that are approved now, or behind an alias and approved; newest first.

    Of the teams whose evidence the caller may read, or of one of them. Raises Invalid.
    """
    if which not in WHICH:
        raise Invalid(f"Choose one of {', '.join(WHICH)}.", field="which")
    if tier not in RiskTier.values:
        raise Invalid("The tier is low, medium or high.", field="tier")
    teams = caller.teams_with(*READERS)
    wanted = [team.pk] if team else list(teams)
    holding = Approval.objects.filter(
        version=OuterRef("pk"), not_after__gt=timezone.now(), revocation=None
    )
    rows = (
        ModelVersion.objects.filter(model__risk_tier=tier, model__team_id__in=wanted)
        .filter(Exists(holding), model__team_id__in=teams)
        .select_related("model__team")
        .order_by("-created_at", "pk")
    )
    live = Exists(Alias.objects.filter(version=OuterRef("pk")))
    return rows.filter(live) if which == LIVE else rows


def try_policy(policy: Policy, versions: Sequence[ModelVersion]) -> list[Trial]:
    """What the policy says of each, by as many queries as for one.

    A version whose stored reports are not those of their digests says so instead, and stops nobody
    from seeing the others.
    """
    try:
        subjects = look_at_all(versions, policy)
    except Conflict:
        return [_alone(policy, version) for version in versions]
    return [Trial(subject.version, _marked(policy, run_gates(subject))) for subject in subjects]


def _alone(policy: Policy, version: ModelVersion) -> Trial:
    try:
        (subject,) = look_at_all([version], policy)
        return Trial(version, _marked(policy, run_gates(subject)))
    except Conflict as damage:
        return Trial(version, [], damage.reason)


def _marked(policy: Policy, gates: Sequence[GateResult]) -> list[GateResult]:
    """Each saying whether it could be waived."""
    return [
        replace(gate, waivable=True)
        if gate.blocks and may_be_waived(gate.gate, policy.waivable)
        else gate
        for gate in gates
    ]
