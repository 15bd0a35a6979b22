"""What the tables hold of assignments, looks and findings, and what the log tells of them."""

# All of it is constant text of this package.

from compliance.verification.sql import Claim, facts, told_by

_MOVED = """
    governance_findingmove m JOIN governance_finding f ON f.id = m.finding_id
    JOIN registry_modelversion v ON v.id = f.version_id
"""
_SAID = (
    "subject_id, payload->'finding', payload->'version_digest', payload->'move', action, "
    "person_id, user_id, payload->'attachments'"
)
# The digest of what a comment says.
SAID = "'sha256:' || encode(sha256(convert_to({}.body, 'UTF8')), 'hex')"
# The files attached to a row, as events name them; NULL where there is none.
FILES = (
    "(SELECT jsonb_agg(jsonb_build_object('name', a.name, 'digest', 'sha256:' || a.blob_id, "
    "'size', a.size) ORDER BY a.position) FROM governance_attachment a WHERE a.{} = {}.id)"
)
CLAIMS = (
    Claim(
        "move of a thread",
        facts(
            f"c.review_id, c.id::text, {SAID.format('c')}, m.position, "
            "CASE WHEN m.resolved THEN 'thread.resolved' ELSE 'thread.reopened' END, m.user_id",
            "m.at",
            "governance_threadmove m JOIN governance_comment c ON c.id = m.comment_id",
        ),
        facts(
            "subject_id, payload->'comment', payload->'comment_digest', payload->'position', "
            "action, user_id",
            "occurred_at",
            "audit_auditevent WHERE action IN ('thread.resolved', 'thread.reopened')",
        ),
    ),
    Claim(
        "look at a review",
        facts(
            "l.review_id, l.id, 'sha256:' || r.statement_digest, l.person_id, l.user_id",
            "l.at",
            "governance_reviewlook l JOIN governance_review r ON r.id = l.review_id",
        ),
        told_by(
            "review.seen",
            "subject_id, payload->'look', payload->'statement_digest', person_id, user_id",
        ),
    ),
    Claim(
        "assignment of a review",
        facts(
            "a.review_id, a.id, a.position, 'sha256:' || r.statement_digest, "
            "(SELECT coalesce(jsonb_agg(s.person_id::text ORDER BY s.person_id::text), '[]') "
            "FROM governance_assignee s WHERE s.assignment_id = a.id), "
            "a.due_on, a.person_id, a.user_id",
            "a.at",
            "governance_assignment a JOIN governance_review r ON r.id = a.review_id",
        ),
        told_by(
            "review.assigned",
            "subject_id, payload->'assignment', payload->'position', "
            "payload->'statement_digest', payload->'assignees', payload->'due_on', "
            "person_id, user_id",
        ),
    ),
    Claim(
        "delegation",
        facts(
            "person_id, id, delegate_id, starts_on, ends_on, user_id", "at", "governance_delegation"
        ),
        told_by(
            "delegation.made",
            "subject_id, payload->'delegation', payload->'delegate', payload->'starts_on', "
            "payload->'ends_on', user_id",
        ),
    ),
    Claim(
        "end of a delegation",
        facts(
            "d.person_id, d.id, e.user_id",
            "e.at",
            "governance_delegationend e JOIN governance_delegation d ON d.id = e.delegation_id",
        ),
        told_by("delegation.ended", "subject_id, payload->'delegation', user_id"),
    ),
    Claim(
        "validation report",
        facts(
            "n.review_id, 'sha256:' || e.digest, 'sha256:' || v.digest, n.number, n.rating, "
            "n.person_id, n.user_id",
            "n.at",
            "governance_validationreport n JOIN registry_modelversion v ON v.id = n.version_id "
            "JOIN registry_evidence e ON e.id = n.evidence_id",
        ),
        told_by(
            "validation.finished",
            "subject_id, payload->'validation', payload->'version_digest', payload->'number', "
            "payload->'rating', person_id, user_id",
        ),
    ),
    Claim(
        "document of a validation report",
        facts(
            "version_id, 'sha256:' || digest",
            "created_at",
            "registry_evidence WHERE kind = 'validation'",
        ),
        facts(
            "r.version_id, e.payload->'validation'",
            "e.occurred_at",
            "audit_auditevent e JOIN governance_review r ON r.id::text = e.subject_id "
            "WHERE e.action = 'validation.finished'",
        ),
    ),
    Claim(
        "finding",
        facts(
            "f.version_id, 'sha256:' || f.digest, 'sha256:' || v.digest, f.severity, f.effect, "
            "f.due_on, f.owner_id, f.person_id, f.user_id, "
            f"{FILES.format('finding_id', 'f')}",
            "f.at",
            "governance_finding f JOIN registry_modelversion v ON v.id = f.version_id",
        ),
        told_by(
            "finding.raised",
            "subject_id, payload->'finding', payload->'version_digest', payload->'severity', "
            "payload->'effect', payload->'due_on', payload->'owner', person_id, user_id, "
            "payload->'attachments'",
        ),
    ),
    Claim(
        "amendment of a finding",
        facts(
            "f.version_id, 'sha256:' || f.digest, 'sha256:' || v.digest, 'sha256:' || a.digest, "
            "a.was_owner_id, a.was_due_on, a.owner_id, a.due_on, a.person_id, a.user_id",
            "a.at",
            "governance_findingamendment a JOIN governance_finding f ON f.id = a.finding_id "
            "JOIN registry_modelversion v ON v.id = f.version_id",
        ),
        told_by(
            "finding.amended",
            "subject_id, payload->'finding', payload->'version_digest', payload->'amendment', "
            "payload->'was_owner', payload->'was_due_on', payload->'owner', payload->'due_on', "
            "person_id, user_id",
        ),
    ),
    Claim(
        "move of a finding",
        facts(
            "f.version_id, 'sha256:' || f.digest, 'sha256:' || v.digest, 'sha256:' || m.digest, "
            f"'finding.' || m.move, m.person_id, m.user_id, {FILES.format('answer_id', 'm')}",
            "m.at",
            _MOVED,
        ),
        facts(
            _SAID,
            "occurred_at",
            "audit_auditevent WHERE action IN "
            "('finding.answered', 'finding.closed', 'finding.reopened')",
        ),
    ),
)
