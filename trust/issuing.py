"""Writing approvals: the counterpart of `trust.approval`, used by the notary alone."""

from collections.abc import Sequence
from datetime import datetime

from trust.approval import (
    APPROVAL_PREDICATE_TYPE,
    IN_TOTO_PAYLOAD_TYPE,
    IN_TOTO_STATEMENT_TYPE,
    STALE_GRACE,
    read_approval,
)
from trust.canonical import canonical
from trust.digests import digest_hex
from trust.dsse import sign_envelope
from trust.elsewhere import USE
from trust.fields import JsonObject, read_count, read_digest, read_object, read_text
from trust.keys import SigningKey, TrustedKeys
from trust.times import format_moment


def build_approval(
    statement: JsonObject,
    *,
    approval: str,
    statement_digest: str,
    signatures: Sequence[str],
    signers: Sequence[str],
    golden_digest: str | None,
    issued_at: datetime,
    not_after: datetime,
    annex: JsonObject | None = None,
) -> JsonObject:
    """The in-toto statement that approves what the review statement describes.

    `statement` is the parsed review statement, `signatures` the digests of its signature
    records, `signers` the persons' UUIDs, `annex` what they were shown beside the statement.
    Raises Malformed for a statement without a field.
    """
    model = read_object(statement, "model")
    name = f"{read_text(model, 'name')}/{read_count(statement, 'number')}"
    predicate: JsonObject = {
        "approval": approval,
        "review": read_text(statement, "review"),
        "statement_digest": statement_digest,
        "policy_digest": read_digest(read_object(statement, "policy"), "digest"),
        "signatures": list(signatures),
        "signers": list(signers),
        "artifacts": statement["artifacts"],
        "evidence": statement["evidence"],
        "golden_digest": golden_digest,
        "issued_at": format_moment(issued_at),
        "not_after": format_moment(not_after),
        "outage_grace_s": read_count(statement, "outage_grace_s"),
        "scope": read_object(statement, "scope"),
        "runtime": read_object(statement, "runtime"),
    }
    if STALE_GRACE in statement:
        predicate[STALE_GRACE] = read_count(statement, STALE_GRACE)
    for part in (USE, "waivers"):
        if statement.get(part):
            predicate[part] = statement[part]
    if annex:
        predicate["annex"] = annex
    subject_digest = {"sha256": digest_hex(read_digest(statement, "version_digest"))}
    return {
        "_type": IN_TOTO_STATEMENT_TYPE,
        "subject": [{"name": name, "digest": subject_digest}],
        "predicateType": APPROVAL_PREDICATE_TYPE,
        "predicate": predicate,
    }


def sign_approval(statement: JsonObject, key: SigningKey) -> bytes:
    """The DSSE envelope's bytes. Raises Malformed for what no verifier would accept."""
    envelope = sign_envelope(IN_TOTO_PAYLOAD_TYPE, canonical(statement), [key])
    read_approval(envelope, TrustedKeys([key.verifier]))
    return envelope
