"""Reads of people, teams and tokens."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from accounts.callers import Caller
from accounts.models import (
    ApiToken,
    Identity,
    Membership,
    Person,
    Proposal,
    ProposalState,
    Team,
    User,
)
from accounts.proposals.kinds import kind_named
from accounts.roles import Role
from accounts.tokens import token_digest
from common.errors import NotFound

MOST_WAITING = 50
_LIVE_IDENTITIES = Prefetch(
    "identities",
    Identity.objects.filter(ended_at=None).order_by("bound_at", "pk"),
    to_attr="live_identities",
)


def usable_token(text: str, *, now: datetime) -> ApiToken | None:
    """The token behind the text if it works now: not expired, not revoked, its login open."""
    return (
        ApiToken.objects.select_related("user", "user__person")
        .filter(
            sha256=token_digest(text),
            revoked_at=None,
            expires_at__gt=now,
            user__is_active=True,
            user__person__is_active=True,
        )
        .first()
    )


def teams_of(caller: Caller) -> QuerySet[Team]:
    """Teams that the caller belongs to; all of them for an administrator."""
    teams = Team.objects.order_by("slug")
    return teams if caller.is_admin else teams.filter(pk__in=caller.teams)


def slugs_of(teams: Collection[UUID], most: int) -> list[tuple[str, str]]:
    """Slug and name of teams, to be suggested."""
    rows = Team.objects.filter(pk__in=teams).order_by("slug")
    return list(rows.values_list("slug", "name")[:most])


def team_named(caller: Caller, slug: str) -> Team:
    """A team of the caller by its slug. Raises NotFound."""
    team = teams_of(caller).filter(slug=slug).first()
    if team is None:
        raise NotFound(f"There is no team named {slug!r} that you belong to.")
    return team


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """The tokens of a login, newest first."""
    return ApiToken.objects.filter(user=user).order_by("-created_at")


def people() -> QuerySet[User]:
    """All logins with their person and roles, by name."""
    return (
        User.objects.select_related("person__second_factor")
        .prefetch_related("person__memberships__team", _LIVE_IDENTITIES)
        .order_by("username")
    )


def logins_named(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The person's name behind each login, by one query."""
    rows = User.objects.filter(pk__in={one for one in ids if one})
    return dict(rows.values_list("pk", "person__name"))


def persons_named(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The name of each person, by one query."""
    rows = Person.objects.filter(pk__in={one for one in ids if one})
    return dict(rows.values_list("pk", "name"))


def login_named(username: str) -> User:
    """A login by its name, whatever the case. Raises NotFound naming the field."""
    user = people().filter(username__iexact=username.strip()).first()
    if user is None:
        raise NotFound("There is no such login.", field="username")
    return user


def proposals_seen_by(caller: Caller) -> QuerySet[Proposal]:
    """Proposals, newest first: one's own, those of teams whose people one knows or looks after, and
    all of them for administrators.

    Policies for every team are seen by whoever manages or looks after one.
    """
    rows = Proposal.objects.select_related(
        "team", "opened_by", "proposer", "decided_by", "decider", "way_in__user"
    ).order_by("-opened_at", "pk")
    if caller.is_admin:
        return rows
    keeps = caller.teams_with(Role.MANAGER, Role.COMPLIANCE, Role.ADMIN)
    seen = Q(proposer=caller.person_id) | Q(team__in=keeps)
    return rows.filter(seen | Q(kind="policy", team=None) if keeps else seen)


def proposals_waiting_for(caller: Caller) -> list[Proposal]:
    """Open proposals of others that the person may confirm: the oldest of each proposer, then the
    second ones, and so on, so that nobody's many hide what another one has proposed."""
    rows = proposals_seen_by(caller).filter(state=ProposalState.OPEN)
    turn = Window(RowNumber(), partition_by="proposer", order_by=["opened_at", "pk"])
    others = rows.exclude(proposer=caller.person_id).annotate(turn=turn)
    waiting = (
        row
        for row in others.order_by("turn", "opened_at", "pk")
        if kind_named(row.kind).may_confirm(caller, row.team_id)
    )
    return list(islice(waiting, MOST_WAITING))


def proposal_by_id(caller: Caller, proposal_id: UUID) -> Proposal:
    """A proposal that the caller may see. Raises NotFound."""
    proposal = proposals_seen_by(caller).filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound("There is no such proposal that you may see.")
    return proposal


def counts_since(user: User, at: datetime) -> bool:
    """Whether what was signed through the login then still counts: closing ends that for ever."""
    return user.reopened_at is None or at > user.reopened_at


def members_of(team: Team) -> QuerySet[Membership]:
    """Roles in a team with their persons, by name."""
    return (
        Membership.objects.filter(team=team)
        .select_related("person")
        .prefetch_related("person__logins")
        .order_by("person__name", "person_id", "role")
    )


def person_called(name: str) -> Person | None:
    """The person of this name, login or number, whatever the case; None if there is none."""
    wanted = Q(name__iexact=name) | Q(logins__username__iexact=name)
    with suppress(ValueError):
        wanted |= Q(pk=UUID(name))
    return Person.objects.filter(wanted).order_by("created_at").first()
