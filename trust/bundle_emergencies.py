"""The emergency grants of a bundle, re-derived: proposal, two persons, policy, time."""

from functools import partial

from trust.bundle_approvals import Held
from trust.bundle_layout import policy_member, proposal_member, version_manifest_member
from trust.bundle_log import LogFacts
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.digests import digest_hex
from trust.dsse import MAX_ENVELOPE_BYTES
from trust.emergency import Emergency, read_emergency
from trust.emergency_records import wrong_with_emergency
from trust.errors import Malformed, TrustError, Untrusted
from trust.fields import JsonObject
from trust.keys import TrustedKeys


def read_emergencies(
    members: BundleMembers,
    keys: TrustedKeys,
    facts: LogFacts,
    held: Held,
    report: BundleReport,
) -> dict[str, Emergency]:
    """Check every emergency grant; return those that a trusted key signed, by id."""
    found: dict[str, Emergency] = {}
    for member, name in members.folder("emergencies/", ".dsse.json"):
        report.count("emergency grants")
        key = (name, members.digests[member])
        try:
            place = facts.emergencies.granted.get(key)
            envelope = members.read(member, MAX_ENVELOPE_BYTES)
            emergency = read_emergency(envelope, keys, partial(held, place))
            if emergency.id != name:
                raise Untrusted("it is the emergency grant of another id")
        except TrustError as error:
            report.find(member, str(error))
            continue
        if key not in facts.emergencies.granted:
            report.find(member, "the log has no event that this emergency grant was given")
        _check_grant(members, emergency, member, facts, report)
        found[name] = emergency
    if found:
        report.note(f"{len(found)} emergency grants let a version answer without an approval")
    return found


def _check_grant(
    members: BundleMembers,
    emergency: Emergency,
    member: str,
    facts: LogFacts,
    report: BundleReport,
) -> None:
    _behind(members, version_manifest_member(digest_hex(emergency.version_digest)), report)
    proposal = _behind(members, proposal_member(digest_hex(emergency.proposal_digest)), report)
    policy = _behind(members, policy_member(digest_hex(emergency.policy_digest)), report)
    if not proposal or not policy:
        return
    steps = facts.emergencies.steps.get(emergency.proposal_digest, [])
    try:
        for problem in wrong_with_emergency(emergency, proposal, policy, steps):
            report.find(member, problem)
    except Malformed as error:
        report.find(member, str(error))


def _behind(members: BundleMembers, member: str, report: BundleReport) -> JsonObject:
    """The document that a grant refers to; empty, with a finding, if it is not there."""
    if not members.has(member):
        report.find(member, "an emergency grant refers to it, but it is not in the bundle")
        return {}
    return members.document(member) or {}
