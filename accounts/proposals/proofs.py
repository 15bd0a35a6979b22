"""By what a person showed who he is when he proposed or confirmed: what a device signed, or a
provider said, kept beside the proposal and named in the event by its digest.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from accounts.callers import Caller
from accounts.factors.codes import has_factor
from accounts.models import Proposal, ProposalProof
from accounts.oidc.asking import ask_again
from accounts.passkeys.assertions import Ask, ask_passkey
from accounts.proposals.kinds import WITH_SECOND_FACTOR, Draft
from accounts.proving import Proof, prove, way_of
from common.errors import A_PASSKEY, AN_APP, FactorMissing, NotAllowed
from trust.canonical import canonical
from trust.methods import OIDC, PASSWORD

PROPOSE, CONFIRM = "propose", "confirm"
PROPOSE_WORDS = ("person", "user", "kind", "team", "details", "reason")
CONFIRM_WORDS = ("person", "user", "proposal", "digest")


def words_to_propose(caller: Caller, kind: str, draft: Draft, reason: str) -> dict[str, Any]:
    """What a proof of a proposal commits to."""
    return {
        **_who(caller),
        "kind": kind,
        "team": str(draft.team.pk) if draft.team else None,
        "details": draft.details,
        "reason": reason,
    }


def words_to_confirm(caller: Caller, proposal: Proposal) -> dict[str, Any]:
    """What a proof of a confirmation commits to."""
    return {
        **_who(caller),
        "proposal": str(proposal.pk),
        "digest": f"sha256:{proposal.digest}",
    }


def _who(caller: Caller) -> dict[str, str]:
    return {"person": str(caller.person_id), "user": str(caller.user.pk)}


def ask(caller: Caller, kind: str, act: str, words: Mapping[str, Any], by: str) -> Ask:
    """A challenge for a passkey, or a question to the provider, for these words.

    Raises NotAllowed, Conflict without a passkey, TooManyChallenges, ProviderUnavailable.
    """
    _require_factors(caller, kind, by)
    if by != OIDC:
        return ask_passkey(caller, act, words)
    question = ask_again(caller, act, words)
    return Ask(question.id, {}, question.intent, question.address)


def proved(
    *,
    caller: Caller,
    kind: str,
    act: str,
    words: Mapping[str, Any],
    password: str,
    code: str,
    passkey: Mapping[str, Any] | None,
    sign_in: UUID | None,
) -> Proof:
    """That it is the caller, in the request itself. Raises NotAllowed, Invalid, TooManyTries."""
    _require_factors(caller, kind, way_of(passkey, sign_in))
    return prove(
        caller=caller,
        act=act,
        words=words,
        password=password,
        code=code,
        passkey=passkey,
        sign_in=sign_in,
    )


def _require_factors(caller: Caller, kind: str, way: str) -> None:
    if kind not in WITH_SECOND_FACTOR:
        return
    if way == OIDC:
        raise NotAllowed("This takes a second factor here, or a passkey; a sign-in is one factor.")
    if way == PASSWORD and not has_factor(caller.person_id):
        raise FactorMissing(
            "This takes a second factor: set up an authenticator app, or register a passkey, "
            "first.",
            wants=(AN_APP, A_PASSKEY),
        )


def keep(proposal: Proposal, part: str, proof: Proof) -> dict[str, str]:
    """Keep what was shown; what the event says of it. A part of the verbs of proposals."""
    if proof.assertion is None:
        return {"method": proof.method}
    held = proof.said()
    ProposalProof.objects.create(proposal=proposal, part=part, held=held)
    return {"method": proof.method, "proof": digest_of(held)}


def digest_of(held: Mapping[str, Any]) -> str:
    """How the event names what is kept."""
    return f"sha256:{sha256(canonical(dict(held))).hexdigest()}"
