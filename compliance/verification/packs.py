"""What is kept of packs against what the log tells of them."""

from compliance.verification.sql import Claim, facts, told_by

CLAIMS = (
    Claim(
        "pack",
        facts(
            "p.id, p.template, p.kind, 'sha256:' || v.digest, p.requested_by_id",
            "p.created_at",
            "compliance_pack p LEFT JOIN registry_modelversion v ON v.id = p.version_id",
        ),
        # Packs from before there were other kinds are about a version, and do not say so.
        told_by(
            "pack.requested",
            "subject_id, payload->'template', coalesce(payload->'scope'->>'kind', 'version'), "
            "payload->'version_digest', user_id",
        ),
    ),
    Claim(
        "file of a pack",
        facts("pack_id, form, 'sha256:' || blob_id", "NULL::timestamptz", "compliance_packfile"),
        facts(
            "e.subject_id, f.key, f.value",
            "NULL::timestamptz",
            "audit_auditevent e, jsonb_each_text(e.payload->'files') f "
            "WHERE e.action = 'pack.made'",
        ),
    ),
)
