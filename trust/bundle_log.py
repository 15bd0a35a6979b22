"""The disclosed events of a bundle: each at its place in the log, and what they establish."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from trust.bundle_attachments import NAMING_ACTIONS, attached_to
from trust.bundle_layout import EVENTS_MEMBER
from trust.bundle_members import BundleMembers
from trust.bundle_register import RegisterLog
from trust.bundle_report import BundleReport
from trust.bundle_retention import RetentionLog
from trust.bundle_seal import BundleManifest, LogEvent, parse_event
from trust.bundle_shares import ShareLog
from trust.emergency_records import EmergencyLog
from trust.errors import Malformed, TrustError
from trust.fields import read_count, read_digest, read_moment, read_text
from trust.findings import FindingLog
from trust.merkle import HASH_BYTES, leaf_hash
from trust.passkeys import LoggedPasskey, note_proof
from trust.sign_ins import LoggedIdentity

_MEASURED = ("evaluation.completed", "explanation.completed")


@dataclass(slots=True)
class LogFacts:
    """What the disclosed events say, by the ids that other members refer to."""

    approved: dict[tuple[str, str], int] = field(default_factory=dict)
    """(approval, digest of its envelope) -> its place in the log"""
    signed: dict[str, object] = field(default_factory=dict)
    """signature digest -> the acting person"""
    waived: dict[str, object] = field(default_factory=dict)
    """waiver digest -> the acting person"""
    waivers_withdrawn: dict[str, datetime] = field(default_factory=dict)
    """waiver digest -> the first withdrawal"""
    passkeys: dict[str, LoggedPasskey | LoggedIdentity] = field(default_factory=dict)
    """digest of a credential's id, or of an account at a provider -> whose it is"""
    plans_sealed: set[str] = field(default_factory=set)
    """digest of a plan"""
    plans_late: set[str] = field(default_factory=set)
    """digest of a plan of which a run was asked for before it was sealed"""
    stored: dict[str, datetime] = field(default_factory=dict)
    """digest of a report -> the first event that names it"""
    champions: dict[object, list[tuple[datetime, object]]] = field(default_factory=dict)
    """model -> the versions that held the alias `champion`, in order"""
    pointed_at: set[object] = field(default_factory=set)
    """digests of the versions that ever held an alias"""
    licences: dict[object, list[tuple[datetime, object]]] = field(default_factory=dict)
    """model -> its licences, in order; None where the event does not say which"""
    revoked: dict[str, datetime] = field(default_factory=dict)
    """approval -> the first revocation"""
    stale: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """approval -> since when it is stale, and when that was noticed"""
    sealed: set[tuple[str, str, int]] = field(default_factory=set)
    """(batch, digest, number of records)"""
    validated: dict[str, object] = field(default_factory=dict)
    """digest of a validation report -> the person who finished it"""
    attached: set[str] = field(default_factory=set)
    """digest of a file that a comment, a finding or an answer names"""
    findings: FindingLog = field(default_factory=FindingLog)
    emergencies: EmergencyLog = field(default_factory=EmergencyLog)
    retention: RetentionLog = field(default_factory=RetentionLog)
    register: RegisterLog = field(default_factory=RegisterLog)
    shares: ShareLog = field(default_factory=ShareLog)

    def add(self, event: LogEvent, index: int) -> None:
        """Take in one event. Raises Malformed for a payload without its fields."""
        payload = event.payload
        self.add_gates(event)
        self._add_written(event)
        self.findings.add(event)
        self.emergencies.add(event, index)
        self.retention.add(event)
        self.register.add(event)
        self.shares.add(event)
        if event.action == "version.approved":
            digest = read_digest(payload, "envelope_digest")
            self.approved.setdefault((read_text(payload, "approval"), digest), index)
        elif event.action == "review.signed":
            self.signed[read_digest(payload, "signature")] = event.person
        elif event.action == "waiver.given":
            self.waived[read_digest(payload, "waiver")] = event.person
        elif event.action == "waiver.withdrawn":
            waiver = read_digest(payload, "waiver")
            withdrawn = self.waivers_withdrawn
            withdrawn[waiver] = min(event.at, withdrawn.get(waiver, event.at))
        elif event.action == "plan.sealed":
            self.plans_sealed.add(read_digest(payload, "plan"))
        elif event.action == "evaluation.requested" and "plan" in payload:
            plan = read_digest(payload, "plan")
            self.plans_late |= {plan} - self.plans_sealed
        elif event.action == "approval.revoked":
            approval = read_text(payload, "approval")
            self.revoked[approval] = min(event.at, self.revoked.get(approval, event.at))
        elif event.action == "approval.stale":
            self.stale.setdefault(
                read_text(payload, "approval"), (read_moment(payload, "since"), event.at)
            )
        elif event.action == "predictions.sealed":
            batch, digest = read_text(payload, "batch"), read_digest(payload, "digest")
            self.sealed.add((batch, digest, read_count(payload, "count")))
        note_proof(self.passkeys, event)

    def _add_written(self, event: LogEvent) -> None:
        if event.action == "alias.moved":
            self.pointed_at.add(event.payload.get("to"))
        if event.action == "validation.finished":
            self.validated[read_digest(event.payload, "validation")] = event.person
        if event.action in NAMING_ACTIONS:
            self.attached.update(attached_to(event.payload))

    def add_gates(self, event: LogEvent) -> None:
        """What gates are asked about, of an event: evidence, champions, licences."""
        payload = event.payload
        if event.action in _MEASURED:
            reports = payload.get("reports")
            for digest in reports.values() if isinstance(reports, dict) else ():
                self.stored.setdefault(str(digest), event.at)
        elif event.action == "alias.moved" and payload.get("alias") == "champion":
            self.champions.setdefault(event.subject, []).append((event.at, payload.get("to")))
        elif event.action == "model.registered" or _is_of_licence(event):
            self.licences.setdefault(event.subject, []).append((event.at, payload.get("licence")))


def _is_of_licence(event: LogEvent) -> bool:
    fields = event.payload.get("fields")
    return event.action == "model.changed" and isinstance(fields, list) and "licence" in fields


def read_events(
    members: BundleMembers, manifest: BundleManifest, leaves: bytes, report: BundleReport
) -> LogFacts:
    """Check every disclosed event against its leaf and gather what the events say."""
    facts, seen = LogFacts(), -1
    wanted = _wanted_indices(manifest)
    if not members.has(EVENTS_MEMBER):
        return facts
    try:
        for line in members.lines(EVENTS_MEMBER):
            index, data = _split_line(line)
            if index <= seen:
                raise Malformed(f"event {index} does not come after event {seen}")
            seen = index
            if next(wanted, None) != index:
                raise Malformed(f"events before event {index} are left out, or it is too many")
            _check_event(index, data, leaves, facts, report)
    except TrustError as error:
        report.find(EVENTS_MEMBER, str(error))
        return facts
    if next(wanted, None) is not None:
        report.find(EVENTS_MEMBER, f"events after event {seen} are left out")
    if manifest.disclosed is not None:
        report.note("part of the log is disclosed: later revocations may not be shown")
    return facts


def _wanted_indices(manifest: BundleManifest) -> Iterator[int]:
    if manifest.disclosed is None:
        return iter(range(manifest.log_size))
    return iter(manifest.disclosed)


def _split_line(line: bytes) -> tuple[int, bytes]:
    number, tab, data = line.partition(b"\t")
    if not tab or not number.isdigit() or len(number) > 18 or str(int(number)).encode() != number:
        raise Malformed("a line is not an index, a tab and an event")
    return int(number), data


def _check_event(
    index: int, data: bytes, leaves: bytes, facts: LogFacts, report: BundleReport
) -> None:
    report.count("events")
    if leaf_hash(data) != leaves[index * HASH_BYTES : (index + 1) * HASH_BYTES]:
        report.find(EVENTS_MEMBER, f"event {index} is not the one in the log")
    try:
        facts.add(parse_event(data), index)
    except Malformed as error:
        report.find(EVENTS_MEMBER, f"event {index}: {error}")
