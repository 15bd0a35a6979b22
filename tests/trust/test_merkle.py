"""The tree is RFC 6962's: published vectors, an independent library, every small size."""

import random

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trust.errors import Malformed
from trust.merkle import (
    EMPTY_ROOT,
    CompactRange,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from trust.merkle_proofs import consistency_proof, inclusion_proof, nodes_of, root_from

# The eight leaves, roots and proofs published with Certificate Transparency's reference code.
CT_ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_LEAVES = [leaf_hash(entry) for entry in CT_ENTRIES]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION_OF_0_IN_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
CT_CONSISTENCY_OF_6_AND_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]

sizes = st.integers(1, 200)


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(b"event %d" % index) for index in range(size)]


class TestPublishedVectors:
    @pytest.mark.parametrize("size", range(9))
    def test_roots(self, size: int) -> None:
        assert root_of(CT_LEAVES[:size]).hex() == CT_ROOTS[size]

    def test_inclusion(self) -> None:
        path = inclusion_proof(nodes_of(CT_LEAVES), 0, 8)

        assert [step.hex() for step in path] == CT_INCLUSION_OF_0_IN_8

    def test_consistency(self) -> None:
        path = consistency_proof(nodes_of(CT_LEAVES), 6, 8)

        assert [step.hex() for step in path] == CT_CONSISTENCY_OF_6_AND_8


class TestAgreementWithPymerkle:
    @pytest.mark.parametrize("seed", range(6))
    def test_on_roots_and_proofs_of_random_trees(self, seed: int) -> None:
        chance = random.Random(seed)
        entries = [chance.randbytes(chance.randrange(60)) for _ in range(chance.randrange(2, 150))]
        oracle = pymerkle.InmemoryTree.init_from_entries(entries)
        node, size = nodes_of([leaf_hash(entry) for entry in entries]), len(entries)

        for _ in range(25):
            index, old = chance.randrange(size), chance.randrange(1, size)
            assert root_from(node, old) == oracle.get_root(old)
            # The library counts leaves from 1 and puts the leaf itself before its siblings.
            expected = oracle.prove_inclusion(index + 1, size).path[1:]
            assert inclusion_proof(node, index, size) == expected
            # Its consistency proofs have a shape of their own, so each side judges the other's.
            roots = oracle.get_root(old), oracle.get_root(size)
            ours = consistency_proof(node, old, size)
            assert verify_consistency(old, size, ours, *roots)
            pymerkle.verify_consistency(
                root_from(node, old), root_from(node, size), oracle.prove_consistency(old, size)
            )


class TestCompactRange:
    # A busy machine is no defect.
    @settings(deadline=None)
    @given(sizes)
    def test_has_the_root_of_its_leaves_and_survives_storage(self, size: int) -> None:
        leaves = leaves_of(size)
        tree = CompactRange()
        for leaf in leaves[: size // 2]:
            tree.append(leaf)

        tree = CompactRange.from_bytes(tree.to_bytes())
        for leaf in leaves[size // 2 :]:
            tree.append(leaf)

        assert tree.size == size
        assert tree.root() == root_from(nodes_of(leaves), size)

    @pytest.mark.parametrize(
        "state", [b"", b"\0" * 7, b"\0" * 40, (3).to_bytes(8, "big") + b"\1" * 32]
    )
    def test_is_not_restored_from_anything_else(self, state: bytes) -> None:
        with pytest.raises(Malformed):
            CompactRange.from_bytes(state)


class TestProofs:
    # A busy machine is no defect.
    @settings(deadline=None)
    @given(sizes, st.data())
    def test_verify_at_every_size(self, size: int, data: st.DataObject) -> None:
        leaves = leaves_of(size)
        node, root = nodes_of(leaves), root_of(leaves)
        index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))

        inclusion = inclusion_proof(node, index, size)
        consistency = consistency_proof(node, old, size)

        assert verify_inclusion(leaves[index], index, size, inclusion, root)
        assert verify_consistency(old, size, consistency, root_of(leaves[:old]), root)

    def test_cannot_be_made_for_what_is_not_there(self) -> None:
        node = nodes_of(leaves_of(4))

        for index, size in ((4, 4), (-1, 4), (0, 0)):
            with pytest.raises(Malformed):
                inclusion_proof(node, index, size)
        for old, new in ((5, 4), (-1, 4)):
            with pytest.raises(Malformed):
                consistency_proof(node, old, new)

    def test_between_empty_and_equal_trees_are_empty(self) -> None:
        root, other = root_of(leaves_of(4)), root_of(leaves_of(5))

        assert verify_consistency(0, 4, [], EMPTY_ROOT, root)
        assert verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
        assert verify_consistency(4, 4, [], root, root)
        assert not verify_consistency(0, 4, [root], EMPTY_ROOT, root)
        assert not verify_consistency(0, 4, [], root, root)
        assert not verify_consistency(0, 0, [], root, root)
        assert not verify_consistency(4, 4, [], root, other)
        assert not verify_consistency(4, 4, [root], root, root)
        assert not verify_consistency(3, 4, [], root, other)
        assert not verify_consistency(5, 4, [], root, other)
