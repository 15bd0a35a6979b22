"""Asking who it is again, in the request of the act that needs it, and for a code at sign-in."""

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from accounts.callers import Caller
from accounts.factors.codes import has_factor, take_code, take_recovery_code
from accounts.models import User
from audit.actions import Action
from audit.actors import Actor
from audit.services import record
from common.errors import DomainError, Invalid, NotAllowed
from trust.methods import PASSWORD, PASSWORD_AND_TOTP


class TooManyTries(DomainError):
    """Password or code were wrong too often."""

    slug = "too-many-tries"
    status = 429
    title = "Too many tries"


def reauthenticate(*, caller: Caller, password: str, code: str = "", recovery: bool = False) -> str:
    """Make sure that the person at the keyboard knows the login's password now, and has the app.

    Returns the method as records say it. Who has an authenticator app gives its code as well, or,
    with `recovery`, a recovery code. Runs outside the transaction of the act, so that a failed try
    stays in the log and a code stays used. Raises NotAllowed for a wrong password or code, Invalid
    for a code that is missing or that nobody asked for, TooManyTries after several within five
    minutes.
    """
    if not caller.user.has_usable_password():
        raise NotAllowed(
            "Your login has no password; sign in again at the identity provider, where that is "
            "offered.",
            field="password",
        )
    enrolled = has_factor(caller.person_id)
    _require_code(code, enrolled=enrolled)
    _count_try(caller.user)
    if not caller.user.check_password(password):
        _note(caller.actor, Action.PASSWORD_REFUSED)
        raise NotAllowed("The password is wrong; nothing was done.", field="password")
    if enrolled and not _takes(caller.user, caller.actor, code, recovery=recovery):
        _note(caller.actor, Action.CODE_REFUSED)
        raise NotAllowed("The code is wrong or was used before; nothing was done.", field="code")
    cache.delete(_key(caller.user))
    return PASSWORD_AND_TOTP if enrolled else PASSWORD


def confirm_sign_in(user: User, code: str) -> None:
    """Make sure that whoever gave the login's password has the person's app or a recovery code.

    Raises NotAllowed, TooManyTries, Conflict.
    """
    actor = Actor(person=user.person_id, user=user.pk, via="session")
    _count_try(user)
    if not _takes(user, actor, code, recovery=True):
        _note(actor, Action.CODE_REFUSED)
        raise NotAllowed("The code is wrong or was used before.", field="code")
    cache.delete(_key(user))


def _require_code(code: str, *, enrolled: bool) -> None:
    if enrolled and not code.strip():
        raise Invalid("Give the code that your authenticator app shows now.", field="code")
    if code.strip() and not enrolled:
        raise Invalid("You have no authenticator app, so leave the code out.", field="code")


def _takes(user: User, actor: Actor, code: str, *, recovery: bool) -> bool:
    if take_code(user.person_id, code):
        return True
    return recovery and take_recovery_code(user.person_id, code, actor)


@transaction.atomic
def _note(actor: Actor, action: Action) -> None:
    record(actor=actor, action=action, subject=("user", actor.user))


def _key(user: User) -> str:
    return f"reauthentication:{user.pk}"


@transaction.atomic
def _count_try(user: User) -> None:
    """Count before looking at the password, one after another: tries at once are tries too."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    tries = cache.get(_key(user), 0)
    if tries >= settings.PASSWORD_TRIES:
        raise TooManyTries("The password or the code was wrong too often; wait five minutes.")
    cache.set(_key(user), tries + 1, timeout=settings.PASSWORD_TRIES_SECONDS)
