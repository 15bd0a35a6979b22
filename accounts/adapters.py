"""How allauth behaves here: nobody signs up by himself."""

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from accounts.models import User
from audit.actions import Action
from audit.actors import Actor
from audit.services import record


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]
    """Logins are made by an administrator; people change their own password."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """A person changes the password; the log says so."""
        super().set_password(user, password)
        record(
            actor=Actor(user.person_id, user.pk, "session"),
            action=Action.PASSWORD_SET,
            subject=("user", user.pk),
            related=[("person", user.person_id)],
        )
