"""Binding an account at the identity provider to a login, which two administrators do: whoever has
the account can sign in, and sign, as that person from then on.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts import policies
from accounts.callers import Caller
from accounts.models import Identity, Proposal, User
from accounts.oidc.identities import bound, identity_digest
from accounts.oidc.provider import is_set_up
from accounts.proposals.kinds import Details, Draft, Thing
from accounts.proposals.wishes import only, text
from accounts.selectors import login_named
from audit.actions import Action
from audit.services import record
from common.decisions import Decision
from common.errors import Conflict


class BoundIdentity:
    """`{"username": login, "subject": the account's `sub`}` at the provider that is set up."""

    def may_propose(self, caller: Caller, team: UUID | None) -> Decision:
        """Administrators of the instance."""
        return policies.may_manage_people(caller)

    def may_confirm(self, caller: Caller, team: UUID | None) -> Decision:
        """Administrators of the instance."""
        return policies.may_confirm_logins(caller)

    def draft(self, caller: Caller, wish: Mapping[str, Any]) -> Draft:
        """Raises NotAllowed, NotFound, Invalid, Conflict."""
        policies.may_manage_people(caller).enforce()
        if not is_set_up():
            raise Conflict("No identity provider is set up here.")
        only(wish, "username", "subject")
        user, subject = login_named(text(wish, "username")), text(wish, "subject")
        if not user.is_active:
            raise Conflict("This login is closed.", field="username")
        if bound(settings.OIDC_ISSUER, subject) is not None:
            raise Conflict("This account opens a login already; end that first.", field="subject")
        details = {
            "person": str(user.person_id),
            "user": str(user.pk),
            "issuer": settings.OIDC_ISSUER,
            "subject": subject,
        }
        return Draft(details, None)

    def before(self, details: Details) -> Details:
        """Whether the login is open, and whose the account is."""
        user = User.objects.get(pk=details["user"])
        held = bound(details["issuer"], details["subject"])
        return {"is_active": user.is_active, "bound_to": str(held.user_id) if held else None}

    def related(self, details: Details) -> list[Thing]:
        """The person and the login."""
        return [("person", details["person"]), ("user", details["user"])]

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Bind it."""
        digest = identity_digest(details["issuer"], details["subject"])
        Identity.objects.create(
            user_id=details["user"],
            person_id=details["person"],
            issuer=details["issuer"],
            subject=details["subject"],
            digest=digest.removeprefix("sha256:"),
            bound_at=timezone.now(),
            proposal=proposal,
        )
        record(
            actor=caller.actor,
            action=Action.IDENTITY_BOUND,
            subject=("person", details["person"]),
            payload={
                "identity": digest,
                "user": details["user"],
                "proposal": f"sha256:{proposal.digest}",
            },
            related=[("user", details["user"]), ("proposal", proposal.pk)],
        )


IDENTITY = BoundIdentity()
