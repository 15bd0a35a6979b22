"""Asking for the password again, in the request of the act that needs it."""

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from accounts.callers import Caller
from accounts.models import User
from audit.actions import Action
from audit.services import record
from common.errors import DomainError, NotAllowed


class TooManyTries(DomainError):
    """The password was wrong too often."""

    slug = "too-many-tries"
    status = 429
    title = "Too many tries"


def reauthenticate(*, caller: Caller, password: str) -> None:
    """Make sure that the person at the keyboard knows the login's password now.

    Runs outside the transaction of the act, so that a failed try stays in the log. Raises
    NotAllowed for a wrong password, TooManyTries after several within five minutes.
    """
    key = f"reauthentication:{caller.user.pk}"
    _count_try(caller, key)
    if caller.user.check_password(password):
        cache.delete(key)
        return
    with transaction.atomic():
        record(actor=caller.actor, action=Action.PASSWORD_REFUSED, subject=("user", caller.user.pk))
    raise NotAllowed("The password is wrong; nothing was signed.")


@transaction.atomic
def _count_try(caller: Caller, key: str) -> None:
    """Count before looking at the password, one after another: tries at once are tries too."""
    User.objects.select_for_update(no_key=True).get(pk=caller.user.pk)
    tries = cache.get(key, 0)
    if tries >= settings.PASSWORD_TRIES:
        raise TooManyTries("The password was wrong too often; wait five minutes.")
    cache.set(key, tries + 1, timeout=settings.PASSWORD_TRIES_SECONDS)
