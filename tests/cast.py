"""The people of the tests: one team, every role, and somebody from outside; made by real services.

ada contributes, ben and cleo review, mira manages, cora is compliance, carl consumes, dan is a
stranger, root administers the instance.
"""

from accounts.callers import Caller, caller_for
from accounts.models import Team, User
from accounts.roles import Role
from accounts.services import create_first_admin, create_team, create_user, grant_role

TEAM = "credit"
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
    create_first_admin(username="root", name="Root", password=password_of("root"))
    root = who("root")
    team = create_team(caller=root, slug=TEAM, name="Credit")
    for username, roles in ROLES.items():
        user = create_user(
            caller=root,
            username=username,
            name=username.title(),
            email=f"{username}@example.org",
            password=password_of(username),
        )
        for role in roles:
            grant_role(caller=root, team=team, user=user, role=role)


def user_of(username: str) -> User:
    """The login."""
    return User.objects.select_related("person").get(username=username)


def who(username: str, *, via: str = "session") -> Caller:
    """The person with the roles that are valid now."""
    return caller_for(user_of(username), via=via)


def the_team() -> Team:
    """The one team."""
    return Team.objects.get(slug=TEAM)
