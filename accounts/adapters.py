"""How allauth behaves here: nobody signs up by himself, and second factors are persons'."""

from collections.abc import Collection
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.factors.codes import has_factor
from accounts.failures import note_failed_sign_in, note_lockout
from accounts.models import User
from accounts.sessions.services import drop_sessions
from audit.actions import Action
from audit.actors import Actor
from audit.services import record


class ClosedSignup(DefaultAccountAdapter):  # type: ignore[misc]
    """Logins are made by an administrator; people change their own password."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": _(
            "Too many failed tries. Wait five minutes, then try again; if it was not you, "
            "tell an administrator."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Nobody was signed in; the log says so."""
        note_failed_sign_in(str(credentials.get("username", "")), request.META["REMOTE_ADDR"])

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ValidationError after too many tries, which the log tells once for each pause."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            note_lockout(str(credentials.get("username", "")), request.META["REMOTE_ADDR"])
            raise

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """A person changes the password; the log says so."""
        super().set_password(user, password)
        drop_sessions(user, but=self.request.session.session_key)
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
