"""What follows from the log by more than one event: statuses, states, reasons, contributors.

A status is a projection; each of these says again what the verbs of `registry` and `governance`
do to it, from their events alone.
"""

# All of it is constant text of this package.
# ruff: noqa: S608

from compliance.verification.sql import at_most_once, facts

# Contributors: who made it, described it or chose its measurement, and those of the parent as
# they were when the version was derived.
_HAND_OF_ACTION = """CASE action WHEN 'card.edited' THEN 'card' WHEN 'plan.sealed' THEN 'plan'
    WHEN 'evaluation.requested' THEN 'evaluation' WHEN 'explanation.requested' THEN 'explanation'
    ELSE payload->>'kind' END"""
_HAND = f"""
    (WITH RECURSIVE hand(version, person, reason, at) AS (
        SELECT subject_id::text, person_id::text, {_HAND_OF_ACTION}, occurred_at
        FROM audit_auditevent WHERE action IN ('version.registered', 'version.derived',
            'card.edited', 'plan.sealed', 'evaluation.requested', 'explanation.requested')
      UNION
        SELECT child.subject_id::text, hand.person, hand.reason, child.occurred_at
        FROM hand JOIN registry_modelversion p ON p.id::text = hand.version
        JOIN audit_auditevent child ON child.action = 'version.derived'
            AND child.payload->>'parent' = 'sha256:' || p.digest AND hand.at <= child.occurred_at
    ) SELECT * FROM hand) h
"""
HANDS = at_most_once("version, person, reason", "at", _HAND)

_STATE_OF_ACTION = """CASE action WHEN 'review.quorum_reached' THEN 'quorum'
    WHEN 'review.rejected' THEN 'rejected' WHEN 'review.withdrawn' THEN 'withdrawn'
    WHEN 'review.changes_requested' THEN 'changes_requested'
    WHEN 'version.approved' THEN 'approved' ELSE 'open' END"""
_OF_REVIEWS = """
    SELECT r.id AS review, r.version_id, e.id, e.action, e.occurred_at, e.payload
    FROM audit_auditevent e JOIN governance_review r ON
        (e.subject_type = 'review' AND e.subject_id = r.id::text)
    WHERE e.action IN ('review.opened', 'review.quorum_reached', 'review.quorum_refused',
        'review.rejected', 'review.changes_requested', 'review.withdrawn')
  UNION ALL
    SELECT r.id, r.version_id, e.id, e.action, e.occurred_at, e.payload
    FROM audit_auditevent e JOIN governance_review r
        ON e.payload->>'statement_digest' = 'sha256:' || r.statement_digest
    WHERE e.action = 'version.approved'
"""
_LAST_OF_REVIEW = f"""
    (SELECT DISTINCT ON (review) review, {_STATE_OF_ACTION} AS state, occurred_at
    FROM ({_OF_REVIEWS}) e ORDER BY review, id DESC) s
"""
REVIEW_STATES = facts(
    "review, state",
    "CASE WHEN state NOT IN ('open', 'quorum') THEN occurred_at END",
    _LAST_OF_REVIEW,
)
# A refusal of the notary is shown until the quorum is reached again.
NOTARY_NOTES = facts(
    "review, CASE action WHEN 'review.quorum_refused' THEN payload->>'reason' ELSE '' END",
    "NULL::timestamptz",
    f"(SELECT DISTINCT ON (review) * FROM ({_OF_REVIEWS}) e WHERE action IN ('review.opened', "
    "'review.quorum_reached', 'review.quorum_refused', 'version.approved') "
    "ORDER BY review, id DESC) s",
)

_STATUS_OF_ACTION = """CASE action WHEN 'review.opened' THEN 'in_review'
    WHEN 'review.quorum_refused' THEN 'in_review' WHEN 'review.quorum_reached' THEN 'quorum'
    WHEN 'review.rejected' THEN 'rejected' WHEN 'review.changes_requested' THEN 'changes_requested'
    WHEN 'version.approved' THEN 'approved' WHEN 'approval.revoked' THEN 'revoked'
    WHEN 'version.retired' THEN 'retired' WHEN 'version.quarantined' THEN 'quarantined'
    WHEN 'approval.expired' THEN 'expired' ELSE 'draft' END"""
# A renewal that came to nothing leaves the approval that was in force then.
_ENDS_NOTHING = """action IN ('review.rejected', 'review.changes_requested', 'review.withdrawn')
    AND EXISTS (SELECT 1 FROM governance_approval a
        LEFT JOIN governance_revocation o ON o.approval_id = a.id
        WHERE a.version_id::text = e.version AND a.issued_at < e.occurred_at
            AND a.not_after > e.occurred_at AND (o.at IS NULL OR o.at > e.occurred_at))"""
# Damaged bytes are shown until the version is retired, whatever comes after them.
_STILL_DAMAGED = "action = 'version.quarantined' AND id > coalesce(retired, 0)"
_LAST_OF_VERSION = f"""
    (SELECT DISTINCT ON (version) version, action, payload,
        CASE WHEN {_ENDS_NOTHING} THEN 'approved' ELSE {_STATUS_OF_ACTION} END AS status
    FROM (SELECT *, max(id) FILTER (WHERE action = 'version.retired')
        OVER (PARTITION BY version) AS retired FROM (
        SELECT subject_id::text AS version, id, action, payload, occurred_at FROM audit_auditevent
        WHERE action IN ('version.registered', 'version.derived', 'version.approved',
            'approval.revoked', 'approval.expired', 'version.retired', 'version.quarantined')
      UNION ALL
        SELECT version_id::text, id, action, payload, occurred_at FROM ({_OF_REVIEWS}) r
    ) e) e ORDER BY version, ({_STILL_DAMAGED}) DESC, id DESC) s
"""
STATUSES = facts("version, status", "NULL::timestamptz", _LAST_OF_VERSION)

# The log holds no free text of persons, so the reason of a revocation is compared with its row,
# and the reason why a version was retired with nothing.
REASONS_SHOWN = facts(
    "id, left(status_reason, 500)",
    "NULL::timestamptz",
    "registry_modelversion WHERE status <> 'retired'",
)
REASONS_TOLD = facts(
    "version, coalesce(CASE action WHEN 'approval.revoked' THEN left(o.reason, 500) "
    "WHEN 'review.quorum_refused' THEN payload->>'reason' "
    "WHEN 'version.quarantined' THEN payload->>'reason' END, '')",
    "NULL::timestamptz",
    f"{_LAST_OF_VERSION} LEFT JOIN governance_revocation o "
    "ON o.approval_id::text = payload->>'approval' WHERE status <> 'retired'",
)

SEALED = facts(
    "subject_id, payload->'count', payload->'digest', p.low, p.high",
    "occurred_at",
    "audit_auditevent e LEFT JOIN (SELECT batch_id, min(at) low, max(at) high "
    "FROM inference_prediction GROUP BY batch_id) p ON p.batch_id::text = e.subject_id "
    "WHERE action = 'predictions.sealed'",
)
