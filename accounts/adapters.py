"""How allauth behaves here: nobody signs up by himself, and second factors are persons'."""

from collections.abc import Collection

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest

from accounts.factors import has_factor
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


class PersonsFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Sign-in asks for the second factor of the login's person."""

    def is_mfa_enabled(self, user: User, types: Collection[str] | None = None) -> bool:
        """Whether the person has an authenticator app; there is no other kind of factor."""
        wanted = types is None or Authenticator.Type.TOTP in types
        return wanted and isinstance(user, User) and has_factor(user.person_id)
