"""What devices signed and providers said at proposals and confirmations, compared with the log."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, Q, TextField
from django.db.models.functions import Cast

from accounts.models import Proposal, ProposalProof
from accounts.passkeys.records import logged_proofs
from accounts.proposals.proofs import (
    CONFIRM,
    CONFIRM_WORDS,
    PROPOSE,
    PROPOSE_WORDS,
    digest_of,
)
from audit.actions import Action
from audit.findings import Finding
from audit.models import AuditEvent
from trust.methods import OIDC, PASSKEY
from trust.passkeys import KnownProofs, wrong_with_proof
from trust.times import format_moment

_CHUNK = 100
_PARTS = {PROPOSE: Action.PROPOSAL_OPENED, CONFIRM: Action.PROPOSAL_CONFIRMED}
_WORDS = {PROPOSE: PROPOSE_WORDS, CONFIRM: CONFIRM_WORDS}


def proposal_proofs() -> Iterator[Finding]:
    """Proofs that do not show what was meant, that no event names, and those that are missing."""
    proved = Q(decided_method__in=(PASSKEY, OIDC)) | Exists(
        AuditEvent.objects.filter(
            subject_type="proposal",
            subject_id=Cast(OuterRef("pk"), TextField()),
            action__in=_PARTS.values(),
            payload__has_key="proof",
        )
    )
    held = Exists(ProposalProof.objects.filter(proposal=OuterRef("pk")))
    rows = Proposal.objects.filter(proved | held).order_by("opened_at", "pk")
    found = rows.prefetch_related("proofs").iterator(chunk_size=_CHUNK)
    while chunk := list(islice(found, _CHUNK)):
        known = logged_proofs({row.proposer_id for row in chunk} | _deciders(chunk))
        told = _told(chunk)
        for row in chunk:
            yield from _of(row, told.get(str(row.pk), {}), known)


def _deciders(chunk: list[Proposal]) -> set[Any]:
    return {row.decider_id for row in chunk if row.decider_id}


def _told(chunk: list[Proposal]) -> dict[str, dict[str, dict[str, Any]]]:
    """By proposal and part, the payload of the event."""
    rows = AuditEvent.objects.filter(
        subject_type="proposal",
        subject_id__in=[str(row.pk) for row in chunk],
        action__in=_PARTS.values(),
    ).order_by("pk")
    parts = {action.value: part for part, action in _PARTS.items()}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.subject_id, {})[parts[row.action]] = row.payload
    return found


def _of(row: Proposal, told: dict[str, dict[str, Any]], known: KnownProofs) -> Iterator[Finding]:
    held = {proof.part: proof.held for proof in row.proofs.all()}
    for part in _PARTS:
        for why in _wrong(row, part, held.get(part), told.get(part, {}), known):
            yield Finding(f"proof of a proposal ({part})", str(row.pk), f"{why}.")


def _wrong(
    row: Proposal, part: str, held: Any, told: dict[str, Any], known: KnownProofs
) -> Iterator[str]:
    named = told.get("proof")
    if held is None:
        if named is not None or told.get("method") in (PASSKEY, OIDC):
            yield "the log tells of a proof that is not kept"
        return
    if not isinstance(held, dict) or digest_of(held) != named:
        yield "it is not the one that the log names"
        return
    if held.get("method") != told.get("method"):
        yield "the log names another method"
    yield from wrong_with_proof(_record(row, part) | held, part, _WORDS[part], known)


def _record(row: Proposal, part: str) -> dict[str, Any]:
    """The words that the proof commits to, as the proposal has them."""
    said = json.loads(bytes(row.document))
    if part == PROPOSE:
        words = {
            "person": said.get("proposer"),
            **{word: said.get(word) for word in PROPOSE_WORDS if word != "person"},
        }
        return words | {"at": said.get("opened_at")}
    return {
        "person": str(row.decider_id),
        "user": str(row.decided_by_id),
        "proposal": str(row.pk),
        "digest": f"sha256:{row.digest}",
        "at": format_moment(row.decided_at) if row.decided_at else None,
    }
