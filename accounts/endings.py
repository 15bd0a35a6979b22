"""What else ends, in the same transaction, when a login is closed or a role is taken away.

The apps that have it lie above this one; hence the names.
"""

from django.utils.module_loading import import_string

from accounts.callers import Caller
from accounts.models import User

ON_CLOSING = ("registry.leaving.stop_work", "governance.reviewing.leaving.fall_back")
ON_DEMOTION = ("governance.reviewing.leaving.fall_back",)


def after_closing(user: User, caller: Caller) -> None:
    """Of a login that has just been closed by the caller."""
    _end(ON_CLOSING, user, caller)


def after_demotion(user: User, caller: Caller) -> None:
    """Of a login whose person has just lost a role by the caller."""
    _end(ON_DEMOTION, user, caller)


def _end(names: tuple[str, ...], user: User, caller: Caller) -> None:
    for name in names:
        import_string(name)(user=user, caller=caller)
