"""The log's Merkle tree (RFC 6962 section 2.1): hashes, growing roots, proof verification."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Self

from trust.errors import Malformed

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data), 32 bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """A tree that only grows: keeps one hash per complete subtree, largest first."""

    def __init__(self) -> None:
        self._size = 0
        self._subtrees: list[bytes] = []

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        carry = self._size
        while carry & 1:
            leaf = node_hash(self._subtrees.pop(), leaf)
            carry >>= 1
        self._subtrees.append(leaf)
        self._size += 1

    def root(self) -> bytes:
        """The root hash; of no leaves, SHA-256 of nothing."""
        if not self._subtrees:
            return EMPTY_ROOT
        root = self._subtrees[-1]
        for left in reversed(self._subtrees[:-1]):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """The state: size as 8 bytes big-endian, then the subtree hashes."""
        return self._size.to_bytes(8, "big") + b"".join(self._subtrees)

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Restore what `to_bytes` wrote. Raises Malformed."""
        size, hashes = int.from_bytes(state[:8], "big"), state[8:]
        if len(state) < 8 or len(hashes) != HASH_BYTES * size.bit_count():
            raise Malformed("not the state of a compact range")
        restored = cls()
        restored._size = size
        restored._subtrees = [
            hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)
        ]
        return restored


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes, in order."""
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether `proof` puts the leaf hash at `index` of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes([leaf, root, *proof]):
        return False
    position, last, running = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            running = node_hash(sibling, running)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            running = node_hash(running, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and running == root


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Whether the new tree only appends to the old one (RFC 9162, 2.1.4.2).

    From the empty tree and between equal sizes the only valid proof is the empty one.
    """
    if not 0 <= old_size <= new_size or not _are_hashes([old_root, new_root, *proof]):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root and (old_size > 0 or old_root == EMPTY_ROOT)
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    return _consistent(old_size, new_size, list(proof), old_root, new_root)


def _consistent(
    old_size: int, new_size: int, path: list[bytes], old_root: bytes, new_root: bytes
) -> bool:
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    if not path:
        return False
    old_running = new_running = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_running = node_hash(sibling, old_running)
            new_running = node_hash(sibling, new_running)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            new_running = node_hash(new_running, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and old_running == old_root and new_running == new_root


def _are_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
