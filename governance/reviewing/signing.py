"""Signature records, and which of them count."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from accounts.callers import Caller
from accounts.passkeys.records import logged_proofs
from accounts.proposals.two_persons import standing_roles
from accounts.proving import Proof
from accounts.selectors import counts_since
from governance.findings.records import Annex, annex_of
from governance.models import Review, Signature
from governance.policy.documents import Policy
from governance.selectors import approving_signatures
from registry.selectors import contributor_ids
from trust.canonical import canonical
from trust.disclosures import name_commitment, new_salt
from trust.errors import Malformed
from trust.fields import as_object, read_text
from trust.intents import ANNEX
from trust.passkeys import SIGN, SIGN_WORDS, KnownProofs, wrong_with_method
from trust.strict_json import parse_strict
from trust.times import format_moment

MEANINGS = {
    "approve": "I have read the evidence and approve this version for use in the stated scope.",
    "request_changes": "I have read the evidence and ask for changes.",
    "reject": "I have read the evidence and reject this version.",
}


@dataclass(frozen=True)
class Record:
    """The canonical record of what a person signed, its hex digest, the salt of the name."""

    body: bytes
    digest: str
    salt: str


def seal_record(said: dict[str, Any], *, printed_name: str) -> Record:
    """The record of what a person said, with a commitment to the name instead of the name."""
    salt = new_salt()
    body = canonical(said | {"name_commitment": name_commitment(salt, printed_name)})
    return Record(body, sha256(body).hexdigest(), salt.hex())


def words_to_sign(
    caller: Caller, statement_digest: str, decision: str, reason: str, annex: Annex
) -> dict[str, Any]:
    """The part of a signature's record that a passkey signs; `statement_digest` as `sha256:…`.

    With the annex, where there was one: without, a record reads as before there were any.
    """
    return {
        "person": str(caller.person_id),
        "user": str(caller.user.pk),
        "statement_digest": statement_digest,
        "decision": decision,
        "meaning": MEANINGS[decision],
        "reason": reason,
    } | ({ANNEX: annex.document} if annex.document else {})


def make_record(
    words: Mapping[str, Any],
    *,
    role: str,
    at: datetime,
    printed_name: str,
    previous: str | None,
    proof: Proof,
) -> Record:
    """What a person signed: statement, meaning, reason, moment (after 21 CFR 11.50, 11.70)."""
    said = dict(words) | {
        "type": "assay/signature/1",
        "role": role,
        "at": format_moment(at),
        "previous": f"sha256:{previous}" if previous else None,
    }
    return seal_record(said | proof.said(), printed_name=printed_name)


def is_proved(
    record: bytes | memoryview,
    policy: Policy,
    act: str,
    words: tuple[str, ...],
    known: KnownProofs,
) -> bool:
    """Whether a record shows that its person said this, as the policy demands.

    The same question that fsck and the verifier of bundles ask.
    """
    try:
        said = as_object(parse_strict(bytes(record)), "the record")
    except Malformed:
        return False
    return not any(wrong_with_method(said, policy.demands, act, words, known))


def method_of(record: bytes | memoryview) -> str:
    """How the person was asked who he is, as the record says; empty where it cannot be read."""
    try:
        return read_text(as_object(parse_strict(bytes(record)), "the record"), "method")
    except Malformed:
        return ""


def annex_in(record: bytes | memoryview) -> object:
    """The annex that a record names; {} where it names none, None where it cannot be read."""
    try:
        return as_object(parse_strict(bytes(record)), "the record").get("annex", {})
    except Malformed:
        return None


def counting_signatures(review: Review, policy: Policy) -> list[Signature]:
    """Approving signatures of persons who may still sign now, one for each person.

    A person counts who is active through an active login that was not closed since, still has a
    signing role in the owner team, given by two persons, and is no contributor. The record's bytes
    must be those of its digest, and under the review's statement; where the policy demands a second
    factor or a passkey, they must say that there was one, and what a passkey signed must fit. They
    must name the annex of now: whoever was shown other conditions signs again.
    """
    team = review.version.model.team_id
    barred = set(contributor_ids(review.version))
    annex = annex_of(review.version_id)
    counted: dict[UUID, Signature] = {}
    signatures = list(approving_signatures(review))
    roles = standing_roles(team, {signature.person_id for signature in signatures})
    known = logged_proofs(signature.person_id for signature in signatures)
    for signature in signatures:
        person, user = signature.person, signature.user
        if (
            person.pk not in barred
            and person.is_active
            and user.is_active
            and user.person_id == person.pk
            and counts_since(user, signature.at)
            and signature.statement_digest == review.statement_digest
            and sha256(bytes(signature.record)).hexdigest() == signature.digest
            and annex_in(signature.record) == annex.document
            and is_proved(signature.record, policy, SIGN, SIGN_WORDS, known)
            and roles[person.pk] & set(policy.roles)
        ):
            counted.setdefault(person.pk, signature)
    return list(counted.values())
