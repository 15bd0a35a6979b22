"""Passkeys of persons as the tables keep them, and as the log tells of them."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Passkey
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import NotFound
from trust.bundle_seal import parse_event
from trust.errors import Malformed
from trust.passkeys import LoggedPasskey, note_proof
from trust.sign_ins import LoggedIdentity

_TOLD = (
    Action.PASSKEY_REGISTERED.value,
    Action.PASSKEY_REMOVED.value,
    Action.IDENTITY_BOUND.value,
    Action.IDENTITY_ENDED.value,
)


def passkeys_of(person: UUID) -> QuerySet[Passkey]:
    """The passkeys that a person can sign with, the oldest first."""
    return Passkey.objects.filter(person=person, removed_at=None).order_by("registered_at", "pk")


def passkey_by_id(person: UUID, key: UUID) -> Passkey:
    """One of the person's passkeys. Raises NotFound."""
    found = passkeys_of(person).filter(pk=key).first()
    if found is None:
        raise NotFound("You have no such passkey.")
    return found


def has_passkey(person: UUID) -> bool:
    """Whether the person can sign with a passkey."""
    return passkeys_of(person).exists()


def said_by(passkey: Passkey) -> dict[str, Any]:
    """What the record of a passkey says."""
    said: dict[str, Any] = json.loads(bytes(passkey.record))
    return said


def logged_proofs(persons: Iterable[UUID]) -> dict[str, LoggedPasskey | LoggedIdentity]:
    """The passkeys of these persons and their accounts at providers, as the events' bytes tell of
    them; by one query.

    From the log and not from the table: so the notary, fsck and an outsider know the same.
    """
    rows = AuditEvent.objects.filter(
        action__in=_TOLD, subject_type="person", subject_id__in=[str(person) for person in persons]
    ).order_by("pk")
    known: dict[str, LoggedPasskey | LoggedIdentity] = {}
    for leaf in rows.values_list("leaf", flat=True):
        try:
            note_proof(known, parse_event(bytes(leaf)))
        except Malformed:
            # An event that no program can read tells of nothing.
            continue
    return known
