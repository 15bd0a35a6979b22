"""The signed tree as tiles of 256 hashes, from which anybody computes proofs (c2sp.org/tlog-tiles).

A tile stands at level L and index N; its hash number i covers the 256**L leaves from
(256 N + i) 256**L on. What a tile of a given width holds never changes. Only what a checkpoint
covers is given out.
"""

import re
from dataclasses import dataclass
from typing import Self

from audit.models import AuditLeaf
from audit.proofs import SignedTree, signed_tree
from audit.selectors import newest_checkpoint
from common.errors import Conflict, NotFound

WIDTH = 256
_BITS = 8
MAX_LEVEL = 63
LONGEST_ENTRY = 0xFFFF
_INDEX = re.compile(r"((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
_LEVEL = re.compile(r"0|[1-9][0-9]?", re.ASCII)
_LONGEST_INDEX = 40
_ABSENT = "There is no such tile in the signed log."


@dataclass(frozen=True)
class Tile:
    """Which tile: its level, its index in the level, its number of hashes (256: a full one)."""

    level: int
    index: int
    width: int

    @classmethod
    def read(cls, level: str, index: str) -> Self:
        """From the parts of an address, as `x001/x234/067.p/8`. Raises NotFound.

        A tile has one address: what the specification would write otherwise is not found.
        """
        found = _INDEX.fullmatch(index) if len(index) <= _LONGEST_INDEX else None
        if found is None or _LEVEL.fullmatch(level) is None or int(level) > MAX_LEVEL:
            raise NotFound(_ABSENT)
        high, low, width = found.groups()
        number = int(high.replace("x", "").replace("/", "") + low)
        tile = cls(int(level), number, int(width or WIDTH))
        if high.startswith("x000/") or (width and tile.width >= WIDTH):
            raise NotFound(_ABSENT)
        return tile


def hashes(tile: Tile) -> bytes:
    """The tile's hashes, 32 bytes each. Raises NotFound; Conflict if the log is not the signed."""
    tree = _tree_with(tile)
    first = tile.index * WIDTH
    level = _BITS * tile.level
    return b"".join(tree.node(level, first + place) for place in range(tile.width))


def entries(tile: Tile) -> bytes:
    """The events of a tile of level 0: each its length in two bytes, then its canonical bytes.

    Raises NotFound; Conflict for an event that is longer than the format allows, or if the log is
    not the one that was signed.
    """
    _tree_with(tile)
    first = tile.index * WIDTH
    leaves = (
        AuditLeaf.objects.filter(leaf_index__gte=first, leaf_index__lt=first + tile.width)
        .order_by("leaf_index")
        .values_list("event__leaf", flat=True)
    )
    bundle = bytearray()
    for leaf in map(bytes, leaves):
        if len(leaf) > LONGEST_ENTRY:
            raise Conflict("An event of this tile is longer than an entry may be.")
        bundle += len(leaf).to_bytes(2, "big") + leaf
    return bytes(bundle)


def _tree_with(tile: Tile) -> SignedTree:
    newest = newest_checkpoint()
    covered = (tile.index * WIDTH + tile.width) << (_BITS * tile.level)
    if newest is None or covered > newest.size:
        raise NotFound(_ABSENT)
    return signed_tree()
