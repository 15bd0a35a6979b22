"""What the tables hold against what the log tells, as two lists of the same facts.

Both sides give `k`, the facts as one JSON text, and `at`, when. A fact on one side alone is a
finding, and so is one whose moments lie further apart than one transaction can take. PostgreSQL
compares; nothing but findings comes here. That the columns of an event say what its bytes say is
the check of the log itself (`audit.verification`).
"""

from collections.abc import Iterator

from django.db import connection

from audit.findings import Finding
from compliance.verification import (
    emergencies,
    findings,
    measuring,
    packs,
    passkeys,
    retention,
    splits,
    statuses,
    two_persons,
    ways_in,
)
from compliance.verification.register import ENTRY
from compliance.verification.sql import (
    LATEST_ROLES,
    Claim,
    at_most_once,
    facts,
    told_by,
)

# The row and its event are written by one transaction, a moment after the other.
APART_S = 300
MOMENT = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
_COMPARE = """
    WITH held AS (SELECT k, count(*) n, min(at) low, max(at) high FROM ({held}) h GROUP BY k),
         told AS (SELECT k, count(*) n, min(at) low, max(at) high FROM ({told}) t GROUP BY k)
    SELECT coalesce(held.k, told.k), coalesce(held.n, 0), coalesce(told.n, 0)
    FROM held FULL JOIN told ON held.k = told.k
    WHERE held.n IS DISTINCT FROM told.n
       OR (held.low IS NULL) <> (told.low IS NULL)
       OR abs(extract(epoch FROM held.low - told.low)) > {apart}
       OR abs(extract(epoch FROM held.high - told.high)) > {apart}
    ORDER BY 1
"""


CLAIMS = (
    Claim(
        "role",
        facts(
            "m.person_id, m.team_id, m.role, 'sha256:' || p.digest",
            "m.granted_at",
            "accounts_membership m LEFT JOIN accounts_proposal p ON p.id = m.proposal_id",
        ),
        facts(
            "subject_id, payload->'team', payload->'role', payload->'proposal'",
            "occurred_at",
            f"({LATEST_ROLES}) e WHERE action = 'role.granted'",
        ),
    ),
    ENTRY,
    Claim(
        "login",
        facts("id, person_id, is_admin, is_active", "date_joined", "accounts_user"),
        facts(
            "subject_id, payload->'person', (payload->>'is_admin')::boolean AND back IS NULL OR "
            "EXISTS (SELECT 1 FROM audit_auditevent m WHERE m.action = 'administrator.made' AND "
            "m.subject_type = 'user' AND m.subject_id = e.subject_id AND m.id > coalesce(back, 0)),"
            " NOT EXISTS (SELECT 1 FROM audit_auditevent c WHERE c.action = 'user.deactivated' AND "
            "c.subject_type = 'user' AND c.subject_id = e.subject_id AND c.id > coalesce(back, 0))",
            "occurred_at",
            "audit_auditevent e LEFT JOIN (SELECT subject_id AS login, max(id) AS back FROM "
            "audit_auditevent WHERE action = 'user.reopened' GROUP BY subject_id) r "
            "ON r.login = e.subject_id WHERE action = 'user.created'",
        ),
    ),
    *ways_in.CLAIMS,
    *two_persons.CLAIMS,
    Claim(
        "second factor",
        facts(
            "person_id, 'sha256:' || encode(sha256(convert_to(sealed, 'UTF8')), 'hex')",
            "enrolled_at",
            "accounts_secondfactor",
        ),
        facts(
            "subject_id, payload->'sealed'",
            "occurred_at",
            "(SELECT DISTINCT ON (subject_id) * FROM audit_auditevent WHERE action IN "
            "('factor.enrolled', 'factor.removed', 'factor.reset') AND subject_type = 'person' "
            "ORDER BY subject_id, id DESC) e WHERE action = 'factor.enrolled'",
        ),
    ),
    *passkeys.CLAIMS,
    *packs.CLAIMS,
    Claim(
        "model",
        facts(
            "id, name, risk_tier, origin, team_id, created_by_id",
            "created_at",
            "registry_registeredmodel",
        ),
        told_by(
            "model.registered",
            "subject_id, payload->'name', payload->'risk_tier', payload->'origin', "
            "substr(related->>1, 6), user_id",
        ),
    ),
    Claim(
        "dataset",
        facts(
            "id, name, split, 'sha256:' || blob_id, rows, left(origin, 200), licence, team_id, "
            "created_by_id",
            "created_at",
            "registry_datasetsnapshot",
        ),
        told_by(
            "dataset.registered",
            "subject_id, payload->'name', payload->'split', payload->'digest', payload->'rows', "
            "payload->'origin', payload->'licence', substr(related->>1, 6), user_id",
        ),
    ),
    Claim(
        "version",
        facts(
            "v.id, m.name, v.number, 'sha256:' || v.digest, v.kind, 'sha256:' || p.digest, "
            "v.created_by_id",
            "v.created_at",
            "registry_modelversion v JOIN registry_registeredmodel m ON m.id = v.model_id "
            "LEFT JOIN registry_modelversion p ON p.id = v.parent_id",
        ),
        facts(
            "subject_id, payload->'model', payload->'number', payload->'version_digest', "
            "payload->'kind', payload->'parent', user_id",
            "occurred_at",
            "audit_auditevent WHERE action IN ('version.registered', 'version.derived')",
        ),
    ),
    Claim(
        "contributor",
        facts("version_id, person_id, reason", "at", "registry_versioncontributor"),
        statuses.HANDS,
    ),
    Claim(
        "model card",
        facts(
            "version_id, revision, 'sha256:' || digest, author_id",
            "created_at",
            "registry_cardrevision",
        ),
        told_by("card.edited", "subject_id, payload->'revision', payload->'digest', user_id"),
    ),
    Claim(
        "report",
        facts(
            "version_id, kind, 'sha256:' || digest",
            "created_at",
            "registry_evidence WHERE kind NOT IN ('sandbox', 'parity', 'plan', 'validation')",
        ),
        at_most_once(
            "subject_id, r.key, r.value",
            "occurred_at",
            "audit_auditevent e CROSS JOIN LATERAL jsonb_each_text(CASE "
            "jsonb_typeof(payload->'reports') WHEN 'object' THEN payload->'reports' "
            "ELSE '{}' END) r WHERE action IN ('evaluation.completed', 'explanation.completed')",
        ),
    ),
    *measuring.CLAIMS,
    # No event names these: they come with the version that they are about, each once.
    Claim(
        "report of admission",
        facts(
            "version_id, kind",
            "created_at",
            "registry_evidence WHERE kind IN ('sandbox', 'parity')",
        ),
        facts("id, 'sandbox'", "created_at", "registry_modelversion WHERE servable")
        + " UNION ALL "
        + facts("id, 'parity'", "created_at", "registry_modelversion WHERE kind = 'compressed'"),
    ),
    Claim(
        "policy",
        facts(
            "id, name, revision, 'sha256:' || digest, published_by_id",
            "published_at",
            "governance_policyversion",
        ),
        told_by(
            "policy.published",
            "subject_id, payload->'name', payload->'revision', payload->'digest', user_id",
        ),
    ),
    Claim(
        "review",
        facts(
            "r.id, 'sha256:' || r.statement_digest, 'sha256:' || v.digest, 'sha256:' || p.digest, "
            "r.opened_by_id",
            "r.opened_at",
            "governance_review r JOIN registry_modelversion v ON v.id = r.version_id "
            "JOIN governance_policyversion p ON p.id = r.policy_id",
        ),
        told_by(
            "review.opened",
            "subject_id, payload->'statement_digest', payload->'version_digest', "
            "payload->'policy_digest', user_id",
        ),
    ),
    Claim(
        "state of review",
        facts("id, state", "closed_at", "governance_review"),
        statuses.REVIEW_STATES,
    ),
    Claim(
        "notary's note on review",
        facts("id, left(notary_note, 500)", "NULL::timestamptz", "governance_review"),
        statuses.NOTARY_NOTES,
    ),
    Claim(
        "comment",
        facts(
            f"c.review_id, {findings.SAID.format('c')}, c.author_id, CASE WHEN c.anchor ~ "
            f"'^(section|figure):' THEN c.anchor END, {findings.SAID.format('p')}, "
            f"{findings.FILES.format('comment_id', 'c')}",
            "c.at",
            "governance_comment c LEFT JOIN governance_comment p ON p.id = c.parent_id",
        ),
        told_by(
            "review.commented",
            "subject_id, payload->'comment_digest', user_id, payload->'anchor', "
            "payload->'reply_to', payload->'attachments'",
        ),
    ),
    Claim(
        "signature",
        facts(
            "review_id, 'sha256:' || digest, 'sha256:' || statement_digest, decision, role, "
            "person_id, user_id",
            "at",
            "governance_signature",
        ),
        told_by(
            "review.signed",
            "subject_id, payload->'signature', payload->'statement_digest', payload->'decision', "
            "payload->'role', person_id, user_id",
        ),
    ),
    Claim(
        "approval",
        facts(
            "a.id, 'sha256:' || a.envelope_digest, a.version_id, 'sha256:' || v.digest, "
            "'sha256:' || r.statement_digest",
            "a.issued_at",
            "governance_approval a JOIN registry_modelversion v ON v.id = a.version_id "
            "JOIN governance_review r ON r.id = a.review_id",
        ),
        told_by(
            "version.approved",
            "payload->'approval', payload->'envelope_digest', subject_id, "
            "payload->'version_digest', payload->'statement_digest'",
        ),
    ),
    Claim(
        "waiver",
        facts(
            "w.version_id, 'sha256:' || w.digest, 'sha256:' || v.digest, 'sha256:' || p.digest, "
            "w.gate, w.role, w.person_id, w.user_id",
            "w.at",
            "governance_waiver w JOIN registry_modelversion v ON v.id = w.version_id "
            "JOIN governance_policyversion p ON p.id = w.policy_id",
        ),
        told_by(
            "waiver.given",
            "subject_id, payload->'waiver', payload->'version_digest', payload->'policy_digest', "
            "payload->'gate', payload->'role', person_id, user_id",
        ),
    ),
    Claim(
        "withdrawal of a waiver",
        facts(
            "w.version_id, 'sha256:' || w.digest, w.gate, d.by_id",
            "d.at",
            "governance_waiverwithdrawal d JOIN governance_waiver w ON w.id = d.waiver_id",
        ),
        told_by("waiver.withdrawn", "subject_id, payload->'waiver', payload->'gate', user_id"),
    ),
    *findings.CLAIMS,
    *emergencies.CLAIMS,
    *retention.CLAIMS,
    *splits.CLAIMS,
    Claim(
        "revocation",
        facts(
            "r.approval_id, a.version_id, r.by_id, 'sha256:' || encode(sha256(r.assertion), 'hex')",
            "r.at",
            "governance_revocation r JOIN governance_approval a ON a.id = r.approval_id",
        ),
        told_by(
            "approval.revoked", "payload->'approval', subject_id, user_id, payload->'assertion'"
        ),
    ),
    Claim(
        "staleness",
        facts(
            f"s.approval_id, a.version_id, s.because, {MOMENT.format('s.since')}, "
            f"{MOMENT.format('s.until')}",
            "s.at",
            "governance_staleness s JOIN governance_approval a ON a.id = s.approval_id",
        ),
        told_by(
            "approval.stale",
            "payload->'approval', subject_id, payload->'because', payload->'since', "
            "payload->'until'",
        ),
    ),
    Claim(
        "move of an alias",
        facts(
            "m.model_id, m.alias, 'sha256:' || f.digest, 'sha256:' || t.digest, m.approval_id, "
            "m.by_id",
            "m.at",
            "registry_aliasmove m LEFT JOIN registry_modelversion f ON f.id = m.from_version_id "
            "LEFT JOIN registry_modelversion t ON t.id = m.to_version_id",
        ),
        told_by(
            "alias.moved",
            "subject_id, payload->'alias', payload->'from', payload->'to', payload->'approval', "
            "user_id",
        ),
    ),
    Claim(
        "alias",
        facts(
            "a.model_id, a.name, 'sha256:' || v.digest",
            "a.moved_at",
            "registry_alias a JOIN registry_modelversion v ON v.id = a.version_id",
        ),
        facts(
            "subject_id, payload->'alias', payload->'to'",
            "occurred_at",
            "(SELECT DISTINCT ON (subject_id, payload->'alias') * FROM audit_auditevent "
            "WHERE action = 'alias.moved' ORDER BY subject_id, payload->'alias', id DESC) e",
        ),
    ),
    Claim(
        "status of version",
        facts("id, status", "NULL::timestamptz", "registry_modelversion"),
        statuses.STATUSES,
    ),
    Claim("reason of a status", statuses.REASONS_SHOWN, statuses.REASONS_TOLD),
    Claim(
        "batch of predictions",
        facts(
            "id, count, 'sha256:' || digest, first_at, last_at",
            "shipped_at",
            "inference_predictionbatch",
        ),
        statuses.SEALED,
    ),
)


def claims() -> Iterator[Finding]:
    """All of them, one after the other."""
    for claim in CLAIMS:
        yield from told(claim)


def told(claim: Claim) -> Iterator[Finding]:
    """Facts of a claim that stand in a table or in the log, but not in both."""
    statement = _COMPARE.format(held=claim.held, told=claim.told, apart=APART_S)
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        for key, held, told_of in cursor:
            yield Finding(claim.thing, key, _why(held, told_of))


def _why(held: int, told: int) -> str:
    if held > told:
        return "the log has no such event."
    if held < told:
        return "the log tells of it, and there is no such record."
    return "the log tells of another moment."
