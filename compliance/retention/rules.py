"""Rules of retention: how long what is kept at least, by risk tier; two administrators say so."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Proposal
from accounts.policies import may_confirm_logins, may_manage_people
from accounts.proposals.kinds import Details, Draft, Thing
from accounts.proposals.wishes import only, text
from audit.actions import Action
from audit.services import record
from common.decisions import Decision
from common.errors import Conflict, Invalid
from compliance.retention.models import Kept, RetentionRule
from registry.models import RiskTier

LONGEST_DAYS = 36_525
# Regulation (EU) 2024/1689, Article 18: documentation of a high-risk system stays for ten years.
TEN_YEARS = 3653
# The same, Articles 19 and 26: logs stay for six months at least.
SIX_MONTHS = 184
FLOORS = {
    (RiskTier.HIGH.value, Kept.APPROVED.value): TEN_YEARS,
    **{(tier.value, Kept.PREDICTIONS.value): SIX_MONTHS for tier in RiskTier},
}


def revisions(tier: Any, kind: Any) -> QuerySet[RetentionRule]:
    """The rules of a tier and kind, or of the row around a subquery; the first one holds."""
    return RetentionRule.objects.filter(tier=tier, kind=kind).order_by("-revision")


def days_of(tier: str, kind: str) -> int | None:
    """For how many days it is kept at least; None is for ever."""
    rule = revisions(tier, kind).first()
    return rule.days if rule else None


def rules() -> Iterator[tuple[RiskTier, Kept, int | None, int]]:
    """(tier, kind, days or for ever, shortest days that a rule may say) of every tier and kind."""
    for tier in RiskTier:
        for kind in Kept:
            yield tier, kind, days_of(tier.value, kind.value), floor_of(tier.value, kind.value)


def floor_of(tier: str, kind: str) -> int:
    """The fewest days that a rule may say."""
    return FLOORS.get((tier, kind), 0)


class Rules:
    """`{"tier", "kind", "days"}`; `days` null is for ever."""

    def may_propose(self, caller: Caller, team: UUID | None) -> Decision:
        """Administrators of the instance."""
        return may_manage_people(caller)

    def may_confirm(self, caller: Caller, team: UUID | None) -> Decision:
        """Another one."""
        return may_confirm_logins(caller)

    def draft(self, caller: Caller, wish: Mapping[str, Any]) -> Draft:
        """Raises NotAllowed, Invalid, Conflict where the rule says so already."""
        may_manage_people(caller).enforce()
        only(wish, "tier", "kind", "days")
        tier, kind = _one_of(wish, "tier", RiskTier.values), _one_of(wish, "kind", Kept.values)
        days = _days(wish, floor_of(tier, kind))
        if days == days_of(tier, kind):
            raise Conflict("The rule says this already.", field="days")
        return Draft({"rule": f"{tier}:{kind}", "tier": tier, "kind": kind, "days": days}, None)

    def before(self, details: Details) -> Details:
        """The rule that holds."""
        return {"days": days_of(details["tier"], details["kind"])}

    def related(self, details: Details) -> list[Thing]:
        """Nothing of a team."""
        return []

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Add the revision."""
        rows = revisions(details["tier"], details["kind"])
        said = {name: details[name] for name in ("tier", "kind", "days")}
        said["revision"] = (rows.aggregate(last=Max("revision"))["last"] or 0) + 1
        RetentionRule.objects.create(**said, proposal=proposal, at=timezone.now())
        record(
            actor=caller.actor,
            action=Action.RETENTION_CHANGED,
            subject=("retention", details["rule"]),
            payload={**said, "proposal": f"sha256:{proposal.digest}"},
            related=[("proposal", proposal.pk)],
        )


def _one_of(wish: Mapping[str, Any], name: str, known: list[str]) -> str:
    value = text(wish, name)
    if value not in known:
        raise Invalid(f"Say one of {', '.join(known)}.", field=name)
    return value


def _days(wish: Mapping[str, Any], least: int) -> int | None:
    days = wish["days"]
    if days is None:
        return None
    if not isinstance(days, int) or isinstance(days, bool) or not least <= days <= LONGEST_DAYS:
        raise Invalid(
            f"Say a whole number from {least} to {LONGEST_DAYS}, or null for ever.", field="days"
        )
    return days


RETENTION = Rules()
