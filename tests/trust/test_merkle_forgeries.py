"""Ten thousand forged proofs: none is accepted, and every genuine twin is.

A size alone is never forged here: an inclusion proof does not bind the tree's size, the signed
checkpoint does (RFC 9162, 2.1.3.2).
"""

import random
from collections.abc import Callable

from trust.merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion
from trust.merkle_proofs import consistency_proof, inclusion_proof, nodes_of, root_from

FORGERIES_EACH = 5_000
LARGEST = 200
LEAVES = [leaf_hash(b"event %d" % index) for index in range(LARGEST)]
NODE = nodes_of(LEAVES)
ROOTS = [root_from(NODE, size) for size in range(LARGEST + 1)]
Proof = list[bytes]
ChangePath = Callable[[random.Random, Proof], Proof]


def flip_a_bit(chance: random.Random, value: bytes) -> bytes:
    at = chance.randrange(len(value))
    return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]


def flip_in_path(chance: random.Random, path: Proof) -> Proof:
    at = chance.randrange(len(path))
    return [*path[:at], flip_a_bit(chance, path[at]), *path[at + 1 :]]


def drop_from_path(chance: random.Random, path: Proof) -> Proof:
    at = chance.randrange(len(path))
    return path[:at] + path[at + 1 :]


def repeat_in_path(chance: random.Random, path: Proof) -> Proof:
    at = chance.randrange(len(path))
    return [*path[:at], path[at], *path[at:]]


def insert_into_path(chance: random.Random, path: Proof) -> Proof:
    at = chance.randrange(len(path) + 1)
    return [*path[:at], chance.choice((EMPTY_ROOT, chance.choice(LEAVES))), *path[at:]]


def reverse_path(_chance: random.Random, path: Proof) -> Proof:
    return path[::-1]


def shorten_a_hash(chance: random.Random, path: Proof) -> Proof:
    at = chance.randrange(len(path))
    return [*path[:at], path[at][:-1], *path[at + 1 :]]


def join_two_hashes(_chance: random.Random, path: Proof) -> Proof:
    return [b"".join(path[:2]), *path[2:]]


def fold_the_first_two(_chance: random.Random, path: Proof) -> Proof:
    return [node_hash(path[0], path[-1]), *path[1:]]


def empty_path(_chance: random.Random, _path: Proof) -> Proof:
    return []


CHANGES: list[ChangePath] = [
    flip_in_path,
    drop_from_path,
    repeat_in_path,
    insert_into_path,
    reverse_path,
    shorten_a_hash,
    join_two_hashes,
    fold_the_first_two,
    empty_path,
]


def test_no_forged_inclusion_proof_is_accepted() -> None:
    chance, tried = random.Random(6962), 0
    while tried < FORGERIES_EACH:
        size = chance.randrange(2, LARGEST + 1)
        index, other = chance.randrange(size), chance.randrange(size)
        path, leaf, root = inclusion_proof(NODE, index, size), LEAVES[index], ROOTS[size]
        assert verify_inclusion(leaf, index, size, path, root)

        forged = chance.choice(CHANGES)(chance, path)
        claims = [
            (leaf, index, size, forged, root),
            (flip_a_bit(chance, leaf), index, size, path, root),
            (leaf, index, size, path, flip_a_bit(chance, root)),
            (leaf, other, size, path, root),
            (LEAVES[other], index, size, path, root),
            (LEAVES[other], other, size, path, root),
            (leaf, index, size, path, ROOTS[size - 1]),
            (node_hash(leaf, path[0]), index >> 1, size, path[1:], root),
            (leaf, index + size, size, path, root),
            (leaf, -index - 1, size, path, root),
        ]
        for claim in claims:
            if claim != (leaf, index, size, path, root) and not is_a_subtree_claim(claim, size):
                assert not verify_inclusion(*claim), claim
                tried += 1


def is_a_subtree_claim(claim: tuple[bytes, int, int, Proof, bytes], size: int) -> bool:
    """Whether a claim cannot be told from a genuine one: the same hashes in the same order."""
    leaf, index, _size, path, root = claim
    return 0 <= index < size and (leaf, path, root) == (
        LEAVES[index],
        inclusion_proof(NODE, index, size),
        ROOTS[size],
    )


def test_no_forged_consistency_proof_is_accepted() -> None:
    chance, tried = random.Random(9162), 0
    while tried < FORGERIES_EACH:
        new = chance.randrange(3, LARGEST + 1)
        old = chance.randrange(1, new)
        path = consistency_proof(NODE, old, new)
        genuine = (old, new, path, ROOTS[old], ROOTS[new])
        assert verify_consistency(*genuine)

        forged = chance.choice(CHANGES)(chance, path)
        claims = [
            (old, new, forged, ROOTS[old], ROOTS[new]),
            (old, new, path, flip_a_bit(chance, ROOTS[old]), ROOTS[new]),
            (old, new, path, ROOTS[old], flip_a_bit(chance, ROOTS[new])),
            (old, new, path, ROOTS[new], ROOTS[old]),
            (old, new, path, ROOTS[old - 1], ROOTS[new]),
            (old, new, path, ROOTS[old], ROOTS[new - 1]),
            (new, old, path, ROOTS[old], ROOTS[new]),
            (old, old, path, ROOTS[old], ROOTS[new]),
            (0, new, path, EMPTY_ROOT, ROOTS[new]),
            (old, new, path, ROOTS[old][:-1], ROOTS[new]),
        ]
        for claim in claims:
            if claim != genuine:
                assert not verify_consistency(*claim), claim
                tried += 1
