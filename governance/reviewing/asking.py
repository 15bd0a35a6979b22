"""Challenges for passkeys: what a device is asked to sign, before the act that it proves.

Nothing is done yet, but whoever may not do it is told so here, and what could not be done is not
asked for.
"""

from datetime import date

from accounts.assertions import Ask, ask_passkey
from accounts.callers import Caller
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
from trust.passkeys import REVOKE, SIGN, WAIVE


def ask_to_sign(
    *,
    caller: Caller,
    review: Review,
    statement_digest: str,
    decision: str,
    reason: str,
    annex_digest: str = "",
) -> Ask:
    """A challenge for a signature with these words. Raises NotAllowed, Conflict, Invalid.

    It commits to the open conditions as well, if there are any.
    """
    if decision not in SignDecision.values:
        raise Invalid("The decision is approve, request_changes or reject.", field="decision")
    reason = written(reason, "reason", LONGEST_TEXT)
    policies.may_sign(caller, review, Policy.read(review.policy.document)).enforce()
    annex = annex_of(review.version_id)
    require_shown(review, annex, (statement_digest, annex_digest))
    words = words_to_sign(caller, statement_digest, decision, reason, annex)
    return ask_passkey(caller, SIGN, words)


def ask_to_waive(
    *, caller: Caller, version: ModelVersion, gate_digest: str, reason: str, expires_on: date
) -> Ask:
    """A challenge for a waiver with these words. Raises NotAllowed, Conflict, Invalid."""
    words = words_to_waive(
        caller=caller,
        version=version,
        gate_digest=gate_digest,
        reason=reason,
        expires_on=expires_on,
        by_passkey=True,
    )
    return ask_passkey(caller, WAIVE, words)


def ask_to_revoke(*, caller: Caller, version: ModelVersion, reason: str) -> Ask:
    """A challenge for a revocation with these words. Raises NotAllowed, Conflict, Invalid."""
    policies.may_revoke(caller, version.model.team_id).enforce()
    reason = written(reason, "reason", LONGEST_REASON)
    if not version.approvals.filter(revocation=None).exists():
        raise Conflict("This version has no approval that could be revoked.")
    return ask_passkey(caller, REVOKE, words_to_revoke(caller, version, reason))
