"""The people of the tests: one team, every role, and somebody from outside; made by real services.

ada contributes, ben and cleo review, mira manages, cora is compliance, carl consumes, dan is a
stranger, root and otto administer the instance: what takes two persons root proposes and otto
confirms.
"""

from collections.abc import Iterable

from accounts.callers import Caller, caller_for
from accounts.models import Proposal, Team, User
from accounts.roles import GIVEN_BY_TWO, Role
from accounts.services import create_first_admin, create_team, grant_role
from tests.factories.agreeing import agree, give_roles
from tests.factories.people import create_user

TEAM = "credit"
ADMINS = ("root", "otto")
ROLES: dict[str, tuple[Role, ...]] = {
    "ada": (Role.CONTRIBUTOR,),
    "ben": (Role.REVIEWER,),
    "cleo": (Role.REVIEWER,),
    "mira": (Role.MANAGER,),
    "cora": (Role.COMPLIANCE,),
    "carl": (Role.CONSUMER,),
    "dan": (),
}


def password_of(username: str) -> str:
    """The password of one of the cast."""
    return f"{username} keeps a long secret"


def make_cast() -> None:
    """Everybody, with logins and roles."""
    for username in ADMINS:
        create_first_admin(username=username, name=username.title(), password=password_of(username))
    root = who("root")
    create_team(caller=root, slug=TEAM, name="Credit")
    for username in ROLES:
        create_user(
            caller=root,
            username=username,
            name=username.title(),
            email=f"{username}@example.org",
            password=password_of(username),
        )
    give([(username, role) for username, roles in ROLES.items() for role in roles])


def give(grants: Iterable[tuple[str, str]], team: Team | None = None) -> None:
    """Roles by (login, role): root gives what one person may, and proposes the rest to otto."""
    given, team = list(grants), team or the_team()
    for username, role in given:
        if role not in GIVEN_BY_TWO:
            grant_role(caller=who("root"), team=team, user=user_of(username), role=role)
    by_two = [(username, role) for username, role in given if role in GIVEN_BY_TWO]
    if by_two:
        give_roles(team, by_two, proposer=who("root"), confirmer=who("otto"), password=password_of)


def by_root_and_otto(kind: str, username: str) -> Proposal:
    """Something done to a login that root proposes and otto confirms."""
    return agree(
        kind,
        {"username": username},
        proposer=who("root"),
        confirmer=who("otto"),
        password=password_of,
    )


def user_of(username: str) -> User:
    """The login."""
    return User.objects.select_related("person").get(username=username)


def who(username: str, *, via: str = "session") -> Caller:
    """The person with the roles that are valid now."""
    return caller_for(user_of(username), via=via)


def the_team() -> Team:
    """The one team."""
    return Team.objects.get(slug=TEAM)
