"""manage.py verify_log finds every change of what was written, and nothing where nothing was."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from audit.models import Checkpoint
from audit.verification import LogCheck
from compliance.verification import check_records
from governance.releases import revoke
from registry.models import Blob
from tests.compliance.world import PASSWORD, World
from trust.keys import approvals_name
from trust.notes import open_checkpoint

EVENT = "id = (SELECT event_id FROM audit_auditleaf WHERE leaf_index = 5)"
TAMPERINGS = {
    "an event's action": f"UPDATE audit_auditevent SET action = 'x.y' WHERE {EVENT}",
    "an event's person": f"UPDATE audit_auditevent SET person_id = gen_random_uuid() WHERE {EVENT}",
    "an event's login": f"UPDATE audit_auditevent SET user_id = gen_random_uuid() WHERE {EVENT}",
    "an event's way": f"UPDATE audit_auditevent SET via = 'token' WHERE {EVENT}",
    "an event's moment": (
        f"UPDATE audit_auditevent SET occurred_at = occurred_at - interval '1 us' WHERE {EVENT}"
    ),
    "an event's id": f"UPDATE audit_auditevent SET uuid = gen_random_uuid() WHERE {EVENT}",
    "an event's subject type": f"UPDATE audit_auditevent SET subject_type = 'x' WHERE {EVENT}",
    "an event's subject": f"UPDATE audit_auditevent SET subject_id = 'x' WHERE {EVENT}",
    "an event's file": f"UPDATE audit_auditevent SET related = '[\"model:1\"]' WHERE {EVENT}",
    "an event's payload": f"UPDATE audit_auditevent SET payload = '{{\"a\": 1}}' WHERE {EVENT}",
    "an event's bytes": (
        f"UPDATE audit_auditevent SET leaf = set_byte(leaf, 20, get_byte(leaf, 20) # 1) "
        f"WHERE {EVENT}"
    ),
    "an event's hash": f"UPDATE audit_auditevent SET leaf_hash = sha256('x') WHERE {EVENT}",
    "bytes and hash together": (
        f"UPDATE audit_auditevent SET leaf = 'x', leaf_hash = sha256('\\x0078') WHERE {EVENT}"
    ),
    "an event removed": (
        "WITH gone AS (DELETE FROM audit_auditleaf WHERE leaf_index = 5 RETURNING event_id) "
        "DELETE FROM audit_auditevent USING gone WHERE id = event_id"
    ),
    "two events exchanged": (
        "UPDATE audit_auditleaf SET event_id = -event_id WHERE leaf_index IN (5, 6);"
        "UPDATE audit_auditleaf a SET event_id = -b.event_id FROM audit_auditleaf b "
        "WHERE a.leaf_index + b.leaf_index = 11 AND a.leaf_index IN (5, 6)"
    ),
    "the last event cut off": (
        "DELETE FROM audit_auditleaf WHERE leaf_index = (SELECT max(leaf_index) "
        "FROM audit_auditleaf)"
    ),
    "a checkpoint's root": "UPDATE audit_checkpoint SET root = sha256('x')",
    "a checkpoint's note": "UPDATE audit_checkpoint SET note = replace(note, 'log', 'lag')",
    "a checkpoint's size": "UPDATE audit_checkpoint SET size = size + 100000",
    "a manifest": "UPDATE registry_modelversion SET manifest = manifest || '\\x20'",
    "a version's digest": "UPDATE registry_modelversion SET digest = repeat('0', 64)",
    "a file of a version": "UPDATE registry_artifact SET name = 'other.onnx'",
    "a report": "UPDATE registry_evidence SET body = '{}'",
    "a model card": "UPDATE registry_cardrevision SET body = '{}'",
    "a policy": "UPDATE governance_policyversion SET body = '{}'",
    "a statement": "UPDATE governance_review SET statement = '{}'",
    "a signature record": "UPDATE governance_signature SET record = '{}'",
    "a waiver record": "UPDATE governance_waiver SET record = '{}'",
    "who waived": (
        "UPDATE governance_waiver SET person_id = (SELECT id FROM accounts_person "
        "WHERE name = 'Ben Okafor')"
    ),
    "a waiver without an event": (
        "UPDATE governance_waiver SET record = 'x', digest = encode(sha256('x'), 'hex')"
    ),
    "a signer": (
        "UPDATE governance_signature SET person_id = (SELECT id FROM accounts_person LIMIT 1) "
        "WHERE role = 'reviewer'"
    ),
    "an envelope": (
        "UPDATE governance_approval SET envelope = '{}', "
        "envelope_digest = encode(sha256('{}'), 'hex')"
    ),
    "the end of an approval": "UPDATE governance_approval SET not_after = not_after + '1 day'",
    "the beginning of an approval": "UPDATE governance_approval SET issued_at = now()",
    "a revocation without an event": (
        "DELETE FROM governance_revocation; UPDATE governance_approval SET id = "
        "gen_random_uuid(); INSERT INTO governance_revocation (approval_id, reason, at) "
        "SELECT id, 'x', now() FROM governance_approval"
    ),
    "a prediction": "UPDATE inference_prediction SET record = record || '\\x20'",
    "a prediction removed": "DELETE FROM inference_prediction WHERE position = 0",
    "a batch's digest": "UPDATE inference_predictionbatch SET digest = repeat('0', 64)",
}
TABLES = (
    "audit_auditevent",
    "audit_auditleaf",
    "audit_checkpoint",
    "registry_modelversion",
    "registry_artifact",
    "registry_evidence",
    "registry_cardrevision",
    "governance_policyversion",
    "governance_review",
    "governance_signature",
    "governance_waiver",
    "governance_approval",
    "governance_revocation",
    "inference_prediction",
    "inference_predictionbatch",
)


@pytest.fixture
def busy(world: World) -> World:
    """A world in which everything that is checked exists."""
    version = world.version(world.model("loans"), b"loans")
    world.waive(version)
    world.approve(version)
    world.predict(version, version)
    revoke(caller=world.caller("cleo"), version=version, reason="Drift.", password=PASSWORD)
    world.notary.work()
    return world


def _verify(*arguments: object) -> str:
    out = StringIO()
    call_command("verify_log", *map(str, arguments), stdout=out)
    return out.getvalue()


def _findings(world: World) -> list[str]:
    keys = world.notary.keys
    log = LogCheck(keys.named(world.notary.log_key.name))
    approvals = keys.named(approvals_name(world.notary.log_key.name))
    return [*log.findings(), *check_records(approvals)]


def test_nothing_is_found_where_nothing_was_changed(busy: World) -> None:
    said = _verify()
    assert "(0 wait for the notary)" in said
    assert said.endswith("no findings.\n")


def test_events_that_wait_for_the_notary_are_no_finding(busy: World) -> None:
    busy.model("another")
    assert "(1 wait for the notary)" in _verify()


def test_each_change_in_the_database_is_found(busy: World) -> None:
    """As the owner, with the triggers switched off: tamper, look, undo, the next."""
    missed = []
    busy.notary.database.use("owner")
    assert _findings(busy) == []
    for name, statement in TAMPERINGS.items():
        with transaction.atomic(), connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(statement)
            assert cursor.rowcount > 0, name
            if not _findings(busy):
                missed.append(name)
            transaction.set_rollback(True)
    assert missed == []
    assert _findings(busy) == []


def test_the_exit_status_is_one_and_the_finding_is_a_sentence(
    busy: World, capsys: pytest.CaptureFixture[str]
) -> None:
    blob = Blob.objects.get()
    path = Path(busy.notary.folder) / "blobs" / blob.sha256[:2] / blob.sha256[2:4] / blob.sha256
    path.write_bytes(b"other")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_log")
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert f"FINDING  The bytes stored as sha256:{blob.sha256} hash to sha256:" in said
    path.unlink()
    with pytest.raises(SystemExit):
        call_command("verify_log")
    assert f"The bytes of sha256:{blob.sha256} are missing." in capsys.readouterr().out


def test_a_roll_back_shows_only_against_a_checkpoint_from_outside(busy: World) -> None:
    kept = busy.notary.folder / "kept.txt"
    newest = Checkpoint.objects.latest("size")
    kept.write_text(newest.note, encoding="utf-8")
    assert _verify("--checkpoint", kept).endswith("no findings.\n")
    older = Checkpoint.objects.order_by("size").first()
    assert older is not None
    with busy.notary.database.connect() as owner:
        for table in ("audit_auditleaf", "audit_checkpoint"):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        owner.execute("DELETE FROM audit_auditleaf WHERE leaf_index >= %s", [older.size])
        owner.execute("DELETE FROM audit_checkpoint WHERE size > %s", [older.size])
    assert _verify().endswith("no findings.\n")
    remembered = open_checkpoint(newest.note.encode(), busy.notary.keys)
    found = list(LogCheck(busy.notary.keys.named("assay.test/log"), remembered).findings())
    assert found == [
        f"The log was rolled back: it holds {older.size} events, and your checkpoint was signed "
        f"over {newest.size}."
    ]


def test_keys_that_cannot_be_read_are_said_so(busy: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be used"):
        _verify("--keys", tmp_path / "absent.txt")
