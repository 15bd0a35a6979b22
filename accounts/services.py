"""Verbs on people, logins, teams, roles and tokens."""

import re
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import policies
from accounts.callers import Caller
from accounts.endings import after_closing, after_demotion
from accounts.models import ApiToken, Membership, Person, Team, User
from accounts.proposals.services import withdraw_all_of
from accounts.roles import GIVEN_BY_TWO, Role, Scope
from accounts.sessions.services import drop_sessions
from accounts.tokens import new_token, token_digest
from accounts.ways_in.services import end_ways_in_of
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import Conflict, Invalid, NotFound, TwoPersons
from common.texts import name_of_one_line

LONGEST_TOKEN_DAYS = 365
# Letters of other scripts look like these, and whoever confirms a proposal goes by the login.
_LOGIN = re.compile(r"[A-Za-z0-9._@+-]+")
# Serving reads all of them whenever one changes: a flood would hold up revocations.
MOST_TOKENS = 50


def create_login(
    *,
    actor: Actor,
    username: str,
    name: str,
    email: str,
    password: str = "",
    is_admin: bool = False,
) -> User:
    """A person with a login; a part of the verbs that enter one. Raises Conflict, Invalid."""
    name = name_of_one_line(name, "name")
    if not _LOGIN.fullmatch(username):
        raise Invalid(
            "A login has letters from a to z, digits and . _ @ + - only.", field="username"
        )
    if User.objects.filter(username__iexact=username).exists():
        raise Conflict(f"The login {username!r} exists already.")
    if email and Person.objects.filter(email__iexact=email).exists():
        raise Conflict("A person with this e-mail address exists already.")
    person = Person(name=name, email=email)
    user = User(username=username, email=email, person=person, is_admin=is_admin)
    try:
        person.full_clean()
        user.clean_fields(exclude=["person", "password"])
        if password:
            validate_password(password, user)
    except ValidationError as error:
        raise _invalid(error) from None
    person.save()
    user.set_password(password or None)
    user.save()
    record(actor=actor, action=Action.PERSON_CREATED, subject=("person", person.pk))
    record(
        actor=actor,
        action=Action.USER_CREATED,
        subject=("user", user.pk),
        payload={"person": str(person.pk), "is_admin": is_admin},
        related=[("person", person.pk)],
    )
    return user


def _invalid(error: ValidationError) -> Invalid:
    if hasattr(error, "error_dict"):
        field, messages = next(iter(error.message_dict.items()))
        return Invalid(messages[0], field=field)
    return Invalid(error.messages[0], field="password")


@transaction.atomic
def create_first_admin(*, username: str, name: str, password: str) -> User:
    """Make an administrator from the command line: the first ones, who then make others by two.

    Raises Conflict, Invalid.
    """
    return create_login(
        actor=SYSTEM, username=username, name=name, email="", password=password, is_admin=True
    )


@transaction.atomic
def create_user(*, caller: Caller, username: str, name: str, email: str) -> User:
    """Enter a person with a login that nothing opens yet.

    Two administrators give the person a way in, or bind an account at the identity provider: what
    one of them alone chose, he could use. Raises NotAllowed, Conflict, Invalid.
    """
    policies.may_manage_people(caller).enforce()
    return create_login(actor=caller.actor, username=username, name=name, email=email)


@transaction.atomic
def deactivate_user(*, caller: Caller, user: User) -> User:
    """Close a login: it can no longer sign in, and all that acts in its name ends with it.

    That are its sessions, tokens, jobs and uploads, a way in, what its signature held up, and with
    the last login of a person the open proposals. Raises NotAllowed, Conflict.
    """
    policies.may_manage_people(caller).enforce()
    if user.pk == caller.user.pk:
        raise Conflict("You cannot close your own login.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
    if not User.objects.filter(person=user.person_id, is_active=True).exists():
        Person.objects.filter(pk=user.person_id).update(is_active=False)
        withdraw_all_of(user.person_id, caller)
    end_ways_in_of(user, caller.actor, why="closed")
    drop_sessions(user)
    after_closing(user, caller)
    record(
        actor=caller.actor,
        action=Action.USER_DEACTIVATED,
        subject=("user", user.pk),
        related=[("person", user.person_id)],
    )
    return user


@transaction.atomic
def set_time_zone(*, caller: Caller, time_zone: str) -> User:
    """Choose the zone in which the pages show times to the caller. Raises NotAllowed, Invalid."""
    policies.may_change_profile(caller).enforce()
    if time_zone not in available_timezones():
        raise Invalid("Choose a zone of the time-zone database.", field="time_zone")
    User.objects.filter(pk=caller.user.pk).update(time_zone=time_zone)
    caller.user.time_zone = time_zone
    record(
        actor=caller.actor,
        action=Action.USER_CHANGED,
        subject=("user", caller.user.pk),
        payload={"time_zone": time_zone},
    )
    return caller.user


@transaction.atomic
def create_team(*, caller: Caller, slug: str, name: str) -> Team:
    """Make a team. Raises NotAllowed, Conflict, Invalid."""
    policies.may_manage_people(caller).enforce()
    team = Team(slug=slug, name=name_of_one_line(name, "name"))
    try:
        team.full_clean(validate_unique=False)
    except ValidationError as error:
        raise _invalid(error) from None
    if Team.objects.filter(slug=slug).exists():
        raise Conflict(f"The team {slug!r} exists already.")
    team.save()
    record(
        actor=caller.actor,
        action=Action.TEAM_CREATED,
        subject=("team", team.pk),
        payload={"slug": slug},
    )
    return team


@transaction.atomic
def grant_role(*, caller: Caller, team: Team, user: User, role: str) -> Membership:
    """Give a person a role in a team that one person may give.

    Raises NotAllowed, Conflict (TwoPersons for the others), Invalid.
    """
    policies.may_manage_roles(caller, team.pk).enforce()
    if role not in Role.values:
        raise Invalid(f"{role!r} is no role.", field="role")
    if role in {one.value for one in GIVEN_BY_TWO}:
        raise TwoPersons(
            f"Two persons give the role {role}: propose it, and let another person confirm it.",
            field="role",
        )
    membership, created = Membership.objects.get_or_create(
        person_id=user.person_id, team=team, role=role
    )
    if not created:
        raise Conflict("The person has this role already.")
    _record_role(caller.actor, Action.ROLE_GRANTED, membership)
    return membership


@transaction.atomic
def remove_role(*, caller: Caller, team: Team, user: User, role: str) -> None:
    """Take a role away. Raises NotAllowed, NotFound."""
    policies.may_manage_roles(caller, team.pk).enforce()
    membership = Membership.objects.filter(person=user.person_id, team=team, role=role).first()
    if membership is None:
        raise NotFound("The person does not have this role.")
    _record_role(caller.actor, Action.ROLE_REMOVED, membership)
    membership.delete()
    after_demotion(user, caller)


def take_all_roles(person: Person, caller: Caller) -> None:
    """Take every role away from somebody who comes back; a part of that verb."""
    for membership in Membership.objects.filter(person=person).order_by("pk"):
        _record_role(caller.actor, Action.ROLE_REMOVED, membership)
        membership.delete()


def _record_role(actor: Actor, action: Action, membership: Membership) -> None:
    record(
        actor=actor,
        action=action,
        subject=("person", membership.person_id),
        payload={"team": str(membership.team_id), "role": membership.role},
        related=[("team", membership.team_id)],
    )


@transaction.atomic
def create_token(
    *, caller: Caller, name: str, scopes: Collection[str], days: int
) -> tuple[ApiToken, str]:
    """A token for the caller's own login; its text is shown this once.

    Raises NotAllowed, Invalid, Conflict (too many).
    """
    unknown = set(scopes) - set(Scope.values)
    if unknown or not scopes:
        raise Invalid("Choose at least one known scope.", field="scopes")
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise Invalid(f"A token lives 1 to {LONGEST_TOKEN_DAYS} days.", field="days")
    if not name.strip() or len(name) > 100:
        raise Invalid("Give the token a name of at most 100 characters.", field="name")
    policies.may_make_token(caller, set(scopes)).enforce()
    _check_tokens(caller.user)
    text = new_token(inference_only=set(scopes) == {Scope.PREDICT.value})
    token = ApiToken.objects.create(
        user=caller.user,
        name=name.strip(),
        sha256=token_digest(text),
        prefix=text[:14],
        last_four=text[-4:],
        scopes=sorted(scopes),
        expires_at=timezone.now() + timedelta(days=days),
    )
    record(
        actor=caller.actor,
        action=Action.TOKEN_CREATED,
        subject=("token", token.pk),
        payload={"scopes": token.scopes, "days": days},
        related=[("user", caller.user.pk)],
    )
    return token, text


def _check_tokens(user: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    live = ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now())
    if live.count() >= MOST_TOKENS:
        raise Conflict(f"This login has {MOST_TOKENS} tokens; revoke one first.")


@transaction.atomic
def revoke_token(*, caller: Caller, token_id: UUID) -> ApiToken:
    """End a token; one's own, or any for an administrator.

    Raises NotAllowed, NotFound, Conflict.
    """
    policies.may_manage_tokens(caller).enforce()
    tokens = (
        ApiToken.objects.all() if caller.is_admin else ApiToken.objects.filter(user=caller.user)
    )
    token = tokens.filter(pk=token_id).first()
    if token is None:
        raise NotFound("There is no such token of yours.")
    if token.revoked_at:
        raise Conflict("The token is revoked already.")
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record(
        actor=caller.actor,
        action=Action.TOKEN_REVOKED,
        subject=("token", token.pk),
        related=[("user", token.user_id)],
    )
    return token
