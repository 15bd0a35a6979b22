"""The log as tiles: an independent client rebuilds root and proofs from them alone.

The client is written from c2sp.org/tlog-tiles and RFC 6962 and uses nothing of `trust` or `audit`;
pymerkle is asked the same.
"""

from base64 import b64decode
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from pymerkle import InmemoryTree

from accounts.services import create_team
from audit.models import AuditEvent, Checkpoint
from tests.compliance.world import World

AUDIT = "/api/v1/audit"
_MANY = """
    INSERT INTO audit_auditevent (uuid, occurred_at, action, via, subject_type, subject_id,
        related, payload, leaf, leaf_hash)
    SELECT key, now(), 'model.changed', 'system', 'model', n::text, '[]', '{}',
        uuid_send(key), sha256('\\x00'::bytea || uuid_send(key))
    FROM (SELECT n, gen_random_uuid() AS key FROM generate_series(1, %s) n) made
"""


def get(world: World, path: str, who: str = "dora") -> Any:
    """The reply to a person."""
    client = Client()
    client.force_login(world.users[who])
    return client.get(f"{AUDIT}/{path}")


class TileClient:
    """What a monitor does: fetch tiles for a checkpoint's size, hash, compare."""

    def __init__(self, world: World, size: int) -> None:
        self.world, self.size = world, size
        self.tiles: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, index: int) -> bytes:
        """The hashes of a tile, as wide as the size makes it."""
        if (level, index) not in self.tiles:
            width = min(256, (self.size >> 8 * level) - 256 * index)
            path = f"tile/{level}/{self.name(index)}" + (f".p/{width}" if width < 256 else "")
            reply = get(self.world, path)
            assert reply.status_code == 200, path
            assert len(reply.content) == 32 * width
            self.tiles[level, index] = reply.content
        return self.tiles[level, index]

    @staticmethod
    def name(index: int) -> str:
        """Three digits an element, all but the last behind an x."""
        digits = f"{index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        return "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])

    def node(self, level: int, index: int) -> bytes:
        """The hash over 2**level leaves, from the tile whose hashes are at or just below it."""
        in_tile, above = divmod(level, 8)
        first = index << above
        tile = self.tile(in_tile, first >> 8)
        hashes = [tile[32 * at : 32 * at + 32] for at in range(len(tile) // 32)]
        row = hashes[first & 255 : (first & 255) + (1 << above)]
        assert len(row) == 1 << above
        while len(row) > 1:
            row = [parent(*row[at : at + 2]) for at in range(0, len(row), 2)]
        return row[0]

    def tree(self, low: int, high: int) -> bytes:
        """MTH(D[low:high])."""
        width = high - low
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self.node(level, low >> level)
        middle = low + half(width)
        return parent(self.tree(low, middle), self.tree(middle, high))

    def inclusion(self, index: int) -> bytes:
        """The root, computed from the leaf's hash up the path: RFC 6962 2.1.1."""

        def climb(low: int, high: int) -> bytes:
            if high - low == 1:
                return sha256(b"\x00" + self.entries()[low]).digest()
            middle = low + half(high - low)
            if index < middle:
                return parent(climb(low, middle), self.tree(middle, high))
            return parent(self.tree(low, middle), climb(middle, high))

        return climb(0, self.size)

    def entries(self) -> list[bytes]:
        """All events, from the bundles."""
        found: list[bytes] = []
        for index in range(-(-self.size // 256)):
            width = min(256, self.size - 256 * index)
            path = f"tile/entries/{self.name(index)}" + (f".p/{width}" if width < 256 else "")
            body = get(self.world, path).content
            while body:
                length = int.from_bytes(body[:2], "big")
                found.append(body[2 : 2 + length])
                body = body[2 + length :]
        assert len(found) == self.size
        return found


def parent(left: bytes, right: bytes) -> bytes:
    """RFC 6962 2.1."""
    return sha256(b"\x01" + left + right).digest()


def half(width: int) -> int:
    """The largest power of two below the width."""
    return 1 << (width - 1).bit_length() - 1


def checkpoint(world: World) -> tuple[int, bytes]:
    """Size and root of the newest checkpoint, by its text."""
    _origin, size, root, *_ = get(world, "checkpoint").content.decode().split("\n")
    return int(size), b64decode(root)


@pytest.fixture
def long(world: World) -> World:
    """A log of two full tiles and a part, then of one event more."""
    world.notary.work()
    have = AuditEvent.objects.count()
    world.notary.database.rows(_MANY, 600 - have, role="app")
    world.notary.work()
    world.model("one-more")
    world.notary.work()
    return world


def test_the_root_of_each_checkpoint_comes_out_of_the_tiles(long: World) -> None:
    size, root = checkpoint(long)
    client = TileClient(long, size)
    assert size == 601
    assert client.tree(0, size) == root
    for row in Checkpoint.objects.all():
        assert TileClient(long, row.size).tree(0, row.size) == bytes(row.root)


def test_an_event_of_the_bundle_stands_in_the_tree(long: World) -> None:
    size, root = checkpoint(long)
    client = TileClient(long, size)
    entries = client.entries()
    client.entries = lambda: entries  # type: ignore[method-assign]
    for index in (0, 255, 256, 511, 512, size - 1):
        assert client.inclusion(index) == root


def test_the_tree_of_the_newest_checkpoint_extends_the_older_one(long: World) -> None:
    """Every node of the old tree's right edge is a node of the new one: a consistency proof."""
    old = Checkpoint.objects.get(size=600)
    size, root = checkpoint(long)
    client = TileClient(long, size)
    assert client.tree(0, 600) == bytes(old.root)
    assert client.tree(0, size) == root
    # 600 = 512 + 64 + 16 + 8 and 601 adds a leaf, so the proof ends in that leaf's hash.
    kept = [
        client.tree(0, 512),
        client.tree(512, 576),
        client.tree(576, 592),
        client.tree(592, 600),
    ]
    running = kept.pop()
    grown = parent(running, client.tree(600, 601))
    while kept:
        left = kept.pop()
        running, grown = parent(left, running), parent(left, grown)
    assert (running, grown) == (bytes(old.root), root)


def test_pymerkle_agrees_about_the_entries(long: World) -> None:
    size, root = checkpoint(long)
    tree = InmemoryTree(algorithm="sha256")
    for entry in TileClient(long, size).entries():
        tree.append_entry(entry)
    assert tree.get_root() == root
    proof = tree.prove_consistency(600, size)
    assert proof.serialize()["metadata"]["size"] == size


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002",
        "tile/0/002.p/90",
        "tile/0/002.p/0",
        "tile/0/002.p/256",
        "tile/0/002.p/08",
        "tile/0/3",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/00/000",
        "tile/1/000",
        "tile/1/000.p/3",
        "tile/2/000.p/1",
        "tile/64/000.p/1",
        "tile/-1/000",
        "tile/0/999",
        f"tile/0/{'x999/' * 30}999",
        "tile/63/x999/x999/999",
        "tile/entries/002",
        "tile/entries/x000/000",
        "tile/entries/000.p/0",
        "tile/entries/%D9%A0%D9%A0%D9%A0",
    ],
)
def test_what_is_not_there_is_not_found(long: World, path: str) -> None:
    reply = get(long, path)
    assert reply.status_code == 404
    assert reply["Content-Type"] == "application/problem+json"
    assert "immutable" not in reply["Cache-Control"]


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/002.p/89", "tile/1/000.p/2"])
def test_tiles_are_bytes_that_stay(long: World, path: str) -> None:
    reply = get(long, path, "emil")
    assert reply.status_code == 200
    assert reply["Content-Type"] == "application/octet-stream"
    assert reply["Cache-Control"] == "private, max-age=31536000, immutable"


def test_there_is_no_tile_before_the_first_checkpoint(world: World) -> None:
    assert get(world, "tile/0/000.p/1").status_code == 404


def test_entries_are_for_those_who_read_the_whole_log(long: World) -> None:
    assert get(long, "tile/entries/000").status_code == 200
    for name in ("ada", "ben", "emil"):
        assert get(long, "tile/entries/000", name).status_code == 403
    create_team(caller=long.root, slug="other", name="Other")
    assert get(long, "tile/entries/000").status_code == 403
    assert get(long, "tile/0/000", "emil").status_code == 200


def test_a_log_that_is_not_the_signed_one_gives_no_tile(long: World) -> None:
    with long.notary.database.connect() as owner:
        owner.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        owner.execute("UPDATE audit_auditevent SET leaf_hash = sha256('x')")
    assert get(long, "tile/0/000").status_code == 409
