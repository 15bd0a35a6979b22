"""Whether the log held an approval when a key ended: what an ended key signed counts only then."""

from hashlib import sha256
from uuid import UUID

from audit.actions import Action
from audit.models import AuditEvent
from audit.proofs import stands_in
from governance.models import Approval, EmergencyAttestation
from trust.approval import Recorded
from trust.bundle_seal import parse_event
from trust.errors import TrustError
from trust.keys import TreeBound


def recorded_of(approval: Approval) -> Recorded:
    """Asks the log, and believes it only as far as it proves the place against the key's end."""
    told = (str(approval.pk), bytes(approval.envelope))
    return _recorded(Action.VERSION_APPROVED, "approval", approval.version_id, *told)


def recorded_of_grant(attestation: EmergencyAttestation) -> Recorded:
    """The same of an emergency grant."""
    told = (str(attestation.pk), bytes(attestation.envelope))
    return _recorded(Action.EMERGENCY_GRANTED, "emergency", attestation.grant.version_id, *told)


def _recorded(action: Action, part: str, version: UUID, identity: str, envelope: bytes) -> Recorded:
    def held(end: TreeBound) -> bool:
        told = AuditEvent.objects.filter(
            action=action.value, subject_type="version", subject_id=str(version)
        )
        wanted = (identity, f"sha256:{sha256(envelope).hexdigest()}")
        return any(
            _tells(event, action, part) == wanted and stands_in(event, end.size, end.root)
            for event in told
        )

    return held


def _tells(event: AuditEvent, action: Action, part: str) -> tuple[object, object] | None:
    """Of which envelope the event's bytes tell."""
    try:
        said = parse_event(bytes(event.leaf))
    except TrustError:
        return None
    if said.action != action:
        return None
    return said.payload.get(part), said.payload.get("envelope_digest")
