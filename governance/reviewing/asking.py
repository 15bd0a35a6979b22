"""Challenges for passkeys, and questions to the identity provider, before the act that they prove.

Nothing is done yet, but whoever may not do it is told so here, and what could not be done is not
asked for.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from accounts.callers import Caller
from accounts.oidc.asking import ask_again
from accounts.passkeys.assertions import Ask, ask_passkey
from common.errors import Conflict, Invalid
from governance import policies
from governance.approvals.releases import LONGEST_REASON, words_to_revoke
from governance.findings.records import annex_of
from governance.models import Review, SignDecision
from governance.policy.documents import Policy
from governance.reviewing.signing import words_to_sign
from governance.services import LONGEST_TEXT, require_shown
from governance.texts import written
from governance.waivers.services import words_to_waive
from registry.models import ModelVersion
from trust.methods import OIDC, PASSKEY
from trust.passkeys import REVOKE, SIGN, WAIVE


def ask_to_sign(
    *,
    caller: Caller,
    review: Review,
    statement_digest: str,
    decision: str,
    reason: str,
    annex_digest: str = "",
    by: str = PASSKEY,
) -> Ask:
    """A challenge for a signature with these words. Raises NotAllowed, Conflict, Invalid.

    It commits to the open conditions as well, if there are any.
    """
    if decision not in SignDecision.values:
        raise Invalid("The decision is approve, request_changes or reject.", field="decision")
    reason = written(reason, "reason", LONGEST_TEXT)
    policy = Policy.read(review.policy.document)
    policies.may_sign(caller, review, policy).enforce()
    policies.may_prove(caller, policy, by=by).enforce()
    annex = annex_of(review.version_id)
    require_shown(review, annex, (statement_digest, annex_digest))
    words = words_to_sign(caller, statement_digest, decision, reason, annex)
    return _ask(caller, SIGN, words, by)


def ask_to_waive(
    *,
    caller: Caller,
    version: ModelVersion,
    gate_digest: str,
    reason: str,
    expires_on: date,
    by: str = PASSKEY,
) -> Ask:
    """A challenge for a waiver with these words. Raises NotAllowed, Conflict, Invalid."""
    words = words_to_waive(
        caller=caller,
        version=version,
        gate_digest=gate_digest,
        reason=reason,
        expires_on=expires_on,
        by=by,
    )
    return _ask(caller, WAIVE, words, by)


def ask_to_revoke(*, caller: Caller, version: ModelVersion, reason: str, by: str = PASSKEY) -> Ask:
    """A challenge for a revocation with these words. Raises NotAllowed, Conflict, Invalid."""
    policies.may_revoke(caller, version.model.team_id).enforce()
    reason = written(reason, "reason", LONGEST_REASON)
    if not version.approvals.filter(revocation=None).exists():
        raise Conflict("This version has no approval that could be revoked.")
    return _ask(caller, REVOKE, words_to_revoke(caller, version, reason), by)


def _ask(caller: Caller, act: str, words: Mapping[str, Any], by: str) -> Ask:
    if by != OIDC:
        return ask_passkey(caller, act, words)
    question = ask_again(caller, act, words)
    return Ask(question.id, {}, question.intent, question.address)
