"""The prediction records of a bundle: each was answered under a valid approval."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from trust.approval import Approval, why_not_at, why_not_served, why_stale_at
from trust.bundle_approvals import ApprovedVersion, version_names
from trust.bundle_emergencies import GrantedVersion
from trust.bundle_log import LogFacts
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.emergency import why_no_emergency_at
from trust.errors import TrustError, Untrusted
from trust.fields import (
    JsonObject,
    as_object,
    read_count,
    read_digest,
    read_moment,
    read_text,
)
from trust.scope import require_in_scope
from trust.strict_json import parse_strict

# Revocations reach every connected process within a second; the signed grace covers the rest.
REVOCATION_REACH = timedelta(seconds=1)


def check_predictions(
    members: BundleMembers,
    approved: Mapping[str, ApprovedVersion],
    granted: Mapping[str, GrantedVersion],
    facts: LogFacts,
    report: BundleReport,
) -> None:
    """Check every sealed batch and, record by record, what it was answered under: an
    approval, or an emergency grant."""
    for member, batch in members.folder("predictions/", ".jsonl"):
        if not members.has(member):
            continue
        number = 0
        try:
            for line in members.lines(member):
                number += 1
                _check_line(line, member, number, approved, granted, facts, report)
        except TrustError as error:
            report.find(member, str(error))
        _check_batch(batch, members.digests[member], number, member, facts, report)
        report.count("predictions", number)


def _check_batch(
    batch: str, digest: str, number: int, member: str, facts: LogFacts, report: BundleReport
) -> None:
    """The records are those that were sealed or, if the log tells that inputs and outputs were
    deleted, those that it says are left."""
    left = facts.retention.emptied.get(batch)
    if left is None:
        if (batch, digest, number) not in facts.sealed:
            report.find(member, "the log has no event that these records were sealed")
    elif (digest, number) != left[:2] or batch not in {sealed[0] for sealed in facts.sealed}:
        report.find(member, "it is not what the log says is left of these records")
    else:
        report.note(f"inputs and outputs of {number} predictions were {left[2]}")


def _check_line(
    line: bytes,
    member: str,
    number: int,
    approved: Mapping[str, ApprovedVersion],
    granted: Mapping[str, GrantedVersion],
    facts: LogFacts,
    report: BundleReport,
) -> None:
    try:
        record = as_object(parse_strict(line), "the record")
        if "emergency" in record:
            _check_in_emergency(record, granted, facts)
            report.note("predictions were answered under an emergency grant")
            return
        late = _check_record(record, approved, facts)
    except TrustError as error:
        report.find(member, f"record {number}: {error}")
        return
    if late:
        report.note("predictions were answered after a revocation, within the signed grace")


def _check_record(
    record: JsonObject, approved: Mapping[str, ApprovedVersion], facts: LogFacts
) -> bool:
    """Whether the record lies in the grace after a revocation. Raises for one without right."""
    read_text(record, "id")
    read_digest(record, "input_digest")
    read_digest(record, "output_digest")
    moment = read_moment(record, "at")
    version = approved.get(read_text(record, "approval"))
    if version is None:
        raise Untrusted("its approval is not in the bundle, or cannot be trusted")
    approval = version.approval
    if read_digest(record, "version_digest") != approval.version_digest:
        raise Untrusted("its approval is for another version")
    _require_named(record, version.manifest)
    reason = why_not_served(approval) or why_not_at(approval, moment)
    if reason:
        raise Untrusted(reason.removesuffix("."))
    require_in_scope(record, approval.limits)
    facts.shares.require_told(record, moment, REVOCATION_REACH + approval.outage_grace)
    _require_fresh(approval, moment, facts)
    return _is_late(approval, moment, facts.revoked.get(approval.id))


def _require_named(record: JsonObject, manifest: JsonObject) -> None:
    name = f"{read_text(record, 'model')}/{read_count(record, 'number')}"
    if manifest and name not in version_names(manifest):
        raise Untrusted("its model and number are not those of its version")


def _check_in_emergency(
    record: JsonObject, granted: Mapping[str, GrantedVersion], facts: LogFacts
) -> None:
    """Raises for a record that no emergency grant covers."""
    read_text(record, "id")
    read_digest(record, "input_digest")
    read_digest(record, "output_digest")
    moment = read_moment(record, "at")
    version = granted.get(read_text(record, "emergency"))
    if version is None or "approval" in record:
        raise Untrusted("its emergency grant is not in the bundle, or cannot be trusted")
    emergency = version.emergency
    _require_named(record, version.manifest)
    ended = facts.emergencies.ended.get(emergency.id, moment)
    wrong = {
        "its emergency grant is for another version": (
            read_digest(record, "version_digest") != emergency.version_digest
        ),
        "its emergency grant is for another alias": record.get("alias") != emergency.alias,
        "its emergency grant is for another environment": (
            record.get("environment", "") != emergency.environment
        ),
        "its emergency grant was not in force": why_no_emergency_at(emergency, moment) != "",
        "its emergency grant was ended": moment > ended + REVOCATION_REACH,
    }
    reason = next((why for why, is_so in wrong.items() if is_so), "")
    if reason:
        raise Untrusted(reason)


def _require_fresh(approval: Approval, moment: datetime, facts: LogFacts) -> None:
    """Until it was noticed that an approval is stale, nobody could stop serving it."""
    since, noticed = facts.stale.get(approval.id, (None, moment))
    if moment > noticed + REVOCATION_REACH + approval.outage_grace:
        reason = why_stale_at(approval, moment, since)
        if reason:
            raise Untrusted(reason.removesuffix("."))


def _is_late(approval: Approval, moment: datetime, revoked_at: datetime | None) -> bool:
    if revoked_at is None or moment <= revoked_at:
        return False
    if moment > revoked_at + REVOCATION_REACH + approval.outage_grace:
        raise Untrusted("The approval was revoked")
    return True
