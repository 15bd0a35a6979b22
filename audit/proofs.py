"""Proofs that outsiders check: an event stands in the tree, and the tree only grew.

The table holds leaf hashes and no inner nodes. A process reads each leaf once, for the first
proof after its start, and keeps one hash for 256 of them (100,000 events: 391 hashes); after that
a proof reads at most a few pieces of 256 leaves. What was kept is never trusted: it must give the
root of the newest checkpoint. Sources: RFC 6962 2.1, c2sp.org/tlog-proof.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from audit.models import AuditEvent, AuditLeaf
from audit.selectors import cosigned, leaf_index, newest_checkpoint, newest_cosigned
from common.errors import Conflict, Invalid
from trust.merkle import leaf_hash, node_hash, verify_inclusion
from trust.merkle_proofs import (
    NodeGetter,
    consistency_proof,
    inclusion_proof,
    nodes_of,
    root_from,
)
from trust.notes import Checkpoint, parse_checkpoint
from trust.proofs import LogProof

_LEVEL = 8
_PIECE = 1 << _LEVEL
_NOT_SIGNED = "The log in the database is not the one that was signed."


@dataclass(frozen=True)
class SignedTree:
    """The newest checkpoint: its note, what it says, and the nodes of its tree."""

    note: bytes
    checkpoint: Checkpoint
    node: NodeGetter


@dataclass(frozen=True)
class Consistency:
    """That the tree of `new_size` leaves begins with the tree of `old_size`; hashes of 32 bytes."""

    old_size: int
    new_size: int
    old_root: bytes
    new_root: bytes
    hashes: tuple[bytes, ...]


class _Pieces:
    """The roots of all complete pieces of 256 leaves, read once and extended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget them, since they are of another database."""
        with self._lock:
            self._roots: list[bytes] = []
            self._node = nodes_of(self._roots)

    def over(self, size: int) -> NodeGetter:
        """The nodes above the pieces of a tree of so many leaves; reads those not yet known.

        Raises Conflict for a missing leaf.
        """
        with self._lock:
            start, end = len(self._roots) * _PIECE, size // _PIECE * _PIECE
            leaves = leaf_hashes(start, end)
            while piece := list(islice(leaves, _PIECE)):
                self._roots.append(_root_of_piece(piece))
            return self._node


def _root_of_piece(hashes: list[bytes]) -> bytes:
    """The root over a power of two of hashes; five times as fast as growing a tree."""
    while len(hashes) > 1:
        hashes = [node_hash(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


_KEPT = _Pieces()


def leaf_hashes(start: int, end: int) -> Iterator[bytes]:
    """Leaf hashes of the indices in [start, end), streamed. Raises Conflict if one is missing."""
    if start >= end:
        return
    rows = (
        AuditLeaf.objects.filter(leaf_index__gte=start, leaf_index__lt=end)
        .order_by("leaf_index")
        .values_list("leaf_index", "event__leaf_hash")
    )
    for index, leaf in rows.iterator(chunk_size=5000):
        if index != start:
            break
        start += 1
        yield bytes(leaf)
    if start != end:
        raise Conflict(f"{_NOT_SIGNED} Leaf {start} is missing.")


def signed_tree() -> SignedTree:
    """The newest signed tree, its root compared. Raises Conflict if there is none, or not ours."""
    newest = newest_checkpoint()
    if newest is None:
        raise Conflict("The notary has not signed a checkpoint yet.")
    note = newest.note.encode()
    checkpoint = parse_checkpoint(note)
    for _ in range(2):
        node = _nodes(checkpoint.size)
        if root_from(node, checkpoint.size) == checkpoint.root:
            return SignedTree(note, checkpoint, node)
        _KEPT.clear()
    raise Conflict(_NOT_SIGNED)


def _nodes(size: int) -> NodeGetter:
    large, small = _KEPT.over(size), dict[int, NodeGetter]()

    def node(level: int, index: int) -> bytes:
        if level >= _LEVEL:
            return large(level - _LEVEL, index)
        piece, first = index >> (_LEVEL - level), (index >> (_LEVEL - level)) << _LEVEL
        if piece not in small:
            small[piece] = nodes_of(list(leaf_hashes(first, min(first + _PIECE, size))))
        return small[piece](level, index - (first >> level))

    return node


def stands_in(event: AuditEvent, size: int, root: bytes) -> bool:
    """Whether the event is proved to stand in the tree of so many leaves with this root."""
    index = leaf_index(event.pk)
    if index is None or index >= size:
        return False
    leaf = leaf_hash(bytes(event.leaf))
    try:
        for _ in range(2):
            path = inclusion_proof(_nodes(size), index, size)
            if verify_inclusion(leaf, index, size, path, root):
                return True
            _KEPT.clear()
    except Conflict:
        return False
    return False


def prove_event(event: AuditEvent) -> LogProof:
    """That the event stands in the newest signed tree, or the newest that witnesses cosigned.

    The cosigned one, if it covers the event. Raises Conflict while no tree does.
    """
    index = leaf_index(event.pk)
    if index is None:
        raise Conflict("The event is recorded; the notary has not given it its place yet.")
    tree = signed_tree()
    if index >= tree.checkpoint.size:
        raise Conflict(f"The event has place {index}; no checkpoint covers it yet.")
    note, size = _best_note(tree, index)
    return LogProof(index, tuple(inclusion_proof(tree.node, index, size)), note)


def _best_note(tree: SignedTree, index: int) -> tuple[bytes, int]:
    """The note that a proof leads to, with the lines of its witnesses, and its size."""
    row = newest_cosigned(below=tree.checkpoint.size, above=index)
    if row is None:
        return tree.note, tree.checkpoint.size
    if root_from(tree.node, row.size) != parse_checkpoint(row.note.encode()).root:
        raise Conflict(_NOT_SIGNED)
    return cosigned(row).encode(), row.size


def prove_growth(old_size: int, new_size: int | None = None) -> Consistency:
    """That the log only grew between two sizes; `new_size` None is the newest signed one.

    Raises Invalid for sizes that were never signed over, Conflict.
    """
    tree = signed_tree()
    new_size = tree.checkpoint.size if new_size is None else new_size
    if not 0 <= new_size <= tree.checkpoint.size:
        raise Invalid(f"The signed log has {tree.checkpoint.size} events.", field="to")
    if not 0 <= old_size <= new_size:
        raise Invalid(f"This must be from 0 to {new_size}.", field="from")
    return Consistency(
        old_size=old_size,
        new_size=new_size,
        old_root=root_from(tree.node, old_size),
        new_root=root_from(tree.node, new_size),
        hashes=tuple(consistency_proof(tree.node, old_size, new_size)),
    )
