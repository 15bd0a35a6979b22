"""What is kept of packs against what the log tells of them."""

from compliance.verification.sql import Claim, facts, told_by

_KIND = "coalesce(payload->'scope'->>'kind', 'version')"
# As `trust.times.format_moment` writes it.
_SAID = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

CLAIMS = (
    Claim(
        "pack",
        facts(
            "p.id, p.template, p.kind, 'sha256:' || v.digest, p.requested_by_id, m.name, "
            "nullif(to_jsonb(p.teams), '[]'), "
            f"{_SAID.format('p.since')}, {_SAID.format('p.until')}",
            "p.created_at",
            "compliance_pack p LEFT JOIN registry_modelversion v ON v.id = p.version_id "
            "LEFT JOIN registry_registeredmodel m ON m.id = p.model_id",
        ),
        # Packs from before there were other kinds are about a version, and do not say so. The
        # model of a version is in its digest.
        told_by(
            "pack.requested",
            f"subject_id, payload->'template', {_KIND}, payload->'version_digest', user_id, "
            f"CASE WHEN {_KIND} <> 'version' THEN payload->'scope'->'model' END, "
            "payload->'scope'->'teams', payload->'scope'->'since', payload->'scope'->'until'",
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
