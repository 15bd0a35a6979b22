"""Letting a person set a password, and opening a closed login again: two administrators do it, and
neither of them is that person.
"""

from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Person, Proposal, User
from accounts.oidc.identities import bound_to, end_identities_of
from accounts.proposals.kinds import Details
from accounts.proposals.logins import OfLogin
from accounts.services import take_all_roles
from accounts.ways_in.services import open_way_in
from audit.actions import Action
from audit.services import record
from common.errors import Conflict


def _of(details: Details) -> User:
    return User.objects.select_related("person").get(pk=details["user"])


def _by_account_alone(user: User) -> bool:
    """Whether the login never had a password, and an account at the provider opens it."""
    return not user.has_usable_password() and bound_to(user).exists()


class NewPassword(OfLogin):
    """A way in for a person who has forgotten the password, or has none yet."""

    def check(self, caller: Caller, user: User) -> None:
        """Raises Conflict for a closed login, and for one that an account alone opens."""
        if not user.is_active:
            raise Conflict("This login is closed; propose to open it again.", field="username")
        if _by_account_alone(user):
            raise Conflict(
                "An account at the identity provider opens this login, and no password does.",
                field="username",
            )

    def before(self, details: Details) -> Details:
        """Whether it is open, and whether it is one without a password."""
        user = _of(details)
        return {"is_active": user.is_active, "by_account_alone": _by_account_alone(user)}

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Take the password, and make the way in."""
        open_way_in(proposal=proposal, user=_of(details), caller=caller)


class Reopening(OfLogin):
    """A closed login is opened again, without password, roles, accounts and administration.

    One that an account alone opened gets no way in: two administrators bind an account again.
    """

    def check(self, caller: Caller, user: User) -> None:
        """Raises Conflict for an open login."""
        if user.is_active:
            raise Conflict("This login is open.", field="username")

    def before(self, details: Details) -> Details:
        """Whether the login and its person are active."""
        user = _of(details)
        return {"is_active": user.is_active, "person_is_active": user.person.is_active}

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Open it, take what it had, and make the way in."""
        user = _of(details)
        by_account_alone = _by_account_alone(user)
        user.is_active, user.is_admin, user.reopened_at = True, False, timezone.now()
        user.set_unusable_password()
        user.save(update_fields=["is_active", "is_admin", "reopened_at", "password"])
        if not user.person.is_active:
            Person.objects.filter(pk=user.person_id).update(is_active=True)
            take_all_roles(user.person, caller)
        end_identities_of(user, caller)
        record(
            actor=caller.actor,
            action=Action.USER_REOPENED,
            subject=("user", user.pk),
            payload={"proposal": f"sha256:{proposal.digest}"},
            related=[("person", user.person_id), ("proposal", proposal.pk)],
        )
        if not by_account_alone:
            open_way_in(proposal=proposal, user=user, caller=caller)


PASSWORD = NewPassword()
REOPENING = Reopening()
