"""Writes the members of a bundle into a folder, row by row, so that no size fills the memory."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db.models import Model, Q

from accounts.models import Passkey, Proposal
from audit.models import AuditLeaf
from audit.selectors import cosigned, newest_cosigned
from common.errors import DomainError, TooLarge
from compliance.registered import records
from compliance.retention.models import HoldLift, LegalHold
from compliance.scopes import ExportScope
from compliance.selection import Ids, Selection
from governance.attachments.models import Attachment
from governance.findings.models import FindingAmendment
from governance.models import (
    Approval,
    EmergencyAttestation,
    Finding,
    FindingMove,
    PolicyVersion,
    Review,
    Signature,
    Waiver,
)
from governance.selectors import trusted_keys
from inference.models import Prediction
from registry.blobs import stream
from registry.models import CardRevision, Evidence, ModelVersion
from trust.bundle_layout import (
    COSIGNED_MEMBER,
    EVENTS_MEMBER,
    KEYS_MEMBER,
    MAX_MEMBERS,
    README_MEMBER,
    UNLISTED_MEMBERS,
    VERIFIER_MEMBER,
    approval_member,
    attachment_member,
    disclosure_member,
    emergency_member,
    evidence_member,
    finding_amendment_member,
    finding_member,
    finding_move_member,
    hold_member,
    passkey_member,
    policy_member,
    predictions_member,
    proposal_member,
    register_member,
    signature_member,
    statement_member,
    version_manifest_member,
    waiver_member,
)
from trust.bundle_write import event_line
from trust.canonical import canonical
from trust.disclosures import disclosure
from trust.times import format_moment

Tell = Callable[[str, int, int], None]
"""(what is being written, rows done, rows in all)"""

_README = Path(__file__).with_name("bundle_readme.txt")
_MOST = MAX_MEMBERS - len(UNLISTED_MEMBERS)


class Stage:
    """The members of a bundle so far, as files below a folder that this instance alone writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[str, Path] = {}

    def open(self, name: str) -> BinaryIO:
        """A new member to write to. Raises TooLarge when a bundle can hold no more members."""
        if name not in self.files and len(self.files) >= _MOST:
            raise TooLarge(f"A bundle holds at most {_MOST} files; choose a narrower scope.")
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.files[name] = path
        return path.open("wb")

    def put(self, name: str, data: bytes) -> None:
        """A member of these bytes."""
        with self.open(name) as file:
            file.write(data)


def fill(stage: Stage, selection: Selection, tell: Tell) -> int:
    """Write everything that a selection names; the number of events disclosed.

    Rows are written as they are stored: if somebody has changed them, the verifier says so.
    """
    _small(stage, selection)
    for number, batch in enumerate(sorted(selection.batches)):
        tell("predictions", number, len(selection.batches))
        _predictions(stage, batch)
    return _events(stage, selection, tell)


def _small(stage: Stage, selection: Selection) -> None:
    versions = selection.versions
    for digest, body in _rows(ModelVersion, "pk", versions, "digest", "manifest"):
        stage.put(version_manifest_member(digest), bytes(body))
    for model in (Evidence, CardRevision):
        for version, digest, body in _rows(
            model, "version", versions, "version__digest", "digest", "body"
        ):
            stage.put(evidence_member(version, digest), bytes(body))
    for key, body in _rows(Review, "pk", selection.reviews, "pk", "statement"):
        stage.put(statement_member(str(key)), bytes(body))
    for digest, body, salt, name in _rows(
        Signature, "review", selection.reviews, "digest", "record", "salt", "printed_name"
    ):
        _signed(stage, signature_member(digest), digest, bytes(body), salt, name)
    for digest, body, salt, name in _rows(
        Waiver, "version", versions, "digest", "record", "salt", "printed_name"
    ):
        _signed(stage, waiver_member(digest), digest, bytes(body), salt, name)
    _findings(stage, versions)
    _holds(stage, selection.holds)
    _attachments(stage, selection)
    for digest, body in _rows(Passkey, "credential", selection.passkeys, "digest", "record"):
        stage.put(passkey_member(digest), bytes(body))
    for digest, body in _rows(PolicyVersion, "pk", selection.policies, "digest", "body"):
        stage.put(policy_member(digest), bytes(body))
    for key, body in _rows(Approval, "pk", selection.approvals, "pk", "envelope"):
        stage.put(approval_member(str(key)), bytes(body))
    _emergencies(stage, selection)
    _register(stage, selection)


def _register(stage: Stage, selection: Selection) -> None:
    for model, record in records(selection.register, selection.size):
        stage.put(register_member(model), canonical(record))


def _emergencies(stage: Stage, selection: Selection) -> None:
    for key, body in _rows(EmergencyAttestation, "pk", selection.emergencies, "pk", "envelope"):
        stage.put(emergency_member(str(key)), bytes(body))
    for digest, body in _rows(Proposal, "pk", selection.proposals, "digest", "document"):
        stage.put(proposal_member(digest), bytes(body))


def _findings(stage: Stage, versions: Ids) -> None:
    for digest, body in _rows(Finding, "version", versions, "digest", "record"):
        stage.put(finding_member(digest), bytes(body))
    for model, member in (
        (FindingMove, finding_move_member),
        (FindingAmendment, finding_amendment_member),
    ):
        for digest, body in _rows(model, "finding__version", versions, "digest", "record"):
            stage.put(member(digest), bytes(body))


def _holds(stage: Stage, holds: set[str]) -> None:
    for model in (LegalHold, HoldLift):
        for digest, body in _rows(model, "digest", holds, "digest", "record"):
            stage.put(hold_member(digest), bytes(body))


def _attachments(stage: Stage, selection: Selection) -> None:
    wanted = Q(comment__review__in=selection.reviews) | Q(finding__version__in=selection.versions)
    wanted |= Q(answer__finding__version__in=selection.versions)
    rows = (
        Attachment.objects.filter(wanted, blob__tombstone=None)
        .order_by("blob")
        .values_list("blob", flat=True)
    )
    for digest in rows.distinct().iterator():
        # Damaged or missing bytes make no export fail: the verifier says so.
        with suppress(DomainError):
            pieces = stream(digest)
            with stage.open(attachment_member(digest)) as file:
                file.writelines(pieces)


def _signed(stage: Stage, member: str, digest: str, body: bytes, salt: str, name: str) -> None:
    """A record that a person signed, and what opens its commitment to the name."""
    stage.put(member, body)
    stage.put(disclosure_member(digest), canonical(disclosure(bytes.fromhex(salt), name)))


def _rows(
    model: type[Model], field: str, keys: Ids | set[str], *columns: str
) -> Iterator[tuple[Any, ...]]:
    rows = model._default_manager.filter(**{f"{field}__in": keys}).order_by("pk")
    yield from rows.values_list(*columns).iterator(chunk_size=20)


def _predictions(stage: Stage, batch: UUID) -> None:
    rows = Prediction.objects.filter(batch=batch).order_by("position")
    with stage.open(predictions_member(str(batch))) as file:
        for record in rows.values_list("record", flat=True).iterator(chunk_size=50):
            file.write(bytes(record) + b"\n")


def _events(stage: Stage, selection: Selection, tell: Tell) -> int:
    total = selection.size if selection.disclosed is None else len(selection.disclosed)
    written = 0
    with stage.open(EVENTS_MEMBER) as file:
        for index, leaf in _disclosed(selection):
            file.write(event_line(index, bytes(leaf)))
            written += 1
            if written % 1000 == 0:
                tell("events", written, total)
    return written


def _disclosed(selection: Selection) -> Iterator[tuple[int, bytes | memoryview]]:
    leaves = AuditLeaf.objects.order_by("leaf_index").values_list("leaf_index", "event__leaf")
    if selection.disclosed is None:
        yield from leaves.filter(leaf_index__lt=selection.size).iterator(chunk_size=1000)
        return
    for start in range(0, len(selection.disclosed), 1000):
        yield from leaves.filter(leaf_index__in=selection.disclosed[start : start + 1000])


def add_cosigned(stage: Stage, size: int) -> None:
    """The newest checkpoint over at most `size` events that witnesses have cosigned, if any."""
    row = newest_cosigned(below=size)
    if row is not None:
        stage.put(COSIGNED_MEMBER, cosigned(row).encode())


def add_instructions(
    stage: Stage, scope: ExportScope, *, origin: str, size: int, made: datetime
) -> None:
    """Keys, verifier and the page that says how to use them. Raises Conflict without keys."""
    stage.put(KEYS_MEMBER, trusted_keys().text().encode())
    stage.put(VERIFIER_MEMBER, (settings.BASE_DIR / "verify.py").read_bytes())
    text = _README.read_text(encoding="utf-8").format(
        origin=origin, scope=json.dumps(scope.as_dict()), size=size, made=format_moment(made)
    )
    stage.put(README_MEMBER, text.encode())
