"""Dual control: one person proposes, another confirms, and the confirmation does it.

Both are asked who they are in the request itself. What is confirmed is the digest that was shown,
and only while everything that it builds on is as it was at the proposal.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller, caller_for
from accounts.models import Proposal, ProposalState, User
from accounts.passkeys.assertions import Ask
from accounts.policies import may_decline, may_take_back
from accounts.proposals.kinds import BY_OTHERS, HALVED, Details, Draft, kind_named
from accounts.proposals.proofs import (
    CONFIRM,
    PROPOSE,
    ask,
    keep,
    proved,
    words_to_confirm,
    words_to_propose,
)
from accounts.proving import Proof
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.services import record
from common.errors import Conflict, NotAllowed
from common.texts import written
from trust.canonical import canonical
from trust.methods import PASSKEY
from trust.times import format_moment

TYPE = "assay/proposal/1"
OPEN_DAYS = 14
# Whoever decides would lose sight of more.
MOST_OPEN = 100


@dataclass(frozen=True)
class Said:
    """The document of a proposal, parsed."""

    details: Details
    before: Details
    reason: str
    method: str


def said_in(proposal: Proposal) -> Said:
    """What a proposal's document says."""
    document = json.loads(bytes(proposal.document))
    return Said(*(document[part] for part in ("details", "before", "reason", "method")))


def propose(
    *,
    caller: Caller,
    kind: str,
    wish: Mapping[str, Any],
    reason: str,
    password: str = "",
    code: str = "",
    passkey: Mapping[str, Any] | None = None,
    sign_in: uuid.UUID | None = None,
) -> Proposal:
    """Ask for something that takes two persons; nothing is done until another one confirms it.

    `wish` says what, in the words of the kind; the proof is password and code, a passkey or a
    sign-in, as for a signature. Raises NotAllowed (no authority, wrong proof), NotFound, Invalid
    naming the field, Conflict.
    """
    draft, reason = _wanted(caller, kind, wish, reason)
    proof = proved(
        caller=caller,
        kind=kind,
        act=PROPOSE,
        words=words_to_propose(caller, kind, draft, reason),
        password=password,
        code=code,
        passkey=passkey,
        sign_in=sign_in,
    )
    return _open(caller, kind, draft, reason, proof)


def ask_to_propose(
    *, caller: Caller, kind: str, wish: Mapping[str, Any], reason: str, by: str = PASSKEY
) -> Ask:
    """A challenge for a proposal with these words, refused where the proposal would be.

    Raises NotAllowed, NotFound, Invalid, Conflict.
    """
    draft, reason = _wanted(caller, kind, wish, reason)
    return ask(caller, kind, PROPOSE, words_to_propose(caller, kind, draft, reason), by)


def _wanted(caller: Caller, kind: str, wish: Mapping[str, Any], reason: str) -> tuple[Draft, str]:
    draft = kind_named(kind).draft(caller, wish)
    _require_another(caller, kind, draft.details)
    return draft, written(reason, "reason")


def is_about_himself(caller: Caller, kind: str, details: Details) -> bool:
    """Whether the caller is the person of whom two others must decide."""
    return kind in BY_OTHERS and details["person"] == str(caller.person_id)


def _require_another(caller: Caller, kind: str, details: Details) -> None:
    if is_about_himself(caller, kind, details):
        raise NotAllowed("This is about you; two other persons do it.")
    if kind in HALVED and not caller.user.has_usable_password():
        raise NotAllowed("You would get a half of this, and that takes a password of your own.")


@transaction.atomic
def _open(caller: Caller, kind: str, draft: Draft, reason: str, proof: Proof) -> Proposal:
    proof.hold(PROPOSE, words_to_propose(caller, kind, draft, reason))
    User.objects.select_for_update(no_key=True).get(pk=caller.user.pk)
    mine = Proposal.objects.filter(proposer=caller.person_id, state=ProposalState.OPEN)
    if mine.count() >= MOST_OPEN:
        raise Conflict(f"You have {MOST_OPEN} open proposals; withdraw one first.")
    identity, now = uuid.uuid4(), timezone.now()
    until = now + timedelta(days=OPEN_DAYS)
    body = canonical(
        {
            "type": TYPE,
            "id": str(identity),
            "kind": kind,
            "team": str(draft.team.pk) if draft.team else None,
            "details": draft.details,
            "before": kind_named(kind).before(draft.details),
            "reason": reason,
            "proposer": str(caller.person_id),
            "user": str(caller.user.pk),
            "method": proof.method,
            "opened_at": format_moment(now),
            "not_after": format_moment(until),
        }
    )
    proposal = Proposal.objects.create(
        id=identity,
        kind=kind,
        team=draft.team,
        document=body,
        digest=sha256(body).hexdigest(),
        opened_by=caller.user,
        proposer=caller.user.person,
        opened_at=now,
        not_after=until,
    )
    _tell(caller.actor, Action.PROPOSAL_OPENED, proposal, **keep(proposal, PROPOSE, proof))
    return proposal


def confirm(
    *,
    caller: Caller,
    proposal: Proposal,
    digest: str,
    password: str = "",
    code: str = "",
    passkey: Mapping[str, Any] | None = None,
    sign_in: uuid.UUID | None = None,
) -> Proposal:
    """Confirm what another person proposed, and do it.

    `digest` is `sha256:<hex>` of the document that was shown. Raises NotAllowed (the proposer's own
    person, no authority, wrong proof), Conflict (decided, lapsed, not what was shown, or
    what it builds on has changed), Invalid.
    """
    _may_confirm(caller, proposal)
    _require_shown(proposal, digest)
    proof = proved(
        caller=caller,
        kind=proposal.kind,
        act=CONFIRM,
        words=words_to_confirm(caller, proposal),
        password=password,
        code=code,
        passkey=passkey,
        sign_in=sign_in,
    )
    return _confirm(caller, proposal, digest, proof)


def ask_to_confirm(*, caller: Caller, proposal: Proposal, digest: str, by: str = PASSKEY) -> Ask:
    """A challenge for the confirmation of what was shown. Raises NotAllowed, Conflict."""
    _may_confirm(caller, proposal)
    _require_shown(proposal, digest)
    return ask(caller, proposal.kind, CONFIRM, words_to_confirm(caller, proposal), by)


def _may_confirm(caller: Caller, proposal: Proposal) -> None:
    if proposal.proposer_id == caller.person_id:
        raise NotAllowed("You proposed this; another person must confirm it.")
    kind_named(proposal.kind).may_confirm(caller, proposal.team_id).enforce()
    _require_another(caller, proposal.kind, said_in(proposal).details)
    _require_open(proposal)


def _require_shown(proposal: Proposal, shown: str) -> None:
    if shown != f"sha256:{proposal.digest}":
        raise Conflict("This is not what was shown to you; load the proposal again.")


def _require_open(proposal: Proposal) -> None:
    if proposal.state != ProposalState.OPEN:
        raise Conflict(f"This proposal is closed: {proposal.get_state_display()}.")
    if proposal.not_after <= timezone.now():
        raise Conflict("This proposal has lapsed; propose it again.")


@transaction.atomic
def _confirm(caller: Caller, proposal: Proposal, shown: str, proof: Proof) -> Proposal:
    proposal = _locked(proposal)
    _may_confirm(caller, proposal)
    _require_shown(proposal, shown)
    proof.hold(CONFIRM, words_to_confirm(caller, proposal))
    said, kind = said_in(proposal), kind_named(proposal.kind)
    _require_proposer(proposal)
    if kind.before(said.details) != said.before:
        raise Conflict(
            "What this proposal builds on has changed since; withdraw it and propose it again."
        )
    proposal = _decide(proposal, ProposalState.CONFIRMED, caller.user, method=proof.method)
    _tell(
        caller.actor,
        Action.PROPOSAL_CONFIRMED,
        proposal,
        **keep(proposal, CONFIRM, proof),
        proposer=str(proposal.proposer_id),
    )
    kind.execute(proposal, said.details, caller)
    return proposal


def _require_proposer(proposal: Proposal) -> None:
    """Who wanted it must still be one who may want it."""
    by = User.objects.select_related("person").get(pk=proposal.opened_by_id)
    still = kind_named(proposal.kind).may_propose(caller_for(by, via="session"), proposal.team_id)
    if not (by.is_active and by.person.is_active and still):
        raise Conflict("Whoever proposed this may not do so any more; propose it anew.")


@transaction.atomic
def decline(*, caller: Caller, proposal: Proposal, reason: str) -> Proposal:
    """Say no to what another person proposed. Raises NotAllowed, Conflict, Invalid."""
    proposal = _locked(proposal)
    kind = kind_named(proposal.kind)
    may_decline(caller, proposal, kind.may_confirm(caller, proposal.team_id)).enforce()
    _require_open(proposal)
    proposal = _decide(
        proposal, ProposalState.DECLINED, caller.user, answer=written(reason, "reason")
    )
    _tell(caller.actor, Action.PROPOSAL_DECLINED, proposal)
    return proposal


@transaction.atomic
def take_back(*, caller: Caller, proposal: Proposal) -> Proposal:
    """Withdraw what one proposed oneself. Raises NotAllowed, Conflict."""
    proposal = _locked(proposal)
    may_take_back(caller, proposal).enforce()
    _require_open(proposal)
    return _withdraw(proposal, caller)


def _withdraw(proposal: Proposal, caller: Caller) -> Proposal:
    proposal = _decide(proposal, ProposalState.WITHDRAWN, caller.user)
    _tell(caller.actor, Action.PROPOSAL_WITHDRAWN, proposal)
    return proposal


def withdraw_all_of(person: uuid.UUID, caller: Caller) -> int:
    """Close what a person has open, whose last login is being closed; a part of that verb."""
    rows = Proposal.objects.select_for_update(no_key=True).filter(
        proposer=person, state=ProposalState.OPEN
    )
    return len([_withdraw(row, caller) for row in rows.order_by("pk")])


def withdraw_opened_by(user: User, caller: Caller) -> int:
    """Close what was proposed through a login whose password is taken; a part of that verb."""
    rows = Proposal.objects.select_for_update(no_key=True).filter(
        opened_by=user, state=ProposalState.OPEN
    )
    return len([_withdraw(row, caller) for row in rows.order_by("pk")])


@transaction.atomic
def end_lapsed() -> int:
    """Close the proposals whose time is over; how many. The clock calls it."""
    late = Proposal.objects.select_for_update(skip_locked=True).filter(
        state=ProposalState.OPEN, not_after__lte=timezone.now()
    )
    rows = list(late.order_by("pk")[:MOST_OPEN])
    for row in rows:
        _tell(SYSTEM, Action.PROPOSAL_LAPSED, _decide(row, ProposalState.LAPSED, None))
    return len(rows)


def _locked(proposal: Proposal) -> Proposal:
    return Proposal.objects.select_for_update(no_key=True).get(pk=proposal.pk)


def _decide(
    proposal: Proposal, state: ProposalState, by: User | None, *, method: str = "", answer: str = ""
) -> Proposal:
    Proposal.objects.filter(pk=proposal.pk).update(
        state=state,
        decided_by=by,
        decider_id=by.person_id if by else None,
        decided_at=TransactionNow(),
        decided_method=method,
        answer=answer,
    )
    return Proposal.objects.get(pk=proposal.pk)


def _tell(actor: Actor, action: Action, proposal: Proposal, **more: str) -> None:
    related = kind_named(proposal.kind).related(said_in(proposal).details)
    record(
        actor=actor,
        action=action,
        subject=("proposal", proposal.pk),
        payload={"kind": proposal.kind, "digest": f"sha256:{proposal.digest}", **more},
        related=[*([("team", proposal.team_id)] if proposal.team_id else []), *related],
    )
