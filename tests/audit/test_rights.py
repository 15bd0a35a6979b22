"""The app's database role cannot touch what was written, whatever the program says."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

KEPT = (
    "audit_auditevent",
    "audit_auditleaf",
    "audit_checkpoint",
    "governance_signature",
    "governance_waiver",
    "governance_approval",
)
NOTARY_ONLY = ("audit_auditleaf", "audit_checkpoint", "governance_approval")
INSERTS = {
    "audit_auditleaf": "INSERT INTO audit_auditleaf (leaf_index, event_id) VALUES (0, 1)",
    "audit_checkpoint": (
        "INSERT INTO audit_checkpoint (size, root, note, signed_at) VALUES (1, '', '', now())"
    ),
    "governance_approval": (
        "INSERT INTO governance_approval (id, review_id, version_id, envelope, envelope_digest, "
        "issued_at, not_after) VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), "
        "'', '', now(), now())"
    ),
}
CHANGES: dict[str, Callable[[str], str]] = {
    "UPDATE": lambda table: f"UPDATE {table} SET {_column(table)} = {_column(table)}",
    "DELETE": lambda table: f"DELETE FROM {table}",
    "TRUNCATE": lambda table: f"TRUNCATE {table} CASCADE",
    "DISABLE TRIGGER": lambda table: f"ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP": lambda table: f"DROP TABLE {table} CASCADE",
}


def _column(table: str) -> str:
    return {"audit_auditleaf": "leaf_index", "audit_checkpoint": "size"}.get(table, "id")


def _refusal(statement: str) -> str:
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    return str(caught.value)


@pytest.mark.django_db
@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_written_is_not_changed(table: str, change: str) -> None:
    said = _refusal(CHANGES[change](table))
    assert "permission denied" in said or "must be owner" in said


@pytest.mark.django_db
@pytest.mark.parametrize("table", NOTARY_ONLY)
def test_only_the_notary_gives_places_checkpoints_and_approvals(table: str) -> None:
    assert "permission denied" in _refusal(INSERTS[table])


@pytest.mark.django_db
def test_triggers_cannot_be_switched_off_for_the_session() -> None:
    assert "permission denied" in _refusal("SET session_replication_role = replica")


@pytest.mark.django_db
def test_a_function_of_the_triggers_cannot_be_replaced() -> None:
    said = _refusal(
        "CREATE OR REPLACE FUNCTION assay_refuse_change() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RETURN NEW; END $$"
    )
    assert "permission denied" in said or "must be owner" in said
