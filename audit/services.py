"""The only writer of audit events."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.actions import Action
from audit.actors import Actor
from audit.models import AuditEvent
from trust.canonical import canonical
from trust.merkle import leaf_hash
from trust.times import format_moment


def record(
    *,
    actor: Actor,
    action: Action,
    subject: tuple[str, object],
    payload: Mapping[str, Any] | None = None,
    related: Iterable[tuple[str, object]] = (),
) -> AuditEvent:
    """Write one event in the transaction of the change that it tells of.

    `subject` and `related` are (type, id) pairs; `related` makes the event show up in the history
    of other things. The payload must be plain JSON without secrets or personal free text. Raises
    TransactionManagementError outside a transaction: an event without its change would be a lie.
    """
    transaction.get_connection().validate_no_broken_transaction()
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An event needs the transaction it tells of.")
    now, identity = timezone.now(), uuid.uuid4()
    kind, key = subject[0], str(subject[1])
    leaf = canonical(
        {
            "v": 1,
            "id": str(identity),
            "at": format_moment(now),
            "action": str(action.value),
            "actor": actor.as_dict(),
            "subject": {"type": kind, "id": key},
            "payload": dict(payload or {}),
        }
    )
    return AuditEvent.objects.create(
        uuid=identity,
        occurred_at=now,
        action=action.value,
        person_id=actor.person,
        user_id=actor.user,
        via=actor.via,
        subject_type=kind,
        subject_id=key,
        related=[f"{kind}:{key}", *(f"{t}:{i}" for t, i in related)],
        payload=dict(payload or {}),
        leaf=leaf,
        leaf_hash=leaf_hash(leaf),
    )
