"""Whoever holds the log's key can check an event's place and the log's growth."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent, AuditLeaf
from audit.proofs import prove_event, prove_growth
from common.errors import Conflict, Invalid
from tests.audit.conftest import happen
from tests.audit.notary import Notary
from trust.merkle import verify_consistency
from trust.proofs import format_proof, parse_proof, verify_proof

# Other bytes in each test, since a process keeps the hashes of pieces that it has read.
_MANY = """
    INSERT INTO audit_auditevent (uuid, occurred_at, action, via, subject_type, subject_id,
        related, payload, leaf, leaf_hash)
    SELECT key, now(), 'model.changed', 'system', 'model', n::text, '[]', '{}',
        uuid_send(key), sha256('\\x00'::bytea || uuid_send(key))
    FROM (SELECT n, gen_random_uuid() AS key FROM generate_series(1, %s) n) made
"""


def _many(notary: Notary, number: int) -> None:
    notary.database.rows(_MANY, number, role="app")
    notary.work()


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700])
def test_each_event_is_proved_under_the_newest_checkpoint(notary: Notary, size: int) -> None:
    _many(notary, size)
    wanted = sorted({0, size // 2, size - 1} | ({255, 256} if size > 256 else set()))
    for leaf in AuditLeaf.objects.filter(leaf_index__in=wanted).select_related("event"):
        text = format_proof(prove_event(leaf.event))
        checkpoint = verify_proof(parse_proof(text), bytes(leaf.event.leaf_hash), notary.keys)
        assert checkpoint.size == size


def test_the_proof_is_the_text_file_of_the_specification(notary: Notary) -> None:
    [first, _second] = happen(2)
    notary.work()
    lines = format_proof(prove_event(first)).decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 0"]
    assert lines[3:6] == ["", "assay.test/log", "2"]


def test_an_event_that_waits_for_the_notary_has_no_proof_yet(notary: Notary) -> None:
    [event] = happen()
    with pytest.raises(Conflict, match="not given it its place yet"):
        prove_event(event)


def test_growth_is_proved_between_any_two_sizes(notary: Notary) -> None:
    _many(notary, 600)
    for old, new in [(0, 600), (1, 600), (256, 512), (255, 257), (300, 599), (600, 600)]:
        found = prove_growth(old, new)
        assert verify_consistency(old, new, found.hashes, found.old_root, found.new_root)
    assert prove_growth(37).new_size == 600


@pytest.mark.parametrize(("old", "new"), [(3, 4), (3, 2), (-1, 2)])
def test_growth_over_what_was_never_signed_is_refused(notary: Notary, old: int, new: int) -> None:
    happen(3)
    notary.work()
    with pytest.raises(Invalid):
        prove_growth(old, new)


def test_proofs_go_on_over_a_log_that_grows(notary: Notary) -> None:
    for size in (300, 700, 1100):
        _many(notary, size - AuditEvent.objects.count())
        event = AuditEvent.objects.order_by("pk").all()[2]
        assert verify_proof(prove_event(event), bytes(event.leaf_hash), notary.keys).size == size


def test_a_log_whose_rows_were_changed_gives_no_proof(notary: Notary) -> None:
    _many(notary, 300)
    with notary.database.connect() as owner:
        owner.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE audit_auditevent SET leaf_hash = sha256('forged') WHERE subject_id = '7'"
        )
    with pytest.raises(Conflict, match="not the one that was signed"):
        prove_event(AuditEvent.objects.get(subject_id="299"))


def test_a_log_with_a_missing_leaf_gives_no_proof(notary: Notary) -> None:
    _many(notary, 300)
    with notary.database.connect() as owner:
        owner.execute("ALTER TABLE audit_auditleaf DISABLE TRIGGER USER")
        owner.execute("DELETE FROM audit_auditleaf WHERE leaf_index = 8")
    with pytest.raises(Conflict, match="Leaf 8 is missing"):
        prove_growth(4)


_RANGE = re.compile(r'"leaf_index" >= (\d+) .*"leaf_index" < (\d+)')


def _leaves_read(queries: CaptureQueriesContext) -> list[int]:
    """How many leaves each query over a range of them asks for."""
    found = [_RANGE.search(query["sql"]) for query in queries]
    return [int(hit[2]) - int(hit[1]) for hit in found if hit]


def test_a_second_proof_reads_pieces_and_not_the_whole_log(notary: Notary) -> None:
    """The event's place, the newest checkpoint, the newest cosigned one, and two pieces."""
    _many(notary, 5000)
    event = AuditEvent.objects.get(subject_id="4500")
    prove_event(event)
    with CaptureQueriesContext(connection) as first:
        prove_event(event)
    _many(notary, 3000)
    prove_event(event)
    with CaptureQueriesContext(connection) as later:
        prove_event(event)
    assert len(later) == len(first) == 5
    for queries in (first, later):
        read = _leaves_read(queries)
        assert len(read) == 2
        assert max(read) <= 256
