"""What the tables hold of shares of aliases' calls, and what the log tells of them."""

from compliance.verification.sql import Claim, facts, told_by

# With the share before, as the events say it too: shares that exchange their places are noticed.
_IN_ORDER = (
    "(SELECT *, coalesce(lag(percent) OVER (PARTITION BY model_id, alias ORDER BY id), 0) "
    "AS before FROM governance_splitmove)"
)
_MOVES = (
    f"{_IN_ORDER} m JOIN registry_modelversion h ON h.id = m.holder_id "
    "JOIN registry_modelversion c ON c.id = m.version_id"
)
_WHOSE = "m.model_id, m.alias, 'sha256:' || h.digest, 'sha256:' || c.digest, m.approval_id, m.by_id"
_TOLD = (
    "subject_id, payload->'alias', payload->'holder', payload->'challenger', "
    "payload->'approval', user_id"
)
CLAIMS = (
    Claim(
        "share of a challenger",
        facts(f"{_WHOSE}, m.percent, m.before", "m.at", f"{_MOVES} WHERE m.cause = 'given'"),
        told_by("alias.split", f"{_TOLD}, payload->'percent', payload->'before'"),
    ),
    Claim(
        "end of a challenger's share",
        facts(f"{_WHOSE}, m.cause, m.percent", "m.at", f"{_MOVES} WHERE m.cause <> 'given'"),
        told_by("alias.split_ended", f"{_TOLD}, payload->'cause', 0"),
    ),
    Claim(
        "split",
        facts(
            "a.model_id, a.name, 'sha256:' || c.digest, s.approval_id, s.percent",
            "NULL::timestamptz",
            "governance_split s JOIN registry_alias a ON a.id = s.alias_id "
            "JOIN registry_modelversion c ON c.id = s.version_id",
        ),
        facts(
            "subject_id, payload->'alias', payload->'challenger', payload->'approval', "
            "payload->'percent'",
            "NULL::timestamptz",
            "(SELECT DISTINCT ON (subject_id, payload->'alias') * FROM audit_auditevent "
            "WHERE action IN ('alias.split', 'alias.split_ended') "
            "ORDER BY subject_id, payload->'alias', id DESC) e WHERE action = 'alias.split'",
        ),
    ),
)
