"""People of the tests, who have a password from the beginning.

Only the machine's own command gives one at once; how everybody else comes by his is told in
`tests/accounts/test_ways_in.py`, and a hundred times would be too often.
"""

from django.db import transaction

from accounts.callers import Caller
from accounts.models import User
from accounts.services import create_login


@transaction.atomic
def create_user(*, caller: Caller, username: str, name: str, email: str, password: str) -> User:
    """A person with a login that a password opens."""
    return create_login(
        actor=caller.actor, username=username, name=name, email=email, password=password
    )
