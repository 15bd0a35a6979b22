"""Pieces of the statements by which the tables are compared with the log."""

# All of it is constant text of this package.
# ruff: noqa: S608

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """Rows of a table and the events that tell of them."""

    thing: str
    held: str
    told: str


def facts(columns: str, at: str, source: str) -> str:
    """`k`, the columns as one JSON text, and `at`, for each row of the source."""
    return f"SELECT jsonb_build_array({columns})::text AS k, {at} AS at FROM {source}"


def told_by(action: str, columns: str) -> str:
    """The facts that the events of one action tell."""
    return facts(columns, "occurred_at", f"audit_auditevent WHERE action = '{action}'")


def at_most_once(columns: str, at: str, source: str) -> str:
    """Facts that may be told again and are one row: the first time counts."""
    return f"SELECT k, min(at) AS at FROM ({facts(columns, at, source)}) f GROUP BY k"


# The last that was said of a person's role in a team.
LATEST_ROLES = """
    SELECT DISTINCT ON (subject_id, payload->'team', payload->'role') *
    FROM audit_auditevent WHERE action IN ('role.granted', 'role.removed')
    ORDER BY subject_id, payload->'team', payload->'role', id DESC
"""

# The licence that a model was given last; NULL where the log does not say which.
LATEST_LICENCES = """
    SELECT DISTINCT ON (subject_id) subject_id AS model, payload->>'licence' AS licence
    FROM audit_auditevent WHERE action = 'model.registered'
        OR (action = 'model.changed' AND payload->'fields' @> '["licence"]')
    ORDER BY subject_id, id DESC
"""
