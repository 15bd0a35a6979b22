"""Who asks: a login with the roles of its person, and what the token (if any) leaves of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from accounts.models import ApiToken, Membership, User
from accounts.roles import Role, Scope
from audit.actors import Actor


@dataclass(frozen=True)
class Caller:
    """The asking login. `scopes` is None for a session or a command: nothing is taken away."""

    user: User
    via: str
    roles: dict[UUID, frozenset[str]] = field(default_factory=dict)
    scopes: frozenset[str] | None = None
    # Which session or token speaks; what one of them began, no other may end.
    seat: str = ""

    @property
    def actor(self) -> Actor:
        """How the log names the caller."""
        return Actor(person=self.user.person_id, user=self.user.pk, via=self.via)

    @property
    def person_id(self) -> UUID:
        """The human being behind the login."""
        return self.user.person_id

    @property
    def is_admin(self) -> bool:
        """Whether the login administers the instance (and may use that now)."""
        return self.user.is_admin and self.may_use(Scope.ADMIN)

    @property
    def teams(self) -> set[UUID]:
        """Teams in which the person has any role."""
        return set(self.roles)

    def may_use(self, scope: Scope) -> bool:
        """Whether the token leaves this scope."""
        return self.scopes is None or scope.value in self.scopes

    def has_role(self, team: UUID, *roles: Role) -> bool:
        """Whether the person has one of the roles in the team."""
        return bool(self.roles.get(team, frozenset()) & {role.value for role in roles})

    def teams_with(self, *roles: Role) -> set[UUID]:
        """Teams in which the person has one of the roles."""
        return {team for team in self.roles if self.has_role(team, *roles)}


def _roles_of(memberships: Iterable[Membership]) -> dict[UUID, frozenset[str]]:
    found: dict[UUID, set[str]] = {}
    for membership in memberships:
        found.setdefault(membership.team_id, set()).add(membership.role)
    return {team: frozenset(roles) for team, roles in found.items()}


def _seat(token: ApiToken | None, session_key: str | None) -> str:
    if token is not None:
        return f"token:{token.pk}"
    return f"session:{sha256(session_key.encode()).hexdigest()}" if session_key else ""


def caller_for(
    user: User, *, via: str, token: ApiToken | None = None, session_key: str | None = None
) -> Caller:
    """The caller behind a signed-in login; one query for the roles."""
    return Caller(
        user=user,
        via=via,
        roles=_roles_of(Membership.objects.filter(person_id=user.person_id)),
        scopes=frozenset(token.scopes) if token else None,
        seat=_seat(token, session_key),
    )
