"""Verbs of waivers: give one, withdraw it."""

from datetime import UTC, date, datetime, time

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from accounts.reauthentication import reauthenticate
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid
from governance import policies
from governance.documents import Policy
from governance.gates import GateResult
from governance.models import PolicyVersion, Waiver, WaiverWithdrawal
from governance.releases import LONGEST_REASON, end_approvals
from governance.selectors import policy_for, rests_on
from governance.services import LONGEST_TEXT, dry_run
from governance.signing import seal_record
from governance.texts import written
from governance.waiving import latest_expiry, record_of
from registry.models import ModelVersion, Status
from trust.times import format_moment

WITHDRAWN = "A waiver that it rests on was withdrawn."
_OUT_OF_USE = (Status.RETIRED, Status.QUARANTINED)


def waive(
    *,
    caller: Caller,
    version: ModelVersion,
    gate: str,
    gate_digest: str,
    reason: str,
    expires_on: date,
    password: str,
    code: str = "",
) -> Waiver:
    """Answer for a gate that has not passed, with the password in the same request.

    `gate_digest` is that of the finding that was shown, `expires_on` the day (UTC) on which the
    waiver no longer holds. It is for this version, policy and finding: of anything else it is
    no waiver. Raises NotAllowed (no role, a contributor, wrong password or code), Conflict,
    Invalid.
    """
    policy = policy_for(version.model)
    policies.may_waive(caller, version, Policy.read(policy.document)).enforce()
    reason = written(reason, "reason", LONGEST_TEXT)
    method = reauthenticate(caller=caller, password=password, code=code)
    return _waive(caller, version, gate, gate_digest, reason, expires_on, method)


@transaction.atomic
def _waive(
    caller: Caller,
    version: ModelVersion,
    gate: str,
    gate_digest: str,
    reason: str,
    expires_on: date,
    method: str,
) -> Waiver:
    locked = ModelVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if locked.status in _OUT_OF_USE:
        raise Conflict(f"A version that is {locked.get_status_display()} needs no waiver.")
    policy, now = policy_for(version.model), timezone.now()
    document = Policy.read(policy.document)
    policies.may_waive(caller, version, document).enforce()
    found = _finding(version, policy, gate, gate_digest)
    waiver = Waiver(
        version=version,
        policy=policy,
        gate=gate,
        state=found.state,
        measured=found.measured,
        reason=reason,
        not_after=_end(expires_on, now, document),
        person=caller.user.person,
        user=caller.user,
        role=policies.signing_role(caller, version.model.team_id, document) or "",
        printed_name=caller.user.person.name,
        at=now,
    )
    said = record_of(waiver, found.finding, method)
    made = seal_record(said, printed_name=waiver.printed_name)
    waiver.record, waiver.digest, waiver.salt = made.body, made.digest, made.salt
    waiver.save()
    _record_waiver(caller, waiver, policy, method)
    return waiver


def _finding(
    version: ModelVersion, policy: PolicyVersion, name: str, shown_digest: str
) -> GateResult:
    """The gate as it stands, if it is what was shown and may be waived."""
    gates = [gate for gate in dry_run(version, policy) if gate.gate == name]
    if not gates:
        raise Invalid("The policy in force asks for no such gate.", field="gate")
    if not any(gate.blocks or gate.waiver for gate in gates):
        raise Conflict("This gate has passed; there is nothing to waive.")
    if not any(gate.waivable for gate in gates):
        raise Invalid("The policy in force does not let this gate be waived.", field="gate")
    # Two floors of one metric are two findings under one name.
    found = next((gate for gate in gates if gate.waivable and gate.digest == shown_digest), None)
    if found is None:
        raise Conflict("This is not the finding that was shown to you; look at the gate again.")
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
