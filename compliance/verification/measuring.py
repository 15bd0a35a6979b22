"""What the tables hold of plans and evaluation runs, and what the log tells of them."""

# All of it is constant text of this package.

from compliance.verification.sql import LATEST_LICENCES, Claim, facts, told_by

_PLANS = """
    evaluation_evaluationplan p JOIN registry_evidence e ON e.id = p.document_id
    JOIN registry_modelversion v ON v.id = p.version_id
    JOIN registry_datasetsnapshot s ON s.id = p.dataset_id
    LEFT JOIN evaluation_evaluationplan b ON b.id = p.supersedes_id
    LEFT JOIN registry_evidence o ON o.id = b.document_id
"""
_RUNS = """
    evaluation_evaluationrun r JOIN registry_datasetsnapshot s ON s.id = r.dataset_id
    LEFT JOIN evaluation_evaluationplan p ON p.id = r.plan_id
    LEFT JOIN registry_evidence e ON e.id = p.document_id
"""
_RESULTS = """
    evaluation_evaluationrun r JOIN registry_evidence e ON e.id = r.report_id
    LEFT JOIN registry_evidence g ON g.id = r.golden_id
"""
CLAIMS = (
    Claim(
        "licence of a model",
        facts(
            "m.id, m.licence",
            "NULL::timestamptz",
            f"registry_registeredmodel m JOIN ({LATEST_LICENCES}) e ON e.model = m.id::text "
            "WHERE e.licence IS NOT NULL",
        ),
        facts(
            "model, licence",
            "NULL::timestamptz",
            f"({LATEST_LICENCES}) e WHERE licence IS NOT NULL",
        ),
    ),
    Claim(
        "plan",
        facts(
            "p.version_id, 'sha256:' || e.digest, 'sha256:' || v.digest, 'sha256:' || s.blob_id, "
            "'sha256:' || o.digest, p.sealed_by_id",
            "p.sealed_at",
            _PLANS,
        ),
        told_by(
            "plan.sealed",
            "subject_id, payload->'plan', payload->'version_digest', payload->'dataset', "
            "payload->'supersedes', user_id",
        ),
    ),
    Claim(
        "document of a plan",
        facts(
            "version_id, 'sha256:' || digest",
            "created_at",
            "registry_evidence WHERE kind = 'plan'",
        ),
        told_by("plan.sealed", "subject_id, payload->'plan'"),
    ),
    # The uses of a snapshot are counted from these rows.
    Claim(
        "evaluation run",
        facts(
            "r.version_id, r.id, 'sha256:' || s.blob_id, r.seed, 'sha256:' || e.digest, "
            "NULLIF(r.slices, '[]'::jsonb), r.requested_by_id",
            "r.created_at",
            _RUNS,
        ),
        told_by(
            "evaluation.requested",
            "subject_id, payload->'run', payload->'dataset', payload->'seed', payload->'plan', "
            "payload->'slices', user_id",
        ),
    ),
    Claim(
        "result of an evaluation run",
        facts(
            "r.version_id, r.id, 'sha256:' || e.digest, 'sha256:' || g.digest",
            "NULL::timestamptz",
            _RESULTS,
        ),
        facts(
            "subject_id, payload->'run', payload->'reports'->'evaluation', "
            "payload->'reports'->'golden'",
            "NULL::timestamptz",
            "audit_auditevent WHERE action = 'evaluation.completed'",
        ),
    ),
)
