"""The notary's look at findings: from the records, and again from the log's own bytes."""

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import Conflict
from governance.findings.models import FindingAmendment
from governance.findings.records import (
    open_findings,
    record_of,
    record_of_amendment,
    record_of_move,
)
from governance.models import Finding, FindingEffect, FindingMove
from registry.models import ModelVersion
from registry.selectors import contributor_ids
from trust.bundle_seal import parse_event
from trust.canonical import canonical
from trust.findings import FindingLog

TOLD = (
    Action.FINDING_RAISED.value,
    Action.FINDING_ANSWERED.value,
    Action.FINDING_CLOSED.value,
    Action.FINDING_REOPENED.value,
    Action.FINDING_AMENDED.value,
)


def check_findings(version: ModelVersion) -> None:
    """Nothing that blocks is open, and records and log say the same. Raises Conflict.

    The bytes of the events count, not their columns; a finding that somebody closed who had a hand
    in the version is as open as before.
    """
    log, moves = _told(version)
    then = log.now(f"sha256:{version.digest}")
    held = {f"sha256:{row.digest}" for row in open_findings([version.pk])}
    if then.open != held or moves != _held(version):
        raise Conflict("The findings of this version are not those of which the log tells.")
    barred = {str(person) for person in contributor_ids(version)}
    if barred & {str(person) for person in then.closed_by.values()}:
        raise Conflict("A contributor to the version closed one of its findings.")
    amended = [said for one in then.amended.values() for said in one]
    if barred & {str(said.person) for said in amended}:
        raise Conflict("A contributor to the version amended one of its findings.")
    blocking = [digest for digest in then.open if log.raised[digest].effect != _CONDITION]
    if blocking:
        raise Conflict(f"Findings that block the approval are open: {len(blocking)}.")


_CONDITION = FindingEffect.CONDITION.value


def _told(version: ModelVersion) -> tuple[FindingLog, set[str]]:
    logged = AuditEvent.objects.filter(
        action__in=TOLD, subject_type="version", subject_id=str(version.pk)
    ).order_by("pk")
    log, moves = FindingLog(), set()
    for leaf in logged.values_list("leaf", flat=True):
        event = parse_event(bytes(leaf))
        log.add(event)
        moved = event.payload.get("move") or event.payload.get("amendment")
        said = (event.payload.get("finding"), moved, event.person)
        moves.add("|".join(map(str, said)))
    return log, moves


def _held(version: ModelVersion) -> set[str]:
    """The same of the rows whose bytes are what their columns say. Raises Conflict."""
    found = set()
    raised = Finding.objects.filter(version=version).select_related("version")
    for row in raised.prefetch_related("attachments"):
        if bytes(row.record) != canonical(record_of(row, row.attachments.all())):
            raise Conflict(f"The record of the finding F-{row.number} is not what its row says.")
        found.add(f"sha256:{row.digest}|None|{row.person_id}")
    return found | _held_moves(version) | _held_amendments(version)


def _held_moves(version: ModelVersion) -> set[str]:
    found, before = set(), dict[object, str]()
    rows = FindingMove.objects.filter(finding__version=version).select_related("finding")
    for move in rows.prefetch_related("attachments").order_by("finding", "position"):
        said = record_of_move(move, before.get(move.finding_id), move.attachments.all())
        if bytes(move.record) != canonical(said):
            raise Conflict("The record of a move of a finding is not what its row says.")
        before[move.finding_id] = move.digest
        found.add(f"sha256:{move.finding.digest}|sha256:{move.digest}|{move.person_id}")
    return found


def _held_amendments(version: ModelVersion) -> set[str]:
    found, before = set(), dict[object, str]()
    rows = FindingAmendment.objects.filter(finding__version=version).select_related("finding")
    for row in rows.order_by("finding", "position"):
        if bytes(row.record) != canonical(record_of_amendment(row, before.get(row.finding_id))):
            raise Conflict("The record of an amendment of a finding is not what its row says.")
        before[row.finding_id] = row.digest
        found.add(f"sha256:{row.finding.digest}|sha256:{row.digest}|{row.person_id}")
    return found
