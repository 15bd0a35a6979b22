"""Waiver records, and which of them hold: for the exact finding, by persons who might waive it now.

The notary asks the same, so nothing here believes a column that the record does not say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.utils import timezone

from accounts.passkeys.records import logged_proofs
from accounts.proposals.two_persons import standing_roles
from accounts.selectors import counts_since
from governance.evidence.gates import GateResult
from governance.models import PolicyVersion, Waiver
from governance.policy.documents import Policy
from governance.reviewing.signing import is_proved
from registry.models import ModelVersion
from registry.selectors import contributor_ids
from trust.canonical import canonical
from trust.errors import Malformed
from trust.fields import as_object, read_digest, read_text
from trust.methods import METHODS
from trust.passkeys import ASSERTION, WAIVE, WAIVE_WORDS
from trust.sign_ins import SIGN_IN
from trust.strict_json import parse_strict
from trust.times import format_moment
from trust.waivers import WAIVER_RECORD_TYPE, may_be_waived

MEANING = "I know of this finding and answer for the use of this version in spite of it."


def record_of(waiver: Waiver, finding: dict[str, Any], method: str) -> dict[str, Any]:
    """What a person signs with a waiver of a finding, but for the commitment to the name.

    `method` says how the person was asked who he is.
    """
    return {
        "type": WAIVER_RECORD_TYPE,
        "version_digest": f"sha256:{waiver.version.digest}",
        "policy_digest": f"sha256:{waiver.policy.digest}",
        "finding": finding,
        "person": str(waiver.person_id),
        "user": str(waiver.user_id),
        "role": waiver.role,
        "meaning": MEANING,
        "reason": waiver.reason,
        "at": format_moment(waiver.at),
        "not_after": format_moment(waiver.not_after),
        "method": method,
    }


def latest_expiry(policy: Policy, now: datetime) -> date:
    """The last day that a waiver may name: as long as the policy lets an approval hold."""
    return (now + timedelta(days=policy.validity_days)).astimezone(UTC).date()


def as_statement(waiver: Waiver) -> dict[str, str]:
    """The waiver as it stands in the statement that persons sign."""
    return {
        "gate": waiver.gate,
        "digest": f"sha256:{waiver.digest}",
        "not_after": format_moment(waiver.not_after),
    }


def with_waivers(
    gates: Sequence[GateResult], *, version: ModelVersion, policy: PolicyVersion
) -> list[GateResult]:
    """The gates, each saying whether it may be waived and which waiver of it holds now."""
    waivable = Policy.read(policy.document).waivable
    asked = [gate for gate in gates if gate.blocks and may_be_waived(gate.gate, waivable)]
    given = holding_waivers(version, policy, {gate.gate for gate in asked}) if asked else []
    return [
        replace(gate, waivable=True, waiver=_waiver_of(gate, given)) if gate in asked else gate
        for gate in gates
    ]


def holding_waivers(
    version: ModelVersion, policy: PolicyVersion, gates: Iterable[str]
) -> list[Waiver]:
    """Waivers of these gates by persons who might give them now, the oldest first.

    A person counts who is active through an active login that was not closed since, still has a
    signing role in the owner team, given by two persons, and is no contributor; where the policy
    demands a second factor or a passkey, who showed one. What a passkey signed must fit.
    """
    rows = Waiver.objects.filter(
        person__is_active=True,
        version=version,
        policy__digest=policy.digest,
        gate__in=gates,
        withdrawal=None,
        not_after__gt=timezone.now(),
    )
    given = list(rows.select_related("version__model", "policy", "user").order_by("at", "pk"))
    if not given:
        return []
    barred = set(contributor_ids(version))
    rules = Policy.read(policy.document)
    roles = standing_roles(version.model.team_id, {waiver.person_id for waiver in given})
    may = {person for person, held in roles.items() if held & set(rules.roles)}
    known = logged_proofs(waiver.person_id for waiver in given)
    return [
        waiver
        for waiver in given
        if waiver.person_id in may - barred
        and waiver.user.is_active
        and waiver.user.person_id == waiver.person_id
        and counts_since(waiver.user, waiver.at)
        and is_proved(waiver.record, rules, WAIVE, WAIVE_WORDS, known)
    ]


def _waiver_of(gate: GateResult, given: Iterable[Waiver]) -> Waiver | None:
    return next((waiver for waiver in given if _is_for(waiver, gate.finding)), None)


def _is_for(waiver: Waiver, finding: dict[str, Any]) -> bool:
    """Whether record and columns say exactly that this finding is waived, byte for byte."""
    body = bytes(waiver.record)
    columns = {"gate": waiver.gate, "state": waiver.state, "measured": waiver.measured}
    if sha256(body).hexdigest() != waiver.digest or finding | columns != finding:
        return False
    try:
        record = as_object(parse_strict(body), "the record")
        commitment, method = read_digest(record, "name_commitment"), read_text(record, "method")
    except Malformed:
        return False
    said = record_of(waiver, finding, method) | {"name_commitment": commitment}
    said |= {held: record[held] for held in (ASSERTION, SIGN_IN) if held in record}
    return method in METHODS and body == canonical(said)
