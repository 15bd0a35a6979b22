"""Accounts at the identity provider and the logins that they open: never by an e-mail address."""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import policies
from accounts.callers import Caller
from accounts.models import Identity, User
from accounts.oidc.provider import is_set_up
from accounts.sessions.services import drop_sessions
from audit.actions import Action
from audit.services import record
from common.errors import NotFound
from trust.canonical import canonical
from trust.digests import digest_of


def identity_digest(issuer: str, subject: str) -> str:
    """How records and the log name an account at a provider."""
    return digest_of(canonical({"issuer": issuer, "subject": subject}))


def bound_to(user: User) -> QuerySet[Identity]:
    """The accounts that open a login now, the oldest first."""
    return Identity.objects.filter(user=user, ended_at=None).order_by("bound_at", "pk")


def signs_in_by_provider(user: User) -> bool:
    """Whether an account at the provider that is set up opens this login."""
    return is_set_up() and bound_to(user).filter(issuer=settings.OIDC_ISSUER).exists()


def bound(issuer: str, subject: str) -> Identity | None:
    """The live binding of an account, whatever has become of its login."""
    rows = Identity.objects.filter(
        digest=identity_digest(issuer, subject).removeprefix("sha256:"), ended_at=None
    )
    found = rows.select_related("user__person").first()
    if found is None or (found.issuer, found.subject) != (issuer, subject):
        return None
    return found


def identity_by_id(user: User, key: UUID) -> Identity:
    """One of the accounts that open a login. Raises NotFound."""
    found = bound_to(user).filter(pk=key).first()
    if found is None:
        raise NotFound("No such account opens this login.")
    return found


@transaction.atomic
def end_identity(*, caller: Caller, identity: Identity) -> Identity:
    """Let an account open its login no more, and end the login's sessions.

    What was signed by it stays signed.
    Raises NotAllowed, NotFound.
    """
    policies.may_manage_people(caller).enforce()
    return _end(identity, caller)


def end_identities_of(user: User, caller: Caller) -> None:
    """End every account of a login; a part of the verb that opens it again."""
    for identity in bound_to(user):
        _end(identity, caller)


def _end(identity: Identity, caller: Caller) -> Identity:
    row = Identity.objects.select_for_update(no_key=True).get(pk=identity.pk)
    if row.ended_at is not None:
        raise NotFound("No such account opens this login.")
    row.ended_at = timezone.now()
    row.save(update_fields=["ended_at"])
    drop_sessions(row.user)
    record(
        actor=caller.actor,
        action=Action.IDENTITY_ENDED,
        subject=("person", row.person_id),
        payload={"identity": f"sha256:{row.digest}", "user": str(row.user_id)},
        related=[("user", row.user_id)],
    )
    return row
