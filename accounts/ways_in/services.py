"""Ways in: how two persons let a third one set a password, of which neither knows more than half.

A confirmed proposal makes one. Then whoever proposed it takes one half and whoever confirmed it the
other, each asked who he is; the person of the login needs both (`accounts.ways_in.coming_in`).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import policies
from accounts.callers import Caller
from accounts.models import ApiToken, Proposal, ProposalState, User, WayIn
from accounts.proposals.services import withdraw_opened_by
from accounts.reauthentication import reauthenticate
from accounts.sessions.services import drop_sessions
from accounts.ways_in.halves import digest_of_half, new_half
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import Conflict

HOURS = 24
# Whoever holds one half and guesses at the other has so many tries, for ever.
MOST_TRIES = 10
_MOST_AT_ONCE = 100

STATES = ("open", "used", "lapsed", "ended")


def live() -> QuerySet[WayIn]:
    """Ways in that were neither used nor ended; their time may be over all the same."""
    return WayIn.objects.filter(used_at=None, ended_at=None)


def state_of(way_in: WayIn, now: datetime) -> str:
    """One of STATES."""
    if way_in.used_at is not None:
        return "used"
    if way_in.not_after <= now:
        return "lapsed"
    return "open" if way_in.ended_at is None else "ended"


def open_way_in(*, proposal: Proposal, user: User, caller: Caller) -> WayIn:
    """Take the password of a login and all that rests on it, and make a way to another one.

    A part of the confirmation, in its transaction. The second factor stays, and so does what was
    signed.
    """
    # One after another: of two that are confirmed at once the later one ends the earlier.
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    end_ways_in_of(user, caller.actor, why="replaced")
    user.set_unusable_password()
    user.save(update_fields=["password"])
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
    drop_sessions(user)
    withdraw_opened_by(user, caller)
    now = timezone.now()
    way_in = WayIn.objects.create(
        user=user, proposal=proposal, made_at=now, not_after=now + timedelta(hours=HOURS)
    )
    _tell(caller.actor, Action.WAY_IN_OPENED, way_in)
    return way_in


def take_half(*, caller: Caller, proposal: Proposal, password: str, code: str = "") -> str:
    """The caller's half, shown this once: the first of whoever proposed it, the second of whoever
    confirmed it. Raises NotAllowed (a third person, wrong password or code), Conflict, Invalid.
    """
    policies.may_take_half(caller, proposal).enforce()
    _part_to_take(caller, proposal)
    reauthenticate(caller=caller, password=password, code=code)
    return _take_half(caller, proposal)


@transaction.atomic
def _take_half(caller: Caller, proposal: Proposal) -> str:
    way_in = WayIn.objects.select_for_update(no_key=True).filter(proposal=proposal.pk).first()
    part = _part_to_take(caller, proposal)
    assert way_in is not None
    half = new_half()
    setattr(way_in, part, digest_of_half(half, part))
    way_in.save(update_fields=[part])
    _tell(caller.actor, Action.HALF_TAKEN, way_in, half=part)
    return half


def _part_to_take(caller: Caller, proposal: Proposal) -> str:
    """`first` or `second`. Raises Conflict where there is nothing to take."""
    way_in = WayIn.objects.filter(proposal=proposal.pk).first()
    if way_in is None or proposal.state != ProposalState.CONFIRMED:
        raise Conflict("There is no way in yet; the proposal must be confirmed first.")
    _require_open(way_in)
    part = "first" if caller.person_id == proposal.proposer_id else "second"
    if getattr(way_in, part):
        raise Conflict("Your half was shown already; if it is lost, propose another way in.")
    return part


def _require_open(way_in: WayIn) -> None:
    state = state_of(way_in, timezone.now())
    if state != "open":
        raise Conflict(f"This way in is over: {state}.")


@transaction.atomic
def end_way_in(*, caller: Caller, proposal: Proposal) -> WayIn:
    """Let nobody come in by the halves any more. Any administrator alone may. Raises NotAllowed,
    Conflict."""
    policies.may_manage_people(caller).enforce()
    way_in = WayIn.objects.select_for_update(no_key=True).filter(proposal=proposal.pk).first()
    if way_in is None:
        raise Conflict("This proposal has no way in.")
    _require_open(way_in)
    end(way_in, caller.actor, why="withdrawn")
    return way_in


def end_ways_in_of(user: User, actor: Actor, *, why: str) -> None:
    """End what is open for a login; a part of verbs that make another or close it."""
    for way_in in live().filter(user=user).select_for_update(no_key=True):
        end(way_in, actor, why=why)


@transaction.atomic
def end_lapsed() -> int:
    """End the ways in whose time is over; how many. The clock calls it."""
    late = live().filter(not_after__lte=timezone.now()).select_for_update(skip_locked=True)
    rows = list(late.order_by("pk")[:_MOST_AT_ONCE])
    for way_in in rows:
        end(way_in, SYSTEM, why="lapsed")
    return len(rows)


def end(way_in: WayIn, actor: Actor, *, why: str) -> None:
    """End one that is held; a part of every verb by which one ends."""
    way_in.ended_at = timezone.now()
    way_in.save(update_fields=["ended_at"])
    _tell(actor, Action.WAY_IN_ENDED, way_in, why=why)


def _tell(actor: Actor, action: Action, way_in: WayIn, **more: str) -> None:
    record(
        actor=actor,
        action=action,
        subject=("user", way_in.user_id),
        payload={"proposal": f"sha256:{way_in.proposal.digest}", **more},
        related=[("person", way_in.user.person_id), ("proposal", way_in.proposal_id)],
    )
