"""Acts on another person's login that two administrators do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from accounts import policies
from accounts.callers import Caller
from accounts.factors.codes import digest_of, factor_of
from accounts.models import Proposal, SecondFactor, User
from accounts.proposals.kinds import Details, Draft, Thing
from accounts.proposals.wishes import only, text
from accounts.selectors import login_named
from audit.actions import Action
from audit.services import record
from common.decisions import Decision
from common.errors import Conflict


class OfLogin(ABC):
    """`{"username": login}`; administrators of the instance propose and confirm."""

    def may_propose(self, caller: Caller, team: UUID | None) -> Decision:
        """Administrators of the instance."""
        return policies.may_manage_people(caller)

    def may_confirm(self, caller: Caller, team: UUID | None) -> Decision:
        """Administrators of the instance."""
        return policies.may_confirm_logins(caller)

    def draft(self, caller: Caller, wish: Mapping[str, Any]) -> Draft:
        """Raises NotAllowed, NotFound, Invalid, Conflict."""
        policies.may_manage_people(caller).enforce()
        only(wish, "username")
        user = login_named(text(wish, "username"))
        self.check(caller, user)
        return Draft({"person": str(user.person_id), "user": str(user.pk)}, None)

    @abstractmethod
    def check(self, caller: Caller, user: User) -> None:
        """Raises Conflict where there is nothing to do."""

    def related(self, details: Details) -> list[Thing]:
        """The person and the login."""
        return [("person", details["person"]), ("user", details["user"])]


class Administrator(OfLogin):
    """Making a login one of the instance's administrators."""

    def check(self, caller: Caller, user: User) -> None:
        """Raises Conflict for a closed login and for an administrator."""
        if not user.is_active:
            raise Conflict("This login is closed.", field="username")
        if user.is_admin:
            raise Conflict("This login is an administrator already.", field="username")

    def before(self, details: Details) -> Details:
        """Whether it is open, and whether it is one already."""
        user = User.objects.get(pk=details["user"])
        return {"is_active": user.is_active, "is_admin": user.is_admin}

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Make it one."""
        User.objects.filter(pk=details["user"]).update(is_admin=True)
        record(
            actor=caller.actor,
            action=Action.ADMIN_MADE,
            subject=("user", details["user"]),
            payload={"proposal": f"sha256:{proposal.digest}"},
            related=[("person", details["person"]), ("proposal", proposal.pk)],
        )


class SecondFactorReset(OfLogin):
    """Taking the second factor from a person who has lost it."""

    def check(self, caller: Caller, user: User) -> None:
        """Raises Conflict for one's own, and where there is none."""
        if user.person_id == caller.person_id:
            raise Conflict("You cannot reset your own second factor; remove it with a code.")
        if factor_of(user.person_id) is None:
            raise Conflict("This person has no second factor.", field="username")

    def before(self, details: Details) -> Details:
        """Which one it is."""
        factor = factor_of(UUID(details["person"]))
        return {"factor": digest_of(factor.sealed) if factor else None}

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Take it."""
        SecondFactor.objects.filter(pk=details["person"]).delete()
        record(
            actor=caller.actor,
            action=Action.FACTOR_RESET,
            subject=("person", details["person"]),
            payload={"proposal": f"sha256:{proposal.digest}"},
            related=[("user", details["user"]), ("proposal", proposal.pk)],
        )


ADMINISTRATOR = Administrator()
SECOND_FACTOR_RESET = SecondFactorReset()
