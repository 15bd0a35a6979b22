"""What the tables hold of holds, rules and deletions, and what the log tells of them."""

from contextlib import suppress

from audit.actions import Action
from audit.models import AuditEvent
from compliance.verification.sql import Claim, facts, told_by
from trust.bundle_retention import deleted_by
from trust.bundle_seal import parse_event
from trust.errors import TrustError

CLAIMS = (
    Claim(
        "legal hold",
        facts(
            "coalesce(dataset_id, version_id, model_id), id, kind, 'sha256:' || digest, "
            "person_id, user_id",
            "at",
            "compliance_legalhold",
        ),
        told_by(
            "hold.placed",
            "subject_id, payload->'hold', payload->'kind', payload->'record', person_id, user_id",
        ),
    ),
    Claim(
        "end of a legal hold",
        facts(
            "coalesce(h.dataset_id, h.version_id, h.model_id), h.id, h.kind, "
            "'sha256:' || l.digest, l.person_id, l.user_id",
            "l.at",
            "compliance_holdlift l JOIN compliance_legalhold h ON h.id = l.hold_id",
        ),
        told_by(
            "hold.lifted",
            "subject_id, payload->'hold', payload->'kind', payload->'record', person_id, user_id",
        ),
    ),
    Claim(
        "rule of retention",
        facts(
            "r.tier || ':' || r.kind, r.tier, r.kind, r.days, r.revision, 'sha256:' || p.digest",
            "r.at",
            "compliance_retentionrule r JOIN accounts_proposal p ON p.id = r.proposal_id",
        ),
        told_by(
            "retention.changed",
            "subject_id, payload->'tier', payload->'kind', payload->'days', "
            "payload->'revision', payload->'proposal'",
        ),
    ),
    Claim(
        "tombstone",
        facts(
            "coalesce(t.dataset_id, t.version_id), 'sha256:' || t.blob_id, b.size, t.what, "
            "'sha256:' || p.digest",
            "t.at",
            "registry_tombstone t JOIN registry_blob b ON b.sha256 = t.blob_id "
            "JOIN accounts_proposal p ON p.id = t.proposal_id",
        ),
        facts(
            "e.subject_id, f->'digest', f->'size', f->'what', e.payload->'proposal'",
            "e.occurred_at",
            "audit_auditevent e CROSS JOIN LATERAL jsonb_array_elements(e.payload->'files') f "
            "WHERE e.action = 'bytes.deleted'",
        ),
    ),
    Claim(
        "emptied batch of predictions",
        facts(
            "b.id, 'sha256:' || b.digest, b.count, 'sha256:' || e.digest, 'sha256:' || p.digest",
            "e.at",
            "compliance_emptiedbatch e JOIN inference_predictionbatch b ON b.id = e.batch_id "
            "JOIN accounts_proposal p ON p.id = e.proposal_id",
        ),
        told_by(
            "predictions.emptied",
            "subject_id, payload->'digest', payload->'count', payload->'kept', payload->'proposal'",
        ),
    ),
)


def digests_deleted() -> set[str]:
    """Of the bytes that the log's events of deletions name."""
    told = AuditEvent.objects.filter(action=Action.BYTES_DELETED.value)
    found: set[str] = set()
    for leaf in told.values_list("leaf", flat=True).iterator():
        with suppress(TrustError):
            found.update(deleted_by(parse_event(bytes(leaf)).payload))
    return found
