"""What the log tells of legal holds, and the records of them that a bundle holds."""

from collections import Counter
from dataclasses import dataclass, field

from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.bundle_seal import LogEvent
from trust.digests import DIGEST_PREFIX
from trust.errors import Malformed
from trust.fields import JsonObject, read_count, read_digest, read_objects, read_text

DELETED, EMPTIED = "bytes.deleted", "predictions.emptied"
# What goes of a prediction record.
EMPTIED_FIELDS = ("input", "output")
HOLD_PLACED, HOLD_LIFTED = "hold.placed", "hold.lifted"
HOLD_TYPES = {HOLD_PLACED: "assay/hold/1", HOLD_LIFTED: "assay/hold-lift/1"}


@dataclass(slots=True)
class RetentionLog:
    """What the disclosed events say of what must be kept."""

    records: dict[str, tuple[str, object]] = field(default_factory=dict)
    """digest of the record of a hold, or of its end -> the action that told of it, the person"""
    held: dict[str, bool] = field(default_factory=dict)
    """hold -> whether it is in force"""
    deleted: dict[str, str] = field(default_factory=dict)
    """digest of a file that was deleted -> when, and by whom it was confirmed"""
    emptied: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    """batch of predictions -> (digest of what is left, number of records, when and by whom)"""

    def add(self, event: LogEvent) -> None:
        """Take in one event. Raises Malformed for a payload without its fields."""
        if event.action in HOLD_TYPES:
            digest = read_digest(event.payload, "record")
            self.records[digest] = (event.action, event.person)
            self.held[read_text(event.payload, "hold")] = event.action == HOLD_PLACED
        elif event.action == DELETED:
            said = f"deleted on {event.at:%Y-%m-%d}, confirmed by the person {event.person}"
            self.deleted.update(dict.fromkeys(deleted_by(event.payload), said))
        elif event.action == EMPTIED:
            said = f"deleted on {event.at:%Y-%m-%d}, confirmed by the person {event.person}"
            left = read_digest(event.payload, "kept"), read_count(event.payload, "count"), said
            self.emptied[read_text(event.payload, "batch")] = left


def deleted_by(payload: JsonObject) -> list[str]:
    """The digests of the files that an event of a deletion names. Raises Malformed."""
    return [read_digest(entry, "digest") for entry in read_objects(payload, "files")]


def note_deleted(log: RetentionLog, report: BundleReport) -> None:
    """Say whose digests alone are left: a deletion that the log tells of is no finding."""
    for said, files in sorted(Counter(log.deleted.values()).items()):
        report.note(f"{files} files were {said}; their digests are kept")


def check_holds(members: BundleMembers, log: RetentionLog, report: BundleReport) -> None:
    """Every record of a hold, or of its end, is one that the log tells of, by that person.

    That its bytes have the digest that the member is called by is checked with all such members.
    """
    for member, name in members.folder("holds/", ".json"):
        report.count("records of holds")
        why = _wrong_with(members.document(member) or {}, log.records.get(DIGEST_PREFIX + name))
        if why:
            report.find(member, why)
    held = sum(log.held.values())
    if held:
        report.note(f"{held} legal holds are in force by the disclosed events")


def _wrong_with(record: JsonObject, told: tuple[str, object] | None) -> str:
    if told is None:
        return "the log has no event of this hold"
    action, person = told
    try:
        if read_text(record, "type") != HOLD_TYPES[action]:
            return "it is no record of what the log tells"
        return "" if read_text(record, "person") == person else "the log names another person"
    except Malformed as error:
        return str(error)
