"""Verbs of legal holds: place, and lift as another person."""

from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Team
from accounts.reauthentication import reauthenticate
from audit.actions import Action
from audit.services import record
from common.errors import Conflict
from common.texts import written
from compliance.retention.models import HoldLift, LegalHold
from compliance.retention.policies import may_hold, may_lift
from compliance.retention.records import record_of_hold, record_of_lift
from compliance.retention.selectors import Thing, team_of
from registry.blobs import require_not_deleted
from trust.canonical import canonical

LONGEST_REFERENCE = 200


@transaction.atomic
def place_hold(*, caller: Caller, thing: Thing, reference: str, reason: str) -> LegalHold:
    """Keep everything of a thing until another person of compliance lifts the hold.

    `reference` names the matter elsewhere. Raises NotAllowed, Invalid, Deleted (of rows).
    """
    may_hold(caller, thing.team.pk).enforce()
    _one_at_a_time(thing.team)
    if thing.dataset:
        require_not_deleted(thing.dataset.blob_id)
    hold = LegalHold(
        kind=thing.kind,
        model=thing.model,
        version=thing.version,
        dataset=thing.dataset,
        since=thing.since,
        until=thing.until,
        reference=written(reference, "reference", LONGEST_REFERENCE),
        reason=written(reason, "reason"),
        person=caller.user.person,
        user=caller.user,
        at=timezone.now(),
    )
    hold.record = canonical(record_of_hold(hold))
    hold.digest = sha256(hold.record).hexdigest()
    hold.save(force_insert=True)
    _tell(caller, Action.HOLD_PLACED, hold, hold.digest)
    return hold


def lift_hold(
    *, caller: Caller, hold: LegalHold, reason: str, password: str, code: str = ""
) -> HoldLift:
    """End a hold that another person placed; only now may anything of the thing be deleted.

    Raises NotAllowed (no role, one's own hold, wrong password or code), Conflict (lifted already),
    Invalid.
    """
    may_lift(caller, hold, team_of(hold).pk).enforce()
    reason = written(reason, "reason")
    method = reauthenticate(caller=caller, password=password, code=code)
    return _lift(caller, hold, reason, method)


@transaction.atomic
def _lift(caller: Caller, hold: LegalHold, reason: str, method: str) -> HoldLift:
    _one_at_a_time(team_of(hold))
    if HoldLift.objects.filter(hold=hold).exists():
        raise Conflict("This hold was lifted already.")
    lift = HoldLift(
        hold=hold,
        reason=reason,
        person=caller.user.person,
        user=caller.user,
        at=timezone.now(),
    )
    lift.record = canonical(record_of_lift(lift, method))
    lift.digest = sha256(lift.record).hexdigest()
    lift.save(force_insert=True)
    _tell(caller, Action.HOLD_LIFTED, hold, lift.digest)
    return lift


def _one_at_a_time(team: Team) -> None:
    """A hold and a deletion of one team cannot pass each other unseen."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def _tell(caller: Caller, action: Action, hold: LegalHold, digest: str) -> None:
    if hold.dataset_id:
        subject: tuple[str, object] = ("dataset", hold.dataset_id)
    elif hold.version_id:
        subject = ("version", hold.version_id)
    else:
        subject = ("model", hold.model_id)
    record(
        actor=caller.actor,
        action=action,
        subject=subject,
        payload={"hold": str(hold.pk), "kind": hold.kind, "record": f"sha256:{digest}"},
        related=[("model", hold.model_id)] if hold.model_id else [],
    )
