"""Making Merkle proofs (RFC 6962 section 2.1), from all leaf hashes or from stored nodes."""

from collections.abc import Callable, Sequence

from trust.errors import Malformed
from trust.merkle import EMPTY_ROOT, node_hash

NodeGetter = Callable[[int, int], bytes]
"""(level, index) -> the hash of the complete subtree over leaves [index << level, ...)."""


def nodes_of(leaves: Sequence[bytes]) -> NodeGetter:
    """A getter over leaf hashes held in memory; each node is hashed at most once."""
    known: dict[tuple[int, int], bytes] = {}

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return leaves[index]
        at = (level, index)
        if at not in known:
            left, right = node(level - 1, 2 * index), node(level - 1, 2 * index + 1)
            known[at] = node_hash(left, right)
        return known[at]

    return node


def root_from(node: NodeGetter, size: int) -> bytes:
    """The root of the tree's first `size` leaves."""
    return _subtree(node, 0, size) if size else EMPTY_ROOT


def inclusion_proof(node: NodeGetter, index: int, size: int) -> list[bytes]:
    """PATH(index, D[size]): sibling hashes from the leaf up. Raises Malformed."""
    if not 0 <= index < size:
        raise Malformed(f"leaf {index} is not in a tree of {size}")
    low, high, path = 0, size, list[bytes]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_subtree(node, middle, high))
            high = middle
        else:
            path.append(_subtree(node, low, middle))
            low = middle
    return path[::-1]


def consistency_proof(node: NodeGetter, old_size: int, new_size: int) -> list[bytes]:
    """PROOF(old_size, D[new_size]); empty from size 0 and between equal sizes.

    Raises Malformed if the old tree is larger than the new one.
    """
    if not 0 <= old_size <= new_size:
        raise Malformed(f"a tree of {new_size} cannot extend one of {old_size}")
    if old_size in (0, new_size):
        return []
    low, high, path = 0, new_size, list[bytes]()
    while high != old_size:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(_subtree(node, middle, high))
            high = middle
        else:
            path.append(_subtree(node, low, middle))
            low = middle
    # The old root itself is known to the verifier, so it is left out (SUBPROOF's flag b).
    if low:
        path.append(_subtree(node, low, high))
    return path[::-1]


def _split(width: int) -> int:
    return 1 << ((width - 1).bit_length() - 1)


def _subtree(node: NodeGetter, low: int, high: int) -> bytes:
    width = high - low
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, low >> level)
    middle = low + _split(width)
    return node_hash(_subtree(node, low, middle), _subtree(node, middle, high))
