"""The emergency grants of a bundle, re-derived: proposal, two persons, policy, time."""

from dataclasses import dataclass
from functools import partial

from trust.bundle_approvals import Held, compare_with_manifest
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


@dataclass(frozen=True, slots=True)
class GrantedVersion:
    """A grant whose envelope a trusted key signed, and its version's manifest."""

    emergency: Emergency
    manifest: JsonObject


def read_emergencies(
    members: BundleMembers,
    keys: TrustedKeys,
    facts: LogFacts,
    held: Held,
    report: BundleReport,
) -> dict[str, GrantedVersion]:
    """Check every emergency grant; return those that a trusted key signed, by id."""
    found: dict[str, GrantedVersion] = {}
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
        manifest = _check_grant(members, emergency, member, facts, report)
        found[name] = GrantedVersion(emergency, manifest)
    if found:
        report.note(f"{len(found)} emergency grants let a version answer without an approval")
    return found


def _check_grant(
    members: BundleMembers,
    emergency: Emergency,
    member: str,
    facts: LogFacts,
    report: BundleReport,
) -> JsonObject:
    """The version's manifest."""
    path = version_manifest_member(digest_hex(emergency.version_digest))
    manifest = _behind(members, path, report)
    if manifest:
        compare_with_manifest(manifest, emergency, member, report)
    proposal = _behind(members, proposal_member(digest_hex(emergency.proposal_digest)), report)
    policy = _behind(members, policy_member(digest_hex(emergency.policy_digest)), report)
    steps = facts.emergencies.steps.get(emergency.proposal_digest, [])
    try:
        if proposal and policy:
            for problem in wrong_with_emergency(emergency, proposal, policy, steps):
                report.find(member, problem)
    except Malformed as error:
        report.find(member, str(error))
    return manifest


def _behind(members: BundleMembers, member: str, report: BundleReport) -> JsonObject:
    """The document that a grant refers to; empty, with a finding, if it is not there."""
    if not members.has(member):
        report.find(member, "an emergency grant refers to it, but it is not in the bundle")
        return {}
    return members.document(member) or {}
