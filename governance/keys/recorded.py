"""Whether the log held an approval when a key ended: what an ended key signed counts only then."""

from hashlib import sha256

from audit.actions import Action
from audit.models import AuditEvent
from audit.proofs import stands_in
from governance.models import Approval
from trust.approval import Recorded
from trust.bundle_seal import parse_event
from trust.errors import TrustError
from trust.keys import TreeBound


def recorded_of(approval: Approval) -> Recorded:
    """Asks the log, and believes it only as far as it proves the place against the key's end."""

    def held(end: TreeBound) -> bool:
        told = AuditEvent.objects.filter(
            action=Action.VERSION_APPROVED.value,
            subject_type="version",
            subject_id=str(approval.version_id),
        )
        return any(_tells(e, approval) and stands_in(e, end.size, end.root) for e in told)

    return held


def _tells(event: AuditEvent, approval: Approval) -> bool:
    """Whether the event's bytes tell of this envelope."""
    try:
        said = parse_event(bytes(event.leaf))
    except TrustError:
        return False
    digest = sha256(bytes(approval.envelope)).hexdigest()
    wanted = (str(approval.pk), f"sha256:{digest}")
    told = (said.payload.get("approval"), said.payload.get("envelope_digest"))
    return said.action == Action.VERSION_APPROVED and told == wanted
