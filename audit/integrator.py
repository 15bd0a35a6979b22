"""The notary's first task: give committed events their place in the tree and sign checkpoints.

Events are chosen by "has no leaf yet", never by "id above the last one", so that a transaction
that commits late is not lost. Sources: RFC 6962 2.1, c2sp.org/tlog-checkpoint.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from audit.models import AuditLeaf, Checkpoint
from common.failpoints import reached
from trust.keys import SigningKey, TrustedKeys
from trust.merkle import CompactRange
from trust.notes import Checkpoint as SignedTree
from trust.notes import open_checkpoint, sign_checkpoint

LOCK = 0x41535341_02
BATCH = 5000
_WAITING = """
    SELECT e.id, e.leaf_hash FROM audit_auditevent e
    WHERE e.transaction >= %s
      AND NOT EXISTS (SELECT 1 FROM audit_auditleaf l WHERE l.event_id = e.id)
    ORDER BY e.id LIMIT %s
"""
_LEAVES = """
    SELECT l.leaf_index, e.leaf_hash FROM audit_auditleaf l
    JOIN audit_auditevent e ON e.id = l.event_id ORDER BY l.leaf_index
"""


class InconsistentLog(Exception):
    """The database no longer holds the log that was signed; nothing more is signed."""


class Overtaken(Exception):
    """Another notary has signed further: this one stood still and has lost the lock."""


@dataclass(frozen=True)
class Round:
    """What one round did: events integrated, and the tree's size."""

    integrated: int
    size: int


class Integrator:
    """Extends the tree. One instance works at a time, under a session advisory lock.

    `memory` is a file beside the private key that keeps the last checkpoint signed: a database
    that was rolled back is noticed because it no longer extends that checkpoint. `trusted` are the
    keys whose checkpoints it goes on from; while keys are rotated, `former` signs beside `key`.
    """

    def __init__(
        self,
        *,
        key: SigningKey,
        memory: Path,
        trusted: TrustedKeys | None = None,
        former: SigningKey | None = None,
    ) -> None:
        self._key = key
        self._former = [former] if former else []
        self._trusted = trusted or TrustedKeys([key.verifier])
        self._memory = memory
        self._tree = CompactRange()
        self._watermark = 0
        self._signed: SignedTree | None = None
        self._note = b""

    def start(self) -> bool:
        """Take the lock and read the tree; False while another notary holds the lock.

        Raises InconsistentLog.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return False
        remembered, stored = self._remembered(), self._stored()
        self._signed = max(
            (tree for tree in (remembered, stored) if tree), key=lambda t: t.size, default=None
        )
        self._tree = self._read_tree([tree for tree in (remembered, stored) if tree])
        self._watermark = 0
        if remembered and (stored is None or stored.size < remembered.size):
            self._publish(remembered, self._memory.read_bytes())
        return True

    @staticmethod
    def release() -> None:
        """Let another notary work."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])

    def run_once(self) -> Round:
        """Integrate what is committed, then sign the tree if it grew.

        Raises InconsistentLog, Overtaken.
        """
        integrated = self._integrate()
        last = self._signed
        if self._tree.size and (last is None or self._tree.size > last.size):
            self._sign()
        return Round(integrated, self._tree.size)

    @property
    def head(self) -> SignedTree | None:
        """The newest tree that was signed."""
        return self._signed

    @property
    def note(self) -> bytes:
        """The checkpoint that this instance signed last; empty before the first."""
        return self._note

    def require(self, tree: SignedTree) -> None:
        """Refuse a database whose first events are not those of `tree`. Raises InconsistentLog."""
        self._read_tree([tree])

    def go_on_with(self, key: SigningKey, former: SigningKey | None = None) -> None:
        """Sign what follows with another key."""
        self._key, self._former = key, [former] if former else []

    def _remembered(self) -> SignedTree | None:
        if not self._memory.exists():
            return None
        return open_checkpoint(self._memory.read_bytes(), self._trusted)

    def _stored(self) -> SignedTree | None:
        row = Checkpoint.objects.order_by("-size").first()
        return open_checkpoint(row.note.encode(), self._trusted) if row else None

    def _read_tree(self, signed: list[SignedTree]) -> CompactRange:
        tree, wanted = CompactRange(), {s.size: s.root for s in signed}
        with connection.cursor() as cursor:
            cursor.execute(_LEAVES)
            while rows := cursor.fetchmany(BATCH):
                for index, leaf in rows:
                    if index != tree.size:
                        raise InconsistentLog(f"Leaf {tree.size} is missing.")
                    tree.append(bytes(leaf))
                    root = wanted.pop(tree.size, None)
                    if root is not None and root != tree.root():
                        raise InconsistentLog(f"The first {tree.size} events were changed.")
        if any(wanted):
            raise InconsistentLog(
                f"A tree of {max(wanted)} events was signed, but the database holds {tree.size}."
            )
        return tree

    @transaction.atomic
    def _integrate(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            oldest_open = cursor.fetchone()[0]
            cursor.execute(_WAITING, [self._watermark, BATCH])
            waiting = cursor.fetchall()
        grown = CompactRange.from_bytes(self._tree.to_bytes())
        leaves = []
        for event_id, leaf in waiting:
            leaves.append(AuditLeaf(leaf_index=grown.size, event_id=event_id))
            grown.append(bytes(leaf))
        reached("integrate.chosen")
        AuditLeaf.objects.bulk_create(leaves)
        reached("integrate.written")
        transaction.on_commit(lambda: self._advance(grown, oldest_open, full=len(leaves) == BATCH))
        return len(leaves)

    def _advance(self, grown: CompactRange, oldest_open: int, *, full: bool) -> None:
        reached("integrate.committed")
        self._tree = grown
        if not full:
            self._watermark = oldest_open

    def _sign(self) -> None:
        root = self._tree.root()
        unsigned = SignedTree(origin=self._key.name, size=self._tree.size, root=root)
        note = sign_checkpoint(unsigned, [self._key, *self._former])
        reached("checkpoint.signed")
        self._remember(unsigned, note)
        reached("checkpoint.remembered")
        self._publish(unsigned, note)
        reached("checkpoint.published")
        self._signed, self._note = unsigned, note

    @staticmethod
    def _publish(tree: SignedTree, note: bytes) -> None:
        Checkpoint.objects.create(size=tree.size, root=tree.root, note=note.decode())

    def _remember(self, tree: SignedTree, note: bytes) -> None:
        kept = self._remembered()
        if kept and kept.size > tree.size:
            raise Overtaken(f"A tree of {kept.size} events is signed already.")
        temporary = self._memory.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        reached("checkpoint.half-remembered")
        temporary.replace(self._memory)
