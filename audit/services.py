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
    of other things, and a team's readers see it if it names their team, a model or a dataset of
    theirs. The payload must be plain JSON without secrets or personal free text. Raises
    TransactionManagementError outside a transaction: an event without its change would be a lie.
    """
    transaction.get_connection().validate_no_broken_transaction()
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An event needs the transaction it tells of.")
    now, identity = timezone.now(), uuid.uuid4()
    kind, key = subject[0], str(subject[1])
    named = dict.fromkeys(f"{thing}:{which}" for thing, which in (subject, *related))
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
        related=list(named),
        payload=dict(payload or {}),
        leaf=leaf,
        leaf_hash=leaf_hash(leaf),
    )
