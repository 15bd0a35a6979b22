"""The database is put back to an older dump, or lives on otherwise from one.

From inside such a log is sound: it is a log, only not the one that was. Whoever kept a checkpoint
outside sees it, and so do the notary's memory and a witness.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from audit.integrator import InconsistentLog
from audit.models import Checkpoint
from audit.verification import LogCheck
from tests.audit.notary import Notary
from tests.compliance.world import World, bundle_of
from tests.servers import Database, Server
from tests.trust.verifier import verify_here
from trust.notes import Checkpoint as SignedTree
from trust.notes import open_checkpoint

pytestmark = pytest.mark.usefixtures("untraced")
DUMPS, THOROUGH_DUMPS = 3, 25
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Past:
    """A log of today, what an outsider keeps of it, and older dumps of its database."""

    world: World
    keys: Path
    checkpoint: Path
    dumps: list[Database]

    @property
    def kept(self) -> SignedTree:
        """The checkpoint that was kept outside, opened."""
        return open_checkpoint(self.checkpoint.read_bytes(), self.world.notary.keys)


def _live(world: World) -> None:
    world.model(f"model-{next(_NUMBERS)}")
    world.notary.work()


@pytest.fixture
def past(
    world: World, postgres: Server, tmp_path: Path, pytestconfig: pytest.Config
) -> Iterator[Past]:
    """Some events between two dumps, and some after the last."""
    dumps = []
    for _ in range(THOROUGH_DUMPS if pytestconfig.getoption("--thorough") else DUMPS):
        _live(world)
        connection.close()
        dumps.append(postgres.clone(world.notary.database.name))
        world.notary.database.use()
    _live(world)
    keys, checkpoint = tmp_path / "keys.txt", tmp_path / "kept.txt"
    keys.write_text(world.notary.keys.text(), encoding="utf-8")
    newest = Checkpoint.objects.latest("size")
    checkpoint.write_text(newest.note, encoding="utf-8")
    yield Past(world, keys, checkpoint, dumps)
    world.notary.database.use()
    postgres.drop(dumps)


def _findings(past: Past, remembered: SignedTree | None) -> list[str]:
    keys = past.world.notary.keys.named(past.world.notary.log_key.name)
    return [str(finding) for finding in LogCheck(keys, remembered).findings()]


def test_an_older_dump_is_seen_by_whoever_kept_a_checkpoint_and_by_the_notary(past: Past) -> None:
    for dump in past.dumps:
        dump.use()
        assert _findings(past, None) == []
        assert "rolled back" in "".join(_findings(past, past.kept))
        with dump.as_role("notary"), pytest.raises(InconsistentLog):
            past.world.notary.integrator().start()


def test_another_life_from_an_older_dump_is_seen_by_whoever_kept_a_checkpoint(
    past: Past, tmp_path: Path
) -> None:
    """Whoever holds the database and the notary's keys signs another history of the same length."""
    for number, dump in enumerate(past.dumps):
        thief = _thief(past, dump, tmp_path / str(number))
        while Checkpoint.objects.latest("size").size < past.kept.size:
            _live(thief)
        assert _findings(past, None) == []
        assert "not those of your checkpoint" in "".join(_findings(past, past.kept))


def test_a_bundle_of_another_life_is_refused_by_whoever_kept_a_checkpoint(
    past: Past, tmp_path: Path
) -> None:
    thief = _thief(past, past.dumps[0], tmp_path / "thief")
    while Checkpoint.objects.latest("size").size < past.kept.size:
        _live(thief)
    bundle = bundle_of(thief.export({"kind": "all"}), tmp_path)

    assert verify_here(bundle, "--key", past.keys, "--checkpoint", past.checkpoint) == 1
    assert verify_here(bundle, "--key", past.keys) == 3


def _thief(past: Past, dump: Database, folder: Path) -> World:
    """The same world on a dump, with the stolen keys and without the notary's memory."""
    folder.mkdir()
    dump.use()
    thief = object.__new__(World)
    vars(thief).update(vars(past.world))
    thief.notary = Notary(dump, folder)
    thief.notary.log_key = past.world.notary.log_key
    thief.notary.approval_key = past.world.notary.approval_key
    return thief
