"""Verbs of waivers: give one, withdraw it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from accounts.proving import Proof, prove, way_of
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid
from governance import policies
from governance.approvals.releases import LONGEST_REASON, end_approvals
from governance.evidence.gates import GateResult
from governance.models import PolicyVersion, Waiver, WaiverWithdrawal
from governance.policy.documents import Policy
from governance.reviewing.signing import seal_record
from governance.selectors import policy_for, rests_on
from governance.services import LONGEST_TEXT, dry_run
from governance.texts import written
from governance.waivers.records import latest_expiry, record_of
from registry.models import ModelVersion, Status
from trust.methods import PASSKEY, PASSWORD
from trust.passkeys import WAIVE, WAIVE_WORDS
from trust.times import format_moment

WITHDRAWN = "A waiver that it rests on was withdrawn."
_OTHER_FINDING = "This is not the finding that was shown to you; look at the gate again."
_OUT_OF_USE = (Status.RETIRED, Status.QUARANTINED)


def waive(
    *,
    caller: Caller,
    version: ModelVersion,
    gate: str,
    gate_digest: str,
    reason: str,
    expires_on: date,
    password: str = "",
    code: str = "",
    passkey: Mapping[str, Any] | None = None,
    sign_in: UUID | None = None,
) -> Waiver:
    """Answer for a gate that has not passed, with the password or a passkey in the same request.

    `gate_digest` is that of the finding that was shown, `expires_on` the day (UTC) on which the
    waiver no longer holds. It is for this version, policy and finding: of anything else it is
    no waiver. `passkey` is the answer to a challenge for these very words, `sign_in` a question to
    the identity provider for them (see `governance.reviewing.asking`). Raises NotAllowed (no role,
    a contributor, wrong proof), Conflict, Invalid.
    """
    words = words_to_waive(
        caller=caller,
        version=version,
        gate_digest=gate_digest,
        reason=reason,
        expires_on=expires_on,
        by=way_of(passkey, sign_in),
    )
    proof = prove(
        caller=caller,
        act=WAIVE,
        words=words,
        password=password,
        code=code,
        passkey=passkey,
        sign_in=sign_in,
    )
    wish = Wish(gate, gate_digest, written(reason, "reason", LONGEST_TEXT), expires_on)
    return _waive(caller, version, wish, proof)


@dataclass(frozen=True)
class Wish:
    """What is to be waived, as it was shown, why and until when; any gate where none is named."""

    gate: str | None
    gate_digest: str
    reason: str
    expires_on: date


def words_to_waive(
    *,
    caller: Caller,
    version: ModelVersion,
    gate_digest: str,
    reason: str,
    expires_on: date,
    by: str,
) -> dict[str, Any]:
    """The part of a waiver's record that a proof commits to; a password commits to nothing.

    Raises NotAllowed where the caller may not waive, or not in this way; Conflict, Invalid.
    """
    policy = policy_for(version.model)
    document = Policy.read(policy.document)
    policies.may_waive(caller, version, document).enforce()
    policies.may_prove(caller, document, by=by).enforce()
    reason = written(reason, "reason", LONGEST_TEXT)
    if by == PASSWORD:
        return {}
    wish = Wish(None, gate_digest, reason, expires_on)
    waiver, finding = _drafted(caller, version, policy, wish)
    return _words(waiver, finding)


def _words(waiver: Waiver, finding: dict[str, Any]) -> dict[str, Any]:
    said = record_of(waiver, finding, PASSKEY)
    return {word: said[word] for word in WAIVE_WORDS}


def _drafted(
    caller: Caller, version: ModelVersion, policy: PolicyVersion, wish: Wish
) -> tuple[Waiver, dict[str, Any]]:
    """The waiver without its record, and the finding that it is for."""
    document, now = Policy.read(policy.document), timezone.now()
    found = _finding(version, policy, wish.gate, wish.gate_digest)
    waiver = Waiver(
        version=version,
        policy=policy,
        gate=found.gate,
        state=found.state,
        measured=found.measured,
        reason=wish.reason,
        not_after=_end(wish.expires_on, now, document),
        person=caller.user.person,
        user=caller.user,
        role=policies.signing_role(caller, version.model.team_id, document) or "",
        printed_name=caller.user.person.name,
        at=now,
    )
    return waiver, found.finding


@transaction.atomic
def _waive(caller: Caller, version: ModelVersion, wish: Wish, proof: Proof) -> Waiver:
    locked = ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if locked.status in _OUT_OF_USE:
        raise Conflict(f"A version that is {locked.get_status_display()} needs no waiver.")
    policy = policy_for(version.model)
    policies.may_waive(caller, version, Policy.read(policy.document)).enforce()
    waiver, finding = _drafted(caller, version, policy, wish)
    proof.hold(WAIVE, _words(waiver, finding))
    said = record_of(waiver, finding, proof.method) | proof.said()
    made = seal_record(said, printed_name=waiver.printed_name)
    waiver.record, waiver.digest, waiver.salt = made.body, made.digest, made.salt
    waiver.save()
    _record_waiver(caller, waiver, policy, proof.method)
    return waiver


def _finding(
    version: ModelVersion, policy: PolicyVersion, name: str | None, shown_digest: str
) -> GateResult:
    """The gate as it stands, if it is what was shown and may be waived."""
    gates = dry_run(version, policy)
    if name is None:
        name = next((gate.gate for gate in gates if gate.digest == shown_digest), None)
        if name is None:
            raise Conflict(_OTHER_FINDING)
    gates = [gate for gate in gates if gate.gate == name]
    if not gates:
        raise Invalid("The policy in force asks for no such gate.", field="gate")
    if not any(gate.blocks or gate.waiver for gate in gates):
        raise Conflict("This gate has passed; there is nothing to waive.")
    if not any(gate.waivable for gate in gates):
        raise Invalid("The policy in force does not let this gate be waived.", field="gate")
    # Two floors of one metric are two findings under one name.
    found = next((gate for gate in gates if gate.waivable and gate.digest == shown_digest), None)
    if found is None:
        raise Conflict(_OTHER_FINDING)
    if found.waiver is not None:
        raise Conflict("This finding is waived already; withdraw that waiver first.")
    return found


def _end(day: date, now: datetime, policy: Policy) -> datetime:
    latest = latest_expiry(policy, now)
    if not now.astimezone(UTC).date() < day <= latest:
        raise Invalid(
            f"A waiver ends after today and at the latest on {latest}.", field="expires_on"
        )
    return datetime.combine(day, time.min, UTC)


def _record_waiver(caller: Caller, waiver: Waiver, policy: PolicyVersion, method: str) -> None:
    record(
        actor=caller.actor,
        action=Action.WAIVER_GIVEN,
        subject=("version", waiver.version_id),
        payload={
            "waiver": f"sha256:{waiver.digest}",
            "version_digest": f"sha256:{waiver.version.digest}",
            "policy_digest": f"sha256:{policy.digest}",
            "gate": waiver.gate,
            "role": waiver.role,
            "method": method,
            "not_after": format_moment(waiver.not_after),
        },
        related=[("model", waiver.version.model_id)],
    )


@transaction.atomic
def withdraw_waiver(*, caller: Caller, waiver: Waiver, reason: str) -> WaiverWithdrawal:
    """End a waiver before its time; the approval that rests on it ends with it.

    Raises NotAllowed, Conflict if it is withdrawn already, Invalid.
    """
    policies.may_withdraw_waiver(caller, waiver).enforce()
    reason = written(reason, "reason", LONGEST_TEXT)
    version = ModelVersion.objects.select_for_update(no_key=True).get(pk=waiver.version_id)
    if WaiverWithdrawal.objects.filter(waiver=waiver).exists():
        raise Conflict("This waiver is withdrawn already.")
    withdrawal = WaiverWithdrawal.objects.create(waiver=waiver, reason=reason, by=caller.user)
    record(
        actor=caller.actor,
        action=Action.WAIVER_WITHDRAWN,
        subject=("version", waiver.version_id),
        payload={"waiver": f"sha256:{waiver.digest}", "gate": waiver.gate},
        related=[("model", waiver.version.model_id)],
    )
    if rests_on(waiver):
        end_approvals(caller, version, f"{WITHDRAWN} {reason}"[:LONGEST_REASON])
    return withdrawal
