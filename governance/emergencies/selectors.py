"""Reads of emergency grants."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.callers import Caller
from accounts.roles import Role
from common.errors import NotFound
from governance.approvals.answering import Answer
from governance.models import EmergencyGrant
from registry.models import RegisteredModel
from registry.policies import READERS

WAITING, IN_FORCE, OVER, REFUSED = "waiting", "in_force", "over", "refused"
STATES = (WAITING, IN_FORCE, OVER, REFUSED)


def grants() -> "QuerySet[EmergencyGrant, EmergencyGrant]":
    """Every grant with what belongs to it, newest first."""
    return (
        EmergencyGrant.objects.select_related(
            "version__model__team",
            "proposal__proposer",
            "proposal__decider",
            "policy",
            "attestation",
            "end__by__person",
            "review__person",
        )
        .defer("version__manifest")
        .order_by("-at", "pk")
    )


def grants_seen_by(caller: Caller) -> "QuerySet[EmergencyGrant, EmergencyGrant]":
    """Grants of the caller's teams, newest first."""
    return grants().filter(version__model__team_id__in=caller.teams_with(*READERS))


def grant_by_id(caller: Caller, grant_id: UUID) -> EmergencyGrant:
    """A grant that the caller may see. Raises NotFound."""
    grant = grants_seen_by(caller).filter(pk=grant_id).first()
    if grant is None:
        raise NotFound("There is no such emergency grant that you may see.")
    return grant


def in_force(now: datetime) -> "QuerySet[EmergencyGrant, EmergencyGrant]":
    """Attested, not ended, and not over."""
    return grants().filter(attestation__not_after__gt=now, end=None)


def standing_for(model: UUID, alias: str, now: datetime) -> "QuerySet[EmergencyGrant]":
    """Those for an alias of a model that are in force, or wait for the notary still."""
    rows = grants().filter(version__model=model, alias=alias, end=None)
    return rows.filter(Q(attestation=None) | Q(attestation__not_after__gt=now))


def in_force_for(caller: Caller, now: datetime) -> list[EmergencyGrant]:
    """What the pages of the caller warn of: grants of the teams in which he has any role."""
    if not caller.teams:
        return []
    return list(in_force(now).filter(version__model__team_id__in=caller.teams))


def answering(
    answers: Mapping[UUID, Sequence[Answer]], models: Iterable[RegisteredModel], now: datetime
) -> dict[UUID, list[EmergencyGrant]]:
    """Of each model, by alias, the grants in force that answer: those whose alias no approval
    serves. `answers` are those of the aliases. One query."""
    found: dict[UUID, list[EmergencyGrant]] = defaultdict(list)
    for grant in in_force(now).filter(version__model__in=models).order_by("alias", "-at"):
        key = grant.version.model_id
        if not any(one.served and one.alias.name == grant.alias for one in answers.get(key, ())):
            found[key].append(grant)
    return found


def awaiting_review(caller: Caller) -> "QuerySet[EmergencyGrant, EmergencyGrant]":
    """Grants that nobody has reviewed, of teams in which the caller might; the oldest first."""
    teams = caller.teams_with(Role.MANAGER, Role.COMPLIANCE)
    rows = grants().filter(version__model__team_id__in=teams, review=None)
    return rows.exclude(attestation=None).order_by("at", "pk")


def state_of(grant: EmergencyGrant, now: datetime) -> str:
    """One of STATES."""
    attestation = getattr(grant, "attestation", None)
    if attestation is None:
        return REFUSED if hasattr(grant, "end") else WAITING
    return OVER if hasattr(grant, "end") or attestation.not_after <= now else IN_FORCE
