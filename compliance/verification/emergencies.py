"""Emergency grants re-derived: envelope, proposal, policy, two persons, and what the log tells."""

from collections.abc import Iterator
from hashlib import sha256

from audit.findings import Finding
from compliance.verification.sql import Claim, facts, told_by
from governance.emergencies.notary import steps_of
from governance.emergencies.selectors import grants
from governance.keys.recorded import recorded_of_grant
from governance.models import EmergencyGrant
from trust.emergency import read_emergency
from trust.emergency_records import wrong_with_emergency
from trust.errors import TrustError
from trust.fields import as_object, read_object
from trust.keys import TrustedKeys
from trust.strict_json import parse_strict

_CHUNK = 100
_OF_VERSION = "JOIN governance_emergencygrant g ON g.id = r.grant_id"
CLAIMS = (
    Claim(
        "emergency grant",
        facts("proposal_id", "at", "governance_emergencygrant"),
        facts(
            "subject_id",
            "occurred_at",
            "audit_auditevent WHERE action = 'proposal.confirmed' AND payload->>'kind' = "
            "'emergency'",
        ),
    ),
    Claim(
        "emergency grant",
        facts(
            "g.version_id, g.id, g.alias, 'sha256:' || r.envelope_digest",
            "r.issued_at",
            f"governance_emergencyattestation r {_OF_VERSION}",
        ),
        told_by(
            "emergency.granted",
            "subject_id, payload->'emergency', payload->'alias', payload->'envelope_digest'",
        ),
    ),
    Claim(
        "end of an emergency grant",
        facts(
            "g.version_id, g.id, r.cause, r.by_id, "
            "CASE r.cause WHEN 'refused' THEN left(r.reason, 500) END",
            "r.at",
            f"governance_emergencyend r {_OF_VERSION}",
        ),
        facts(
            "subject_id, payload->'emergency', CASE action WHEN 'emergency.refused' THEN "
            "'refused' ELSE payload->>'cause' END, user_id, payload->'reason'",
            "occurred_at",
            "audit_auditevent WHERE action IN ('emergency.ended', 'emergency.refused')",
        ),
    ),
    Claim(
        "review of an emergency grant",
        facts(
            "g.version_id, g.id, r.outcome, r.person_id, r.user_id",
            "r.at",
            f"governance_emergencyreview r {_OF_VERSION}",
        ),
        told_by(
            "emergency.reviewed",
            "subject_id, payload->'emergency', payload->'outcome', person_id, user_id",
        ),
    ),
)


def emergencies(keys: TrustedKeys) -> Iterator[Finding]:
    """Grants whose envelope is not what two persons confirmed; `keys` sign approvals."""
    for grant in grants().order_by("pk").iterator(chunk_size=_CHUNK):
        attested = hasattr(grant, "attestation")
        for why in _wrong(grant, keys) if attested else _wrong_with_wish(grant):
            yield Finding("emergency grant", str(grant.pk), f"{why}.")


def _wrong_with_wish(grant: EmergencyGrant) -> Iterator[str]:
    """Why a grant that no notary has signed is not what was proposed."""
    try:
        said = as_object(parse_strict(bytes(grant.proposal.document)), "the proposal")
        details = read_object(said, "details")
    except TrustError as error:
        yield str(error)
        return
    columns = {
        "version": str(grant.version_id),
        "alias": grant.alias,
        "policy": f"sha256:{grant.policy.digest}",
    }
    yield from (
        f"the {part} of the row is not the one that was proposed"
        for part, held in columns.items()
        if details.get(part) != held
    )


def _wrong(grant: EmergencyGrant, keys: TrustedKeys) -> Iterator[str]:
    row = grant.attestation
    envelope = bytes(row.envelope)
    if sha256(envelope).hexdigest() != row.envelope_digest:
        yield "its envelope does not have its digest"
    try:
        said = read_emergency(envelope, keys, recorded_of_grant(row))
        document, policy = bytes(grant.proposal.document), bytes(grant.policy.body)
        digest = f"sha256:{sha256(document).hexdigest()}"
        columns = {
            "id": (said.id, str(grant.pk)),
            "version": (said.version_digest, f"sha256:{grant.version.digest}"),
            "alias": (said.alias, grant.alias),
            "policy": (said.policy_digest, f"sha256:{sha256(policy).hexdigest()}"),
            "proposal": (said.proposal_digest, digest),
            "beginning": (said.issued_at, row.issued_at),
            "end": (said.not_after, row.not_after),
        }
        yield from (
            f"the {part} of the row is not the one that was signed"
            for part, (signed, held) in columns.items()
            if signed != held
        )
        yield from wrong_with_emergency(
            said,
            as_object(parse_strict(document), "the proposal"),
            as_object(parse_strict(policy), "the policy"),
            steps_of(grant, digest),
        )
    except TrustError as error:
        yield str(error)
