"""A million structured forgeries of proofs, checkpoints and envelopes, and random trees.

    .venv/bin/python -m benchmarks.forgeries [--number 1000000] [--trees 2000]

Ends with 1 if a forgery was accepted, a genuine twin refused, or pymerkle disagreed.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence

import pymerkle

from tests.trust.forgeries import FAMILIES, try_forgeries
from trust.merkle import leaf_hash, verify_inclusion
from trust.merkle_proofs import inclusion_proof, nodes_of, root_from

# A signature takes as long as many hashes.
SHARES = {
    "inclusion proofs": 0.4,
    "consistency proofs": 0.4,
    "checkpoints": 0.1,
    "envelopes": 0.1,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Forge, judge, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--number", type=int, default=1_000_000, help="of forgeries in all")
    parser.add_argument("--trees", type=int, default=2_000, help="compared with pymerkle")
    parser.add_argument("--seed", type=int, default=6962)
    options = parser.parse_args(arguments)
    wrong = sum(
        _family(name, round(options.number * share), options.seed) for name, share in SHARES.items()
    )
    wrong += _trees(options.trees, options.seed)
    return 1 if wrong else 0


def _family(name: str, number: int, seed: int) -> int:
    begun = time.monotonic()
    tally = try_forgeries(FAMILIES[name], number, seed)
    print(
        f"{name:<20}{tally.forgeries:>9} forged, {len(tally.accepted)} accepted;"
        f"{tally.twins:>8} genuine, {len(tally.refused_twins)} refused"
        f"  ({time.monotonic() - begun:.0f} s)"
    )
    return len(tally.accepted) + len(tally.refused_twins)


def _trees(number: int, seed: int) -> int:
    """Random trees of up to 300 random leaves; how often root or a proof were not pymerkle's."""
    chance, wrong = random.Random(seed), 0
    for _ in range(number):
        size = chance.randrange(1, 301)
        data = [chance.randbytes(chance.randrange(64)) for _ in range(size)]
        oracle = pymerkle.InmemoryTree(algorithm="sha256")
        for entry in data:
            oracle.append_entry(entry)
        leaves = [leaf_hash(entry) for entry in data]
        node, index = nodes_of(leaves), chance.randrange(size)
        root = oracle.get_root()
        path = inclusion_proof(node, index, size)
        agrees = root_from(node, size) == root
        agrees &= verify_inclusion(leaves[index], index, size, path, root)
        try:
            proof = oracle.prove_inclusion(index + 1, size)
            pymerkle.verify_inclusion(leaves[index], root_from(node, size), proof)
        except pymerkle.InvalidProof:
            agrees = False
        wrong += not agrees
    print(f"{'random trees':<20}{number:>9} compared with pymerkle, {wrong} differ")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
