"""Reads of what serving follows, and of prediction records."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.callers import Caller
from accounts.models import ApiToken, Membership, User
from accounts.roles import Role
from governance.models import Approval, EmergencyGrant, Staleness
from governance.splits.models import Split
from inference.models import LoadRefusal, Prediction, ServingState
from inference.table import Candidate, EmergencyCandidate, TokenRights, UserRights
from registry.models import Alias, RegisteredModel


def generation() -> int:
    """The number that rises whenever anything that serving follows changes."""
    return ServingState.objects.values_list("generation", flat=True).get(pk=1)


def live_tokens(now: datetime) -> dict[str, TokenRights]:
    """Usable tokens that may ask for predictions, by their digest."""
    rows = ApiToken.objects.filter(
        revoked_at=None, expires_at__gt=now, scopes__contains=["predict"]
    ).values_list("sha256", "user_id", "scopes", "expires_at", "pk")
    return {
        sha: TokenRights(user, frozenset(scopes), until, f"token:{pk}")
        for sha, user, scopes, until, pk in rows
    }


def active_users() -> dict[UUID, UserRights]:
    """Active logins of active persons with the teams of the person."""
    teams: dict[UUID, set[UUID]] = defaultdict(set)
    for person, team in Membership.objects.values_list("person_id", "team_id"):
        teams[person].add(team)
    rows = User.objects.filter(is_active=True, person__is_active=True)
    return {
        user: UserRights(user, person, frozenset(teams[person]), _named(person, teams[person]))
        for user, person in rows.values_list("pk", "person_id")
    }


def _named(person: UUID, teams: set[UUID]) -> tuple[str, ...]:
    """Person and teams as scopes name them, written out ahead of every request."""
    return (f"person:{person}", *(f"team:{team}" for team in teams))


def model_ids() -> dict[str, UUID]:
    """The id of every model by its name."""
    return dict(RegisteredModel.objects.values_list("name", "pk"))


def model_teams() -> dict[str, UUID]:
    """The owner team of every model by the model's name."""
    return dict(RegisteredModel.objects.values_list("name", "team_id"))


def candidates(now: datetime) -> list[Candidate]:
    """Versions with an approval that is neither revoked nor expired, newest approval each; not
    those that are used elsewhere, which the gate would refuse again and again."""
    aliases: dict[UUID, set[str]] = defaultdict(set)
    for version, name in Alias.objects.values_list("version_id", "name"):
        aliases[version].add(name)
    rows = (
        Approval.objects.filter(revocation=None, not_after__gt=now)
        .filter(version__servable=True)
        .select_related("version__model")
        .defer("envelope", "version__manifest")
        .order_by("issued_at")
    )
    newest = {row.version_id: row for row in rows}
    return [
        Candidate(
            approval=row.pk,
            version=version,
            model_id=row.version.model_id,
            team=row.version.model.team_id,
            name=row.version.model.name,
            number=row.version.number,
            digest=row.version.digest,
            aliases=frozenset(aliases[version]),
        )
        for version, row in newest.items()
    ]


def emergencies(now: datetime) -> dict[tuple[str, str], EmergencyCandidate]:
    """(model name, alias) -> the newest grant that is attested, not ended and not over."""
    rows = (
        EmergencyGrant.objects.filter(attestation__not_after__gt=now, end=None)
        .select_related("version__model")
        .defer("version__manifest")
        .order_by("at", "pk")
    )
    return {
        (row.version.model.name, row.alias): EmergencyCandidate(
            emergency=row.pk,
            version=row.version_id,
            model_id=row.version.model_id,
            name=row.version.model.name,
            number=row.version.number,
            digest=row.version.digest,
            alias=row.alias,
        )
        for row in rows
    }


def stale_since() -> dict[str, datetime]:
    """Since when approvals are stale, by their id as it is signed."""
    rows = Staleness.objects.filter(approval__revocation=None).values_list("approval_id", "since")
    return {str(approval): since for approval, since in rows}


def alias_targets() -> dict[tuple[str, str], int]:
    """(model name, alias) -> number of the version that it points at."""
    rows = Alias.objects.values_list("model__name", "name", "version__number")
    return {(model, alias): number for model, alias, number in rows}


def shares() -> dict[tuple[str, str], tuple[UUID, int]]:
    """(model name, alias) -> the challenger's version and its percentage."""
    rows = Split.objects.values_list("alias__model__name", "alias__name", "version_id", "percent")
    return {(model, alias): (version, percent) for model, alias, version, percent in rows}


def latest_refusal(version_id: UUID) -> LoadRefusal | None:
    """Why a serving process last refused to load the version."""
    return LoadRefusal.objects.filter(version_id=version_id).order_by("-at").first()


def predictions_seen_by(caller: Caller) -> QuerySet[Prediction]:
    """Prediction records of models of the caller's teams; consumers do not read records."""
    teams = caller.teams_with(Role.CONTRIBUTOR, Role.REVIEWER, Role.MANAGER, Role.COMPLIANCE)
    models: Any = RegisteredModel.objects.filter(team_id__in=teams).values("pk")
    return (
        Prediction.objects.filter(model_id__in=models).select_related("batch").order_by("-at", "pk")
    )
