"""Bytes against their digests, and columns against what the bytes say."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from accounts.models import Passkey, Proposal
from audit.findings import Finding
from common.errors import DomainError
from compliance.retention.models import HoldLift, LegalHold
from compliance.retention.records import record_of_hold, record_of_lift
from compliance.retention.selectors import holds
from evaluation.criteria import interval_of
from evaluation.models import EvaluationPlan
from governance.findings.anchors import FIGURES, SECTIONS
from governance.findings.models import FindingAmendment
from governance.findings.records import record_of as finding_of
from governance.findings.records import record_of_amendment, record_of_move
from governance.models import (
    Comment,
    FindingMove,
    PolicyVersion,
    Review,
    Signature,
    Waiver,
)
from governance.models import (
    Finding as ReviewFinding,
)
from governance.policy.documents import Policy
from governance.validating.models import ValidationReport
from governance.waivers.records import record_of
from registry.models import CardRevision, Evidence, ModelVersion
from trust.base64_text import decode_base64url
from trust.canonical import canonical
from trust.disclosures import name_commitment
from trust.errors import TrustError
from trust.fields import as_object
from trust.passkeys import PASSKEY_RECORD_TYPE
from trust.strict_json import parse_strict
from trust.times import format_moment
from trust.validations import VALIDATION

Said = dict[str, Any]
Row = TypeVar("Row", bound=Model)
_CHUNK = 100


def contents() -> Iterator[Finding]:
    """Every table whose rows hold bytes."""
    for check in checks_of_contents():
        yield from check()


def checks_of_contents() -> tuple[Callable[[], Iterator[Finding]], ...]:
    """A check for every table whose rows hold bytes."""
    versions = ModelVersion.objects.select_related("model").prefetch_related("artifacts")
    policies = PolicyVersion.objects.select_related("team")
    cards = CardRevision.objects.select_related("version").defer("version__manifest")
    reviews = Review.objects.select_related("version__model", "policy").prefetch_related(
        "version__contributors"
    )
    signatures = Signature.objects.select_related("review").defer("review__statement")
    waivers = Waiver.objects.select_related("policy", "version").defer("version__manifest")
    found = ReviewFinding.objects.select_related("version").defer("version__manifest")
    found = found.prefetch_related("attachments")
    lifts = HoldLift.objects.select_related("hold")
    return (
        partial(_each, "version", versions, "manifest", "digest", _manifest),
        partial(_each, "policy", policies, "body", "digest", _policy),
        partial(_each, "report", Evidence.objects.all(), "body", "digest", _report),
        partial(_each, "model card", cards, "body", "digest", _card),
        partial(_each, "review", reviews, "statement", "statement_digest", _statement),
        partial(_each, "waiver", waivers, "record", "digest", _waiver),
        partial(_each, "signature", signatures, "record", "digest", _signature),
        partial(_each, "proposal", Proposal.objects.all(), "document", "digest", _proposal),
        partial(_each, "finding", found, "record", "digest", _finding),
        partial(_each, "legal hold", holds(), "record", "digest", _hold),
        partial(_each, "end of a legal hold", lifts, "record", "digest", _lift),
        partial(_each, "passkey", Passkey.objects.all(), "record", "digest", _passkey),
        _finding_moves,
        _finding_amendments,
        _plans,
        _validations,
        _comments,
    )


def _each(
    thing: str,
    rows: QuerySet[Row],
    body: str,
    digest: str,
    compare: Callable[[Row, Said], Iterable[str]],
) -> Iterator[Finding]:
    for row in rows.order_by("pk").iterator(chunk_size=_CHUNK):
        for why in _defects(row, bytes(getattr(row, body)), getattr(row, digest), compare):
            yield Finding(thing, str(row.pk), why)


def _defects(
    row: Row, data: bytes, digest: str, compare: Callable[[Row, Said], Iterable[str]]
) -> Iterator[str]:
    if sha256(data).hexdigest() != digest:
        yield f"its bytes do not have its digest sha256:{digest}."
    try:
        said = as_object(parse_strict(data), "the document")
        if canonical(said) != data:
            yield "its bytes are not in canonical form."
        yield from compare(row, said)
    except (TrustError, DomainError, LookupError, TypeError, ValueError) as error:
        yield f"its bytes cannot be read: {error}."


def _differing(columns: Said, said: Said) -> Iterator[str]:
    for name, value in columns.items():
        if said.get(name) != value:
            yield f"the columns and the bytes differ in {name!r}."


def _manifest(row: ModelVersion, said: Said) -> Iterator[str]:
    columns = {
        "type": "assay/manifest/1",
        "model": {"id": str(row.model_id), "name": row.model.name},
        "number": row.number,
        "signature": row.signature,
        "lineage": row.lineage,
    }
    yield from _differing(columns, said)
    if row.servable != (row.signature is not None):
        yield "it is servable with a schema, and only then."
    listed = [
        (item["role"], item["name"], item["sha256"], item["size"]) for item in said["artifacts"]
    ]
    stored = [(a.role, a.name, f"sha256:{a.blob_id}", a.size) for a in row.artifacts.all()]
    if sorted(listed) != sorted(stored):
        yield "its files are not those of its manifest."


def _policy(row: PolicyVersion, said: Said) -> Iterator[str]:
    team = row.team.slug if row.team else None
    if said != row.document | {"name": row.name, "tier": row.tier, "team": team}:
        yield "the columns and the bytes differ."


def _report(row: Evidence, said: Said) -> Iterator[str]:
    if not str(said.get("type")).startswith(f"assay/{row.kind}/"):
        yield "it is not of the kind beside it."


def _card(row: CardRevision, said: Said) -> Iterator[str]:
    head = {"type": "assay/card/1", "version": f"sha256:{row.version.digest}"}
    if said != head | row.content:
        yield "the columns and the bytes differ."


def _statement(row: Review, said: Said) -> Iterator[str]:
    version, policy = row.version, Policy.read(row.policy.document)
    manifest = json.loads(bytes(version.manifest))
    columns = {
        "review": str(row.pk),
        "version_digest": f"sha256:{version.digest}",
        "model": manifest["model"],
        "number": version.number,
        "artifacts": manifest["artifacts"],
        "signers_required": policy.signers,
        "validity_days": policy.validity_days,
        "outage_grace_s": policy.outage_grace_s,
    }
    yield from _differing(columns, said)
    names = {"id": row.policy.pk, "name": row.policy.name, "revision": row.policy.revision}
    if said["policy"] != names | {
        "id": str(row.policy.pk),
        "digest": f"sha256:{row.policy.digest}",
    }:
        yield "the columns and the bytes differ in 'policy'."
    known = {str(hand.person_id) for hand in version.contributors.all()}
    for person in said["contributors"]:
        if person not in known:
            yield f"the contributor {person} whom it lists is not in the table."


def _signature(row: Signature, said: Said) -> Iterator[str]:
    columns = {
        "statement_digest": f"sha256:{row.statement_digest}",
        "person": str(row.person_id),
        "user": str(row.user_id),
        "role": row.role,
        "decision": row.decision,
        "reason": row.reason,
        "at": format_moment(row.at),
        "name_commitment": name_commitment(bytes.fromhex(row.salt), row.printed_name),
    }
    yield from _differing(columns, said)
    annex = said.get("annex")
    if row.annex_digest != (sha256(canonical(annex)).hexdigest() if annex else ""):
        yield "the columns and the bytes differ in 'annex'."
    if row.statement_digest != row.review.statement_digest:
        yield "it is not under the statement of its review."


def _proposal(row: Proposal, said: Said) -> Iterator[str]:
    columns = {
        "id": str(row.pk),
        "kind": row.kind,
        "team": str(row.team_id) if row.team_id else None,
        "proposer": str(row.proposer_id),
        "user": str(row.opened_by_id),
        "opened_at": format_moment(row.opened_at),
        "not_after": format_moment(row.not_after),
    }
    yield from _differing(columns, said)


def _waiver(row: Waiver, said: Said) -> Iterator[str]:
    found = {"gate": row.gate, "state": row.state, "measured": row.measured}
    commitment = name_commitment(bytes.fromhex(row.salt), row.printed_name)
    yield from _differing(record_of(row, said["finding"] | found, said["method"]), said)
    yield from _differing({"name_commitment": commitment}, said)


def _finding(row: ReviewFinding, said: Said) -> Iterator[str]:
    yield from _differing({"attachments": None} | finding_of(row, row.attachments.all()), said)


def _hold(row: LegalHold, said: Said) -> Iterator[str]:
    yield from _differing(record_of_hold(row), said)


def _lift(row: HoldLift, said: Said) -> Iterator[str]:
    yield from _differing(record_of_lift(row, said["method"]), said)


def _finding_moves() -> Iterator[Finding]:
    before: tuple[object, str] = (None, "")
    rows = FindingMove.objects.select_related("finding").prefetch_related("attachments")
    for row in rows.order_by("finding", "position", "pk").iterator(chunk_size=_CHUNK):
        previous = before[1] if before[0] == row.finding_id else None
        compare = partial(_finding_move, previous=previous)
        for why in _defects(row, bytes(row.record), row.digest, compare):
            yield Finding("move of a finding", str(row.pk), why)
        before = (row.finding_id, row.digest)


def _finding_move(row: FindingMove, said: Said, *, previous: str | None) -> Iterator[str]:
    made = record_of_move(row, previous, row.attachments.all())
    yield from _differing({"attachments": None} | made, said)


def _finding_amendments() -> Iterator[Finding]:
    held: FindingAmendment | None = None
    rows = FindingAmendment.objects.select_related("finding")
    for row in rows.order_by("finding", "position", "pk").iterator(chunk_size=_CHUNK):
        before = held if held is not None and held.finding_id == row.finding_id else None
        compare = partial(_finding_amendment, before=before)
        for why in _defects(row, bytes(row.record), row.digest, compare):
            yield Finding("amendment of a finding", str(row.pk), why)
        held = row


def _finding_amendment(
    row: FindingAmendment, said: Said, *, before: FindingAmendment | None
) -> Iterator[str]:
    yield from _differing(record_of_amendment(row, before.digest if before else None), said)
    stood = before or row.finding
    if (row.was_owner_id, row.was_due_on) != (stood.owner_id, stood.due_on):
        yield "what it changes is not what held before it."
    if row.position != (before.position if before else 0) + 1:
        yield "its number is not that of its place."


def _passkey(row: Passkey, said: Said) -> Iterator[str]:
    columns = {
        "type": PASSKEY_RECORD_TYPE,
        "person": str(row.person_id),
        "credential": f"sha256:{row.credential}",
        "at": format_moment(row.registered_at),
    }
    yield from _differing(columns, said)
    key = decode_base64url(str(said["credential_id"]))
    if sha256(key).hexdigest() != row.credential:
        yield "the digest of its credential is not that of its id."
    if row.sign_count < said["sign_count"]:
        yield "its counter is below the one that it was registered with."


def _plans() -> Iterator[Finding]:
    rows = EvaluationPlan.objects.select_related(
        "document", "version", "dataset", "supersedes__document", "sealed_by"
    ).defer("version__manifest")
    for row in rows.order_by("pk").iterator(chunk_size=_CHUNK):
        document = row.document
        for why in _defects(row, bytes(document.body), document.digest, _plan):
            yield Finding("plan", str(row.pk), why)


def _plan(row: EvaluationPlan, said: Said) -> Iterator[str]:
    before = getattr(row.supersedes, "document", None)
    columns = {
        "version": f"sha256:{row.version.digest}",
        "seed": row.seed,
        "interval": interval_of(row.resamples),
        "supersedes": f"sha256:{before.digest}" if before else None,
        "sealed_by": str(row.sealed_by.person_id),
        "sealed_at": format_moment(row.sealed_at),
    }
    yield from _differing(columns, said)
    rows = {"id": str(row.dataset_id), "digest": f"sha256:{row.dataset.blob_id}"}
    yield from _differing(rows, said["dataset"])
    if row.document.kind != "plan" or row.document.version_id != row.version_id:
        yield "its document is no plan of its version."


def _validations() -> Iterator[Finding]:
    rows = ValidationReport.objects.filter(evidence__isnull=False)
    rows = rows.select_related("evidence", "version").defer("version__manifest")
    for row in rows.order_by("pk").iterator(chunk_size=_CHUNK):
        assert row.evidence is not None, "those with evidence were asked for"
        document = row.evidence
        for why in _defects(row, bytes(document.body), document.digest, _validation):
            yield Finding("validation report", str(row.pk), why)


def _validation(row: ValidationReport, said: Said) -> Iterator[str]:
    columns = {
        "report": str(row.pk),
        "version": f"sha256:{row.version.digest}",
        "review": str(row.review_id),
        "number": row.number,
        "person": str(row.person_id),
        "user": str(row.user_id),
        "at": format_moment(row.at),
    }
    yield from _differing(columns, said)
    texts = {part["name"]: part["text"] for part in said["sections"] if part["text"]}
    if texts != row.sections or said["rating"]["name"] != row.rating:
        yield "the columns and the bytes differ in what it says."
    document = row.evidence
    if document is None or (document.kind, document.version_id) != (VALIDATION, row.version_id):
        yield "its document is no validation report of its version."


def _comments() -> Iterator[Finding]:
    rows = Comment.objects.exclude(anchor="").select_related("review").order_by("pk")
    for row in rows.iterator(chunk_size=_CHUNK):
        try:
            gates = {gate["gate"] for gate in json.loads(bytes(row.review.statement))["gates"]}
        except (ValueError, LookupError, TypeError):
            continue
        if row.anchor not in {*gates, *SECTIONS, *FIGURES}:
            yield Finding("comment", str(row.pk), "it is at a place that its review does not have.")
