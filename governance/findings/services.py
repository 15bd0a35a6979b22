"""Verbs of findings: raise, answer, close, reopen, amend; and the clock's word on overdue ones."""

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.callers import Caller
from audit.actions import Action
from audit.actors import SYSTEM, Actor
from audit.selectors import events
from audit.services import record
from common.errors import Conflict, Invalid, Outdated
from governance.attachments.models import Attachment
from governance.attachments.records import named
from governance.attachments.taking import take_files
from governance.findings import policies
from governance.findings.anchors import anchors_of
from governance.findings.models import FindingAmendment
from governance.findings.records import (
    Duty,
    duty_of,
    not_closed,
    record_of,
    record_of_amendment,
    record_of_move,
    state_of,
    today,
    with_states,
)
from governance.findings.selectors import day_signed, possible_owners
from governance.models import Finding, FindingEffect, FindingMove, Move, Severity
from governance.services import LONGEST_TEXT, reconsider
from governance.texts import written
from registry.models import CardRevision, Evidence, ModelVersion, Status
from trust.canonical import canonical

MOST_OF_A_VERSION = 200
MOST_EVIDENCE = 10
MOST_AT_ONCE = 200
LATEST_DAYS = 1825
_ACTIONS = {
    Move.ANSWERED: Action.FINDING_ANSWERED,
    Move.CLOSED: Action.FINDING_CLOSED,
    Move.REOPENED: Action.FINDING_REOPENED,
}


def _locked(version_id: UUID) -> ModelVersion:
    """As under a signature: a finding and the notary's approval cannot pass each other unseen."""
    return ModelVersion.objects.select_for_update(no_key=True).get(pk=version_id)


@transaction.atomic
def raise_finding(
    *,
    caller: Caller,
    version: ModelVersion,
    severity: str,
    effect: str,
    text: str,
    owner: UUID,
    due_on: date,
    anchor: str = "",
    attachments: Sequence[UUID] = (),
) -> Finding:
    """Say what is wrong with a version, who is to answer for it, and by which day (UTC).

    `blocking` stops an approval until it is closed; `condition` follows the approval, and signers
    accept it. `anchor` is a gate, a section or a figure; empty for the version as a whole.
    `attachments` are finished uploads of the caller; the record names them. Raises NotAllowed,
    Conflict, Invalid, and what `take_files` raises.
    """
    policies.may_raise_finding(caller, version).enforce()
    locked = _locked(version.pk)
    if locked.status == Status.RETIRED:
        raise Conflict("A version that is retired is reviewed no more.")
    _check(version, severity, effect, anchor, owner, due_on)
    last = Finding.objects.filter(version=version).order_by("-number").first()
    if last is not None and last.number >= MOST_OF_A_VERSION:
        raise Conflict(f"A version has at most {MOST_OF_A_VERSION} findings.")
    finding = Finding(
        version=version,
        number=last.number + 1 if last else 1,
        severity=severity,
        effect=effect,
        anchor=anchor,
        text=written(text, "text", LONGEST_TEXT),
        owner_id=owner,
        due_on=due_on,
        person=caller.user.person,
        user=caller.user,
        at=timezone.now(),
    )
    _keep(finding, take_files(caller, attachments))
    said = {"severity": severity, "effect": effect, "due_on": due_on.isoformat()}
    said |= {"owner": str(owner), **named(finding.attachments.all())}
    _tell(caller.actor, Action.FINDING_RAISED, finding, said)
    return finding


def _keep(finding: Finding, files: list[Attachment]) -> None:
    """The record with the files that it names: neither changes afterwards."""
    finding.record = canonical(record_of(finding, files))
    finding.digest = sha256(finding.record).hexdigest()
    finding.save()
    for file in files:
        file.finding = finding
    Attachment.objects.bulk_create(files)


def _check(
    version: ModelVersion, severity: str, effect: str, anchor: str, owner: UUID, due_on: date
) -> None:
    if severity not in Severity.values:
        raise Invalid("The severity is high, medium or low.", field="severity")
    if effect not in FindingEffect.values:
        raise Invalid("The effect is blocking or condition.", field="effect")
    if anchor and anchor not in anchors_of(version):
        raise Invalid("There is no such gate, section or figure.", field="anchor")
    _check_owner(version, owner)
    _check_day(due_on)


def _check_owner(version: ModelVersion, owner: UUID) -> None:
    if not possible_owners(version.model.team_id).filter(pk=owner).exists():
        raise Invalid(
            "The owner is an active person of the owner team who reads the evidence.", field="owner"
        )


def _check_day(due_on: date) -> None:
    if not 0 <= (due_on - today()).days <= LATEST_DAYS:
        raise Invalid(
            f"It is due today or later, within {LATEST_DAYS} days from now.", field="due_on"
        )


@transaction.atomic
def answer_finding(
    *,
    caller: Caller,
    finding: Finding,
    text: str,
    evidence: Sequence[str] = (),
    attachments: Sequence[UUID] = (),
) -> FindingMove:
    """Say what was done; `evidence` names reports and cards of the model as `sha256:<hex>`.

    `attachments` are finished uploads of the caller; the record names them. Raises NotAllowed,
    Conflict if it is closed, Invalid, and what `take_files` raises.
    """
    _locked(finding.version_id)
    policies.may_answer_finding(caller, finding).enforce()
    _require(finding, closed=False)
    known = _known(finding, evidence)
    return _move(caller, finding, Move.ANSWERED, text, known, take_files(caller, attachments))


@transaction.atomic
def close_finding(*, caller: Caller, finding: Finding, text: str) -> FindingMove:
    """Say that it is settled; a quorum that waited for it is reported to the notary again.

    Raises NotAllowed (no reviewer, an owner, a contributor), Conflict, Invalid.
    """
    _locked(finding.version_id)
    policies.may_judge_finding(caller, finding).enforce()
    _require(finding, closed=False)
    move = _move(caller, finding, Move.CLOSED, text)
    reconsider(caller, finding.version)
    return move


@transaction.atomic
def reopen_finding(*, caller: Caller, finding: Finding, text: str) -> FindingMove:
    """Say that it is not settled after all. Raises NotAllowed, Conflict, Invalid."""
    _locked(finding.version_id)
    policies.may_judge_finding(caller, finding).enforce()
    _require(finding, closed=True)
    return _move(caller, finding, Move.REOPENED, text)


@transaction.atomic
def amend_finding(
    *,
    caller: Caller,
    finding: Finding,
    text: str,
    revision: int | None,
    owner: UUID | None = None,
    due_on: date | None = None,
) -> FindingAmendment:
    """Name another person who is to answer it, another day (UTC), or both; `text` says why.

    What is None stays. `revision` is that of the `Duty` which the caller was shown. Of a condition
    that signers accept, they sign again; while an approval in force names it, the day can only be
    one up to the one that was signed. Raises NotAllowed (no reviewer, an owner, a contributor),
    Outdated, Conflict, Invalid.
    """
    _locked(finding.version_id)
    policies.may_amend_finding(caller, finding).enforce()
    finding = Finding.objects.select_related("version__model", "owner").get(pk=finding.pk)
    _require(finding, closed=False)
    held = duty_of(finding)
    if revision != held.revision:
        raise Outdated("Owner or day are not those that were shown to you; load the finding again.")
    row = FindingAmendment(
        finding=finding,
        position=held.revision,
        was_owner=held.owner,
        was_due_on=held.due_on,
        owner_id=owner or held.owner.pk,
        due_on=due_on or held.due_on,
        text=written(text, "text", LONGEST_TEXT),
        person=caller.user.person,
        user=caller.user,
        at=timezone.now(),
    )
    _check_amended(row, held)
    row.record = canonical(record_of_amendment(row, held.amendment))
    row.digest = sha256(row.record).hexdigest()
    row.save()
    _tell(caller.actor, Action.FINDING_AMENDED, finding, _said_of(row))
    return row


def _check_amended(row: FindingAmendment, held: Duty) -> None:
    """What stays is not asked about again: its owner may have left, its day may have passed."""
    if (row.owner_id, row.due_on) == (held.owner.pk, held.due_on):
        raise Invalid("It has this owner and this day already.", field="owner")
    if row.owner_id != held.owner.pk:
        _check_owner(row.finding.version, row.owner_id)
    if row.due_on != held.due_on:
        _check_day(row.due_on)
        signed = day_signed(row.finding)
        if signed is not None and row.due_on > signed:
            raise Conflict(
                f"An approval in force was signed with {signed.isoformat()} as the day of this "
                "condition. A later day needs new signatures, after that approval has ended.",
                field="due_on",
            )


def _said_of(row: FindingAmendment) -> dict[str, Any]:
    return {
        "amendment": f"sha256:{row.digest}",
        "was_owner": str(row.was_owner_id),
        "was_due_on": row.was_due_on.isoformat(),
        "owner": str(row.owner_id),
        "due_on": row.due_on.isoformat(),
    }


def _require(finding: Finding, *, closed: bool) -> None:
    now = with_states(Finding.objects.filter(pk=finding.pk)).get()
    if (state_of(now) == Move.CLOSED) is not closed:
        raise Conflict(
            "This finding is closed; reopen it first." if not closed else "It is not closed."
        )


def _known(finding: Finding, evidence: Sequence[str]) -> list[str]:
    """The digests, once each, if they are of reports or cards of the same model."""
    wanted = list(dict.fromkeys(evidence))
    if len(wanted) > MOST_EVIDENCE:
        raise Invalid(f"At most {MOST_EVIDENCE} pieces of evidence.", field="evidence")
    bare = [digest.removeprefix("sha256:") for digest in wanted]
    of_model = {"version__model": finding.version.model_id, "digest__in": bare}
    there = set(Evidence.objects.filter(**of_model).values_list("digest", flat=True))
    there |= set(CardRevision.objects.filter(**of_model).values_list("digest", flat=True))
    if any(digest.removeprefix("sha256:") not in there for digest in wanted):
        raise Invalid("There is no such report or card of this model.", field="evidence")
    return [f"sha256:{digest}" for digest in dict.fromkeys(bare)]


def _move(
    caller: Caller,
    finding: Finding,
    kind: Move,
    text: str,
    evidence: Sequence[str] = (),
    files: Sequence[Attachment] = (),
) -> FindingMove:
    last = finding.moves.order_by("-position").first()
    move = FindingMove(
        finding=finding,
        position=last.position + 1 if last else 1,
        move=kind,
        text=written(text, "text", LONGEST_TEXT),
        evidence=list(evidence),
        person=caller.user.person,
        user=caller.user,
        at=timezone.now(),
    )
    move.record = canonical(record_of_move(move, last.digest if last else None, files))
    move.digest = sha256(move.record).hexdigest()
    move.save()
    for file in files:
        file.answer = move
    Attachment.objects.bulk_create(files)
    _tell(caller.actor, _ACTIONS[kind], finding, {"move": f"sha256:{move.digest}", **named(files)})
    return move


def _tell(actor: Actor, action: Action, finding: Finding, said: dict[str, Any]) -> None:
    record(
        actor=actor,
        action=action,
        subject=("version", finding.version_id),
        payload={
            "finding": f"sha256:{finding.digest}",
            "version_digest": f"sha256:{finding.version.digest}",
        }
        | said,
        related=[("model", finding.version.model_id)],
    )


def remind_overdue() -> int:
    """Say once of each finding, and of each day that it is given, that the day has passed.

    Returns how many.
    """
    rows = not_closed(with_states(Finding.objects.all())).filter(Q(due__lt=today()))
    due = rows.select_related("version__model").prefetch_related("amendments__owner")
    due = due.order_by(F("due"), "pk")
    told = _told([row.digest for row in due])
    late = [row for row in due if _late(row) not in told]
    return sum(_remind(row) for row in late[:MOST_AT_ONCE])


@transaction.atomic
def _remind(finding: Finding) -> bool:
    _locked(finding.version_id)
    held = Finding.objects.select_related("version__model").get(pk=finding.pk)
    digest, day = _late(held)
    if day >= today().isoformat() or (digest, day) in _told([finding.digest]):
        return False
    _tell(SYSTEM, Action.FINDING_OVERDUE, held, {"effect": held.effect, "due_on": day})
    return True


def _late(finding: Finding) -> tuple[str, str]:
    """By what the log knows that its day has passed: its digest, and the day."""
    return f"sha256:{finding.digest}", duty_of(finding).due_on.isoformat()


def _told(digests: Sequence[str]) -> set[tuple[str, str]]:
    """The findings, with their days, of which a reminder stands in the log."""
    named = [f"sha256:{digest}" for digest in digests]
    rows = events().filter(action=Action.FINDING_OVERDUE.value, payload__finding__in=named)
    return set(rows.values_list("payload__finding", "payload__due_on"))
