"""A synthetic export bundle, complete in every part, with places to put one defect in."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.trust.finding_story import add_findings
from trust.bundle_layout import (
    EVENTS_MEMBER,
    EXPORTED_ACTION,
    KEYS_MEMBER,
    approval_member,
    disclosure_member,
    evidence_member,
    policy_member,
    predictions_member,
    signature_member,
    statement_member,
    version_manifest_member,
    waiver_member,
)
from trust.bundle_write import BundleSeal, bundle_manifest, events_file, write_bundle
from trust.canonical import canonical, parse_strict
from trust.digests import digest_hex, digest_of
from trust.disclosures import SALT_BYTES, disclosure, name_commitment
from trust.dsse import sign_envelope
from trust.issuing import build_approval
from trust.key_files import generate_key
from trust.keys import SigningKey, TrustedKeys, approvals_name
from trust.merkle import leaf_hash, root_of
from trust.merkle_proofs import inclusion_proof, nodes_of
from trust.notes import Checkpoint, sign_checkpoint
from trust.proofs import LogProof, format_proof
from trust.times import format_moment

Document = dict[str, Any]
Edit = Callable[[Any], object]

ORIGIN = "assay.example/log"
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
APPROVAL_ID = "0b0e2f6c-6f0e-4e8b-9c55-3f6f0a3f5a01"
REVIEW_ID = "5a4d0f9e-31f0-4f55-8f6c-21f1b1d7a302"
BATCH_ID = "c3c3b1f2-70cb-4bd2-b6c1-92a54a1b7c03"
AUTHOR, BEN, CLEO, EVA = "person-ada", "person-ben", "person-cleo", "person-eva"
MODEL: Document = {"id": "9d5f1f1e-0000-4000-8000-000000000001", "name": "credit-risk"}
ARTIFACTS: list[Document] = [
    {"role": "model", "name": "model.onnx", "sha256": digest_of(b"model"), "size": 5},
    {"role": "sidecar", "name": "scale.json", "sha256": digest_of(b"sidecar"), "size": 7},
]


def unchanged(document: object) -> object:
    """The edit that edits nothing."""
    return document


@dataclass
class BundleStory:
    """Everything that goes into a bundle; each `edit_...` may change one document in place."""

    log_key: SigningKey = field(default_factory=lambda: generate_key(ORIGIN))
    approvals_key: SigningKey = field(default_factory=lambda: generate_key(approvals_name(ORIGIN)))
    edit_manifest: Edit = unchanged
    edit_statement: Edit = unchanged
    edit_policy: Edit = unchanged
    edit_waiver: Edit = unchanged
    planned: bool = False
    edit_plan: Edit = unchanged
    conditional: bool = False
    edit_findings: Edit = unchanged
    amended: Edit | None = None
    edit_evaluation: Edit = unchanged
    edit_signatures: Edit = unchanged
    edit_approval: Edit = unchanged
    edit_predictions: Edit = unchanged
    edit_disclosure: Edit = unchanged
    edit_events: Edit = unchanged
    edit_files: Edit = unchanged
    edit_bundle_manifest: Edit = unchanged
    edit_seal_payload: Edit = unchanged
    seal_action: str = EXPORTED_ACTION
    revoked_after: timedelta | None = None
    outage_grace_s: int = 60
    disclosed: list[int] | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    events: list[Document] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._fill()

    @property
    def keys(self) -> TrustedKeys:
        """What a user of this log trusts."""
        return TrustedKeys([self.log_key.verifier, self.approvals_key.verifier])

    @property
    def approval_file(self) -> str:
        """The member that holds the approval."""
        return approval_member(APPROVAL_ID)

    def put(self, path: Callable[[str], str], document: object) -> str:
        """Store a canonical document under its digest; return the digest."""
        data = canonical(document)
        digest = digest_of(data)
        self.files[path(digest_hex(digest))] = data
        return digest

    def event(self, action: str, payload: Document, person: str = "person-system") -> None:
        """Record an event, one second after the last."""
        number = len(self.events)
        self.events.append(
            {
                "action": action,
                "actor": {"person": person, "user": person + "-login", "via": "session"},
                "at": format_moment(START + timedelta(seconds=number)),
                "id": f"event-{number}",
                "payload": payload,
                "subject": {"type": "version", "id": "1"},
                "v": 1,
            }
        )

    def _fill(self) -> None:
        for number in range(4):
            self.event("version.registered", {"number": number})
        manifest: Document = {
            "type": "assay/manifest/1",
            "model": deepcopy(MODEL),
            "number": 3,
            "artifacts": deepcopy(ARTIFACTS),
            "signature": {},
            "lineage": {},
            "threshold": None,
        }
        self.edit_manifest(manifest)
        version = self.put(version_manifest_member, manifest)
        statement, statement_bytes = self._statement(version)
        self.files[statement_member(REVIEW_ID)] = statement_bytes
        annex = add_findings(self, version) if self.conditional else {}
        signatures = self._signatures(digest_of(statement_bytes), annex)
        self._approve(statement, digest_of(statement_bytes), signatures, annex)
        self._predict(version)
        if self.revoked_after is not None:
            self.event("approval.revoked", {"approval": APPROVAL_ID})
            self.events[-1]["at"] = format_moment(self.issued_at + self.revoked_after)
        self.files[KEYS_MEMBER] = self.keys.text().encode()
        self.files["README.txt"] = b"How to check this bundle.\n"
        self.edit_events(self.events)

    @property
    def issued_at(self) -> datetime:
        """When the approval was given."""
        return START + timedelta(minutes=5)

    def _statement(self, version: str) -> tuple[Document, bytes]:
        folder = digest_hex(version)
        evaluation: Document = {"type": "assay/evaluation/1", "accuracy": 0.97}
        documents: dict[str, Document] = {
            "evaluation": evaluation,
            "golden": {"type": "assay/golden/1"},
        }
        if self.planned:
            documents["plan"] = self._plan(version, evaluation)
        evidence = [
            {"kind": kind, "digest": self.put(lambda h: evidence_member(folder, h), document)}
            for kind, document in documents.items()
        ]
        terms: Document = {"type": "policy", "waivable": ["latency"]}
        self.edit_policy(terms)
        policy = self.put(policy_member, terms)
        latency = _gate("latency", required=True, state="failed")
        waiver = self._waiver(version, policy, latency, evidence[0]["digest"])
        statement: Document = {
            "type": "assay/review-statement/1",
            "review": REVIEW_ID,
            "model": deepcopy(MODEL),
            "number": 3,
            "version_digest": version,
            "artifacts": deepcopy(ARTIFACTS),
            "evidence": evidence,
            "policy": {"id": "p", "name": "High risk", "revision": 2, "digest": policy},
            "gates": [
                _gate("accuracy", required=True, state="passed"),
                latency,
                _gate("parity", required=False, state="not measured"),
            ],
            "waivers": [
                {"gate": "latency", "digest": waiver, "not_after": format_moment(self.waived_until)}
            ],
            "contributors": [AUTHOR],
            "signers_required": 2,
            "runtime": {"onnxruntime": "1.31.1", "provider": "CPUExecutionProvider"},
            "scope": {"aliases": ["*"]},
            "validity_days": 365,
            "outage_grace_s": self.outage_grace_s,
        }
        self.edit_statement(statement)
        return statement, canonical(statement)

    def _plan(self, version: str, evaluation: Document) -> Document:
        """A plan, its seal and its run; the evaluation is told of it."""
        plan: Document = {
            "type": "assay/plan/1",
            "version": version,
            "dataset": {"digest": digest_of(b"rows")},
            "criteria": [{"metric": "accuracy", "limit": 0.9, "bound": "value"}],
            "seed": 1,
            "interval": {"resamples": 100},
        }
        evaluation |= {name: plan[name] for name in ("dataset", "seed", "interval")}
        self.edit_plan(plan)
        evaluation["plan"] = digest_of(canonical(plan))
        self.edit_evaluation(evaluation)
        named = {"plan": digest_of(canonical(plan))}
        self.event("plan.sealed", named)
        self.event("evaluation.requested", named)
        return plan

    @property
    def waived_until(self) -> datetime:
        """When the one waiver ends."""
        return self.issued_at + timedelta(days=730)

    def _waiver(self, version: str, policy: str, gate: Document, evidence: str) -> str:
        finding = {name: gate[name] for name in ("gate", "state", "measured", "limit")}
        salt = b"e" * SALT_BYTES
        record: Document = {
            "type": "assay/waiver/1",
            "version_digest": version,
            "policy_digest": policy,
            "finding": finding | {"evidence": evidence},
            "person": EVA,
            "user": EVA + "-login",
            "role": "manager",
            "meaning": "I answer for it.",
            "reason": "Batch use only.",
            "at": format_moment(START + timedelta(minutes=3)),
            "not_after": format_moment(self.waived_until),
            "method": "password",
            "name_commitment": name_commitment(salt, "Eva"),
        }
        self.edit_waiver(record)
        digest = self.put(waiver_member, record)
        self.event("waiver.given", {"waiver": digest}, person=str(record["person"]))
        self.files[disclosure_member(digest_hex(digest))] = canonical(disclosure(salt, "Eva"))
        return digest

    def _signatures(self, statement_digest: str, annex: Document) -> list[str]:
        salts = {BEN: b"b" * SALT_BYTES, CLEO: b"c" * SALT_BYTES}
        records: list[Document] = [
            {
                "type": "assay/signature/1",
                "statement_digest": statement_digest,
                "person": person,
                "user": person + "-login",
                "role": "reviewer",
                "decision": "approve",
                "meaning": "I reviewed this version.",
                "reason": "All figures hold.",
                "at": format_moment(START + timedelta(minutes=4)),
                "method": "password",
                "name_commitment": name_commitment(salt, person.title()),
                "previous": None,
            }
            for person, salt in salts.items()
        ]
        for record in records if annex else []:
            record["annex"] = json.loads(json.dumps(annex))
        self.edit_signatures(records)
        digests = [self.put(signature_member, record) for record in records]
        for record, digest in zip(records, digests, strict=True):
            self.event("review.signed", {"signature": digest}, person=str(record["person"]))
        opening = disclosure(salts[BEN], BEN.title())
        self.edit_disclosure(opening)
        self.files[disclosure_member(digest_hex(digests[0]))] = canonical(opening)
        return digests

    def _approve(
        self, statement: Document, digest: str, signatures: list[str], annex: Document
    ) -> None:
        golden = [e["digest"] for e in statement["evidence"] if e["kind"] == "golden"]
        approval: Document = build_approval(
            statement,
            approval=APPROVAL_ID,
            statement_digest=digest,
            signatures=signatures,
            signers=[BEN, CLEO],
            golden_digest=golden[0] if golden else None,
            issued_at=self.issued_at,
            not_after=self.issued_at + timedelta(days=365),
            annex=annex,
        )
        # A copy of its own: the statement shares lists with what the approval was built from.
        approval = json.loads(json.dumps(approval))
        self.edit_approval(approval)
        envelope = sign_envelope(
            "application/vnd.in-toto+json", canonical(approval), [self.approvals_key]
        )
        self.files[self.approval_file] = envelope
        self.event(
            "version.approved",
            {
                "approval": APPROVAL_ID,
                "envelope_digest": digest_of(envelope),
                "version_digest": statement["version_digest"],
            },
        )

    def _predict(self, version: str) -> None:
        records: list[Document] = [
            {
                "id": f"prediction-{number}",
                "at": format_moment(self.issued_at + timedelta(hours=number + 1)),
                "model": MODEL["name"],
                "number": 3,
                "version_digest": version,
                "approval": APPROVAL_ID,
                "input_digest": digest_of(b"input %d" % number),
                "output_digest": digest_of(b"output %d" % number),
            }
            for number in range(3)
        ]
        self.edit_predictions(records)
        data = b"".join(canonical(record) + b"\n" for record in records)
        self.files[predictions_member(BATCH_ID)] = data
        self.event(
            "predictions.sealed",
            {"batch": BATCH_ID, "digest": digest_of(data), "count": len(records)},
        )

    def leaves(self) -> list[bytes]:
        """The leaf bytes of the events so far."""
        return [canonical(event) for event in self.events]

    def checkpoint(self, size: int) -> bytes:
        """The log's signed head when it had `size` events."""
        hashes = [leaf_hash(leaf) for leaf in self.leaves()[:size]]
        head = Checkpoint(ORIGIN, len(hashes), root_of(hashes))
        return sign_checkpoint(head, [self.log_key])

    def build(self) -> bytes:
        """Seal the bundle in the log and pack it: the .zip's bytes."""
        size, out = len(self.events), io.BytesIO()
        shown = range(size) if self.disclosed is None else self.disclosed
        leaves = self.leaves()
        self.files[EVENTS_MEMBER] = events_file((index, leaves[index]) for index in shown)
        self.edit_files(self.files)
        manifest = bundle_manifest(
            origin=ORIGIN,
            created_at=START + timedelta(days=1),
            scope={"kind": "all"},
            log_size=size,
            disclosed=self.disclosed,
            files=self.files,
        )
        manifest = self._edited(manifest)
        write_bundle(out, manifest=manifest, seal=self._seal(manifest), files=self.files)
        return out.getvalue()

    def _edited(self, manifest: bytes) -> bytes:
        self.edit_bundle_manifest(document := parse_strict(manifest))
        return canonical(document)

    def _seal(self, manifest: bytes) -> BundleSeal:
        self.event("person.signed_in", {})
        index = len(self.events)
        payload = {"manifest_digest": digest_of(manifest)}
        self.edit_seal_payload(payload)
        self.event(self.seal_action, payload)
        self.event("person.signed_in", {})
        leaves = self.leaves()
        hashes = [leaf_hash(leaf) for leaf in leaves]
        checkpoint = self.checkpoint(len(hashes))
        path = inclusion_proof(nodes_of(hashes), index, len(hashes))
        proof = format_proof(LogProof(index, tuple(path), checkpoint))
        return BundleSeal(leaves[index], proof, checkpoint, hashes)


def _gate(name: str, *, required: bool, state: str) -> Document:
    return {"gate": name, "required": required, "state": state, "measured": 1, "limit": 1}


def repack(members: Mapping[str, bytes]) -> bytes:
    """A plain archive of these members, as any tool would make it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def unpack(bundle: bytes) -> dict[str, bytes]:
    """An archive's members by name."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
