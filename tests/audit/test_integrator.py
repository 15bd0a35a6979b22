"""The notary's log: nothing committed is lost, and what was signed is never signed away."""

from itertools import pairwise
from random import Random

import psycopg
import pytest

from audit.integrator import BATCH, InconsistentLog, Overtaken
from audit.models import AuditLeaf, Checkpoint
from audit.proofs import leaf_hashes
from tests.audit.conftest import happen
from tests.audit.notary import Notary
from trust.merkle import leaf_hash, root_of, verify_consistency
from trust.merkle_proofs import consistency_proof, nodes_of
from trust.notes import Checkpoint as Head
from trust.notes import open_checkpoint, sign_checkpoint

_INSERT = """
    INSERT INTO audit_auditevent (uuid, occurred_at, action, via, subject_type, subject_id,
        related, payload, leaf, leaf_hash)
    VALUES (gen_random_uuid(), now(), 'model.changed', 'system', 'model', %s, '[]', '{}', %s, %s)
    RETURNING id
"""


def _insert(connection: psycopg.Connection, subject: str) -> int:
    leaf = subject.encode()
    row = connection.execute(_INSERT, [subject, leaf, leaf_hash(leaf)]).fetchone()
    assert row
    return int(row[0])


def test_every_event_gets_one_place_and_places_are_dense(notary: Notary) -> None:
    events = happen(7)
    assert (notary.work().integrated, notary.work().integrated) == (7, 0)
    placed = dict(AuditLeaf.objects.values_list("event_id", "leaf_index"))
    assert placed == {event.pk: index for index, event in enumerate(events)}


def test_an_event_that_commits_late_is_not_lost(notary: Notary) -> None:
    with psycopg.connect(notary.database.url("app")) as slow:
        early = _insert(slow, "written first, committed last")
        [late] = happen()
        assert late.pk > early
        with notary.database.as_role("notary"):
            integrator = notary.integrator()
            assert integrator.start()
            assert integrator.run_once().integrated == 1
            # Rounds go by while the transaction is open; none may move past it.
            assert [integrator.run_once().integrated for _ in range(3)] == [0, 0, 0]
            slow.commit()
            assert integrator.run_once().integrated == 1
    assert list(AuditLeaf.objects.order_by("leaf_index").values_list("event_id", flat=True)) == [
        late.pk,
        early,
    ]


def test_an_event_whose_transaction_is_rolled_back_has_no_place(notary: Notary) -> None:
    with psycopg.connect(notary.database.url("app")) as slow:
        _insert(slow, "never happened")
        happen()
        slow.rollback()
    assert notary.work().size == 1


def test_a_second_notary_waits_until_the_first_is_gone(notary: Notary) -> None:
    happen(2)
    with notary.at_work(), notary.database.as_role("notary"):
        assert notary.integrator().start() is False
    assert notary.work().size == 2


def test_a_database_that_was_rolled_back_is_noticed(notary: Notary) -> None:
    """A backup from before is put back: the file beside the key remembers what was signed."""
    happen(3)
    notary.work()
    before = notary.memory.read_bytes()
    happen(2)
    notary.work()
    assert notary.memory.read_bytes() != before
    with notary.database.connect() as owner:
        owner.execute("ALTER TABLE audit_auditleaf DISABLE TRIGGER USER")
        owner.execute("ALTER TABLE audit_checkpoint DISABLE TRIGGER USER")
        owner.execute("DELETE FROM audit_auditleaf WHERE leaf_index >= 3")
        owner.execute("DELETE FROM audit_checkpoint WHERE size > 3")
    with pytest.raises(InconsistentLog, match="A tree of 5 events was signed"):
        notary.work()


def test_a_changed_event_is_noticed_at_the_next_start(notary: Notary) -> None:
    happen(3)
    notary.work()
    with notary.database.connect() as owner:
        owner.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE audit_auditevent SET leaf_hash = sha256('forged') "
            "WHERE id = (SELECT min(id) FROM audit_auditevent)"
        )
    with pytest.raises(InconsistentLog, match="were changed"):
        notary.work()


def test_a_checkpoint_that_was_signed_but_not_stored_is_published_at_the_next_start(
    notary: Notary,
) -> None:
    happen(2)
    notary.work()
    with notary.database.connect() as owner:
        owner.execute("ALTER TABLE audit_checkpoint DISABLE TRIGGER USER")
        owner.execute("DELETE FROM audit_checkpoint")
    notary.work()
    assert list(Checkpoint.objects.values_list("size", flat=True)) == [2]


def test_a_notary_that_was_overtaken_leaves_the_memory_as_it_is(notary: Notary) -> None:
    """It stood still without noticing that it lost the lock; another has signed further."""
    happen(2)
    with notary.database.as_role("notary"):
        overtaken = notary.integrator()
        assert overtaken.start()
        larger = Head(notary.log_key.name, 9, root_of([b"\0" * 32] * 9))
        notary.memory.write_bytes(sign_checkpoint(larger, [notary.log_key]))
        with pytest.raises(Overtaken):
            overtaken.run_once()

    assert open_checkpoint(notary.memory.read_bytes(), notary.keys) == larger
    assert not Checkpoint.objects.exists()


def test_each_checkpoint_is_signed_over_the_events_and_extends_the_one_before(
    notary: Notary,
) -> None:
    random = Random(6962)
    with notary.database.as_role("notary"):
        integrator = notary.integrator()
        assert integrator.start()
        for _ in range(25):
            happen(random.randint(0, 9))
            integrator.run_once()
    signed = [
        open_checkpoint(row.note.encode(), notary.keys)
        for row in Checkpoint.objects.order_by("size")
    ]
    leaves = list(leaf_hashes(0, signed[-1].size))
    assert len(signed) > 15
    for old, new in pairwise(signed):
        proof = consistency_proof(nodes_of(leaves), old.size, new.size)
        assert verify_consistency(old.size, new.size, proof, old.root, new.root)
        assert new.root == root_of(leaves[: new.size])


def test_more_events_than_one_batch_are_taken_in_several_rounds(notary: Notary) -> None:
    notary.database.rows(
        "INSERT INTO audit_auditevent (uuid, occurred_at, action, via, subject_type, subject_id, "
        "related, payload, leaf, leaf_hash) SELECT gen_random_uuid(), now(), 'model.changed', "
        "'system', 'model', n::text, '[]', '{}', n::text::bytea, "
        "sha256('\\x00'::bytea || n::text::bytea) FROM generate_series(1, %s) n",
        BATCH + 1,
        role="app",
    )
    with notary.database.as_role("notary"):
        integrator = notary.integrator()
        assert integrator.start()
        assert [integrator.run_once().integrated for _ in range(3)] == [BATCH, 1, 0]
