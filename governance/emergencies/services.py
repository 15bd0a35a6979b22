"""Verbs of emergency grants after they were given: end, review, and the clock's word."""

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import Conflict, Invalid
from governance.approvals.answering import answers_of
from governance.emergencies import policies
from governance.emergencies.selectors import IN_FORCE, OVER, WAITING, grants, state_of
from governance.models import (
    EmergencyCause,
    EmergencyEnd,
    EmergencyGrant,
    EmergencyOutcome,
    EmergencyReview,
)
from governance.texts import written
from registry.models import ModelVersion

LONGEST_REASON = 4000
MOST_AT_ONCE = 100


def _locked(grant: EmergencyGrant) -> EmergencyGrant:
    """As under an approval: the notary and an end cannot pass each other unseen."""
    ModelVersion.objects.select_for_update(no_key=True).get(pk=grant.version_id)
    return grants().get(pk=grant.pk)


@transaction.atomic
def end_emergency(*, caller: Caller, grant: EmergencyGrant, reason: str) -> EmergencyEnd:
    """Stop what answers under a grant; every connected inference process follows within a second.

    Raises NotAllowed, Conflict (over already), Invalid.
    """
    policies.may_end(caller, grant).enforce()
    reason = written(reason, "reason", LONGEST_REASON)
    grant = _locked(grant)
    if state_of(grant, timezone.now()) not in (WAITING, IN_FORCE):
        raise Conflict("This emergency grant is over already.")
    return _end(grant, EmergencyCause.STOPPED, reason, caller)


def end_emergencies_of(*, caller: Caller, version: ModelVersion, reason: str) -> None:
    """End every grant of a version that is taken out of use: a part of that verb."""
    for grant in grants().filter(version=version, end=None):
        _end(grant, EmergencyCause.STOPPED, reason, caller)


@transaction.atomic
def review_emergency(
    *, caller: Caller, grant: EmergencyGrant, outcome: str, reason: str
) -> EmergencyReview:
    """Say afterwards whether a grant was justified, and why; once, by a third person.

    `outcome` is `justified` or `not_justified`. Raises NotAllowed, Conflict (not over yet, never
    given, reviewed already), Invalid.
    """
    policies.may_review(caller, grant).enforce()
    if outcome not in EmergencyOutcome.values:
        raise Invalid(f"Say {' or '.join(EmergencyOutcome.values)}.", field="outcome")
    reason = written(reason, "reason", LONGEST_REASON)
    grant = _locked(grant)
    if state_of(grant, timezone.now()) != OVER:
        raise Conflict("An emergency grant is reviewed when it is over; end it first.")
    if hasattr(grant, "review"):
        raise Conflict("This emergency grant was reviewed already.")
    review = EmergencyReview.objects.create(
        grant=grant,
        outcome=outcome,
        reason=reason,
        person=caller.user.person,
        user=caller.user,
        at=timezone.now(),
    )
    _tell(caller.actor, Action.EMERGENCY_REVIEWED, grant, outcome=outcome)
    return review


def end_emergencies() -> int:
    """End grants whose time is over, or that an approval took over; how many. The clock calls it.

    Nothing hangs on it for the gate, which reads the hour in the envelope itself.
    """
    rows = grants().filter(end=None).exclude(attestation=None).order_by("at", "pk")
    return sum(_end_if_over(grant) for grant in list(rows[:MOST_AT_ONCE]))


@transaction.atomic
def _end_if_over(grant: EmergencyGrant) -> bool:
    grant, now = _locked(grant), timezone.now()
    if hasattr(grant, "end"):
        return False
    if grant.attestation.not_after <= now:
        _end(grant, EmergencyCause.TIME, "")
        return True
    model = grant.version.model
    answered = answers_of([model], now=now)[model.pk]
    if any(one.served and one.alias.name == grant.alias for one in answered):
        _end(grant, EmergencyCause.APPROVAL, "")
        return True
    return False


def _end(
    grant: EmergencyGrant, cause: EmergencyCause, reason: str, caller: Caller | None = None
) -> EmergencyEnd:
    end = EmergencyEnd.objects.create(
        grant=grant,
        cause=cause,
        reason=reason,
        by=caller.user if caller else None,
        at=timezone.now(),
    )
    actor = caller.actor if caller else SYSTEM
    _tell(actor, Action.EMERGENCY_ENDED, grant, cause=cause.value)
    return end


def _tell(actor: Actor, action: Action, grant: EmergencyGrant, **more: str) -> None:
    record(
        actor=actor,
        action=action,
        subject=("version", grant.version_id),
        payload={"emergency": str(grant.pk), "alias": grant.alias, **more},
        related=[("model", grant.version.model_id), ("proposal", grant.proposal_id)],
    )
