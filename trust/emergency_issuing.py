"""Writing emergency grants: the counterpart of `trust.emergency`, used by the notary alone."""

from trust.approval import IN_TOTO_PAYLOAD_TYPE, IN_TOTO_STATEMENT_TYPE
from trust.canonical import canonical
from trust.digests import digest_hex
from trust.dsse import sign_envelope
from trust.emergency import EMERGENCY_PREDICATE_TYPE, Emergency, read_emergency
from trust.fields import JsonObject
from trust.keys import SigningKey, TrustedKeys
from trust.times import format_moment


def sign_emergency(said: Emergency, key: SigningKey) -> bytes:
    """The DSSE envelope's bytes. Raises Malformed for what no verifier would accept."""
    predicate: JsonObject = {
        "emergency": said.id,
        "proposal_digest": said.proposal_digest,
        "policy_digest": said.policy_digest,
        "persons": list(said.persons),
        "contributors": list(said.contributors),
        "artifacts": list(said.artifacts),
        "golden_digest": said.golden_digest,
        "alias": said.alias,
        "environment": said.environment,
        "reason": said.reason,
        "issued_at": format_moment(said.issued_at),
        "not_after": format_moment(said.not_after),
    }
    digest = {"sha256": digest_hex(said.version_digest)}
    statement: JsonObject = {
        "_type": IN_TOTO_STATEMENT_TYPE,
        "subject": [{"name": said.subject_name, "digest": digest}],
        "predicateType": EMERGENCY_PREDICATE_TYPE,
        "predicate": predicate,
    }
    envelope = sign_envelope(IN_TOTO_PAYLOAD_TYPE, canonical(statement), [key])
    read_emergency(envelope, TrustedKeys([key.verifier]))
    return envelope
