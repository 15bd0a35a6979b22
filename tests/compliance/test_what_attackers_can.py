"""What docs/verify.md says that somebody can do unseen: done here, and seen by nobody.

Real records, a real export, `verify.py` in a process of its own. Who can see it after all is tried
beside it.
"""

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from audit.models import AuditEvent, Checkpoint
from compliance.verification.check import check_records
from registry.models import ModelVersion
from tests.audit.notary import Notary
from tests.compliance.world import World, bundle_of
from tests.servers import Database, Server
from tests.trust.bundle_factory import repack, unpack
from tests.trust.verifier import run_verifier, verify_here

pytestmark = pytest.mark.usefixtures("untraced")
WHOLE = {"kind": "all"}
CHANGED_BYTES = 150


def newest_checkpoint() -> str:
    return str(Checkpoint.objects.latest("size").note)


@dataclass(frozen=True)
class Outsider:
    """Somebody with the instance's keys and a checkpoint of his own."""

    keys: Path
    checkpoint: Path

    @classmethod
    def of(cls, world: World, folder: Path, checkpoint: str) -> "Outsider":
        keys, kept = folder / "keys.txt", folder / "kept.txt"
        keys.write_text(world.notary.keys.text(), encoding="utf-8")
        kept.write_text(checkpoint, encoding="utf-8")
        return cls(keys, kept)

    @property
    def own(self) -> tuple[object, ...]:
        return ("--key", self.keys, "--checkpoint", self.checkpoint)

    def says(self, bundle: Path) -> int:
        """The exit code of verify.py."""
        return run_verifier(bundle, *self.own)[0]


@pytest.fixture
def outsider(world: World, tmp_path: Path) -> Outsider:
    """Since before anything was registered."""
    world.notary.work()
    return Outsider.of(world, tmp_path, newest_checkpoint())


def findings(world: World) -> list[str]:
    """What fsck says of the records."""
    keys = world.notary.keys.named(world.notary.approval_key.name)
    return [str(found) for found in check_records(keys, blobs=False)]


def exported(world: World, folder: Path) -> Path:
    return bundle_of(world.export(WHOLE), folder)


def a_version(world: World, name: str = "loans") -> ModelVersion:
    return world.version(world.model(name), name.encode())


def of_events(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action).order_by("pk"))


class TestPersons:
    def test_two_administrators_sign_as_persons_that_do_not_exist(
        self, world: World, outsider: Outsider, tmp_path: Path
    ) -> None:
        """Nobody sees it; the log says for ever who entered them and who gave them the roles."""
        for login in ("xan", "yon"):
            world.join(login, login.title(), world.team, "reviewer")
        world.approve(a_version(world), signers=("xan", "yon"))

        assert outsider.says(exported(world, tmp_path)) == 0
        assert findings(world) == []
        made_up = {str(world.users[login].person_id) for login in ("xan", "yon")}
        assert {str(event.person_id) for event in of_events("review.signed")} == made_up
        for action, by in (("proposal.opened", world.root), ("proposal.confirmed", world.otto)):
            assert {event.person_id for event in of_events(action)[-2:]} == {by.person_id}

    def test_an_administrator_from_the_command_line_is_an_event_without_a_person(
        self, world: World
    ) -> None:
        made = [event for event in of_events("user.created") if event.person_id is None]
        assert [event.payload["is_admin"] for event in made] == [True, True]

    def test_a_contributor_whom_the_house_knows_as_two_signs_for_himself(
        self, world: World, outsider: Outsider, tmp_path: Path
    ) -> None:
        world.join("ada2", "Ada Berg", world.team, "reviewer")
        world.approve(a_version(world), by="ada", signers=("ada2", "cleo"))

        assert outsider.says(exported(world, tmp_path)) == 0
        assert findings(world) == []


class TestAnInferenceProcess:
    def test_records_answers_that_no_model_gave(
        self, world: World, outsider: Outsider, tmp_path: Path
    ) -> None:
        """The bytes of this version are no model at all: nothing can have answered."""
        version = a_version(world)
        world.approve(version)
        world.predict(version)

        assert outsider.says(exported(world, tmp_path)) == 0

    def test_records_none_before_the_approval_unseen(
        self, world: World, outsider: Outsider, tmp_path: Path
    ) -> None:
        version = a_version(world)
        world.approve(version)
        world.predict(version, at=datetime.now(UTC) - timedelta(days=1))

        assert outsider.says(exported(world, tmp_path)) == 1


@dataclass(frozen=True)
class PutBack:
    """The whole machine as it was: database and notary's folder; and what outsiders had kept."""

    world: World
    before: str
    after: str


@pytest.fixture
def put_back(world: World, postgres: Server, tmp_path: Path) -> Iterator[PutBack]:
    """An approval is given and gone, and everything lives on as if it had never been."""
    world.model("first")
    world.notary.work()
    before = newest_checkpoint()
    connection.close()
    dump, folder = postgres.clone(world.notary.database.name), tmp_path / "put back"
    folder.mkdir()
    shutil.copy(world.notary.memory, folder)
    world.notary.database.use()
    world.approve(a_version(world, "forgotten"))
    after, today = newest_checkpoint(), world.notary.database
    dump.use()
    world.notary = _the_same_notary(world.notary, dump, folder)
    world.approve(a_version(world, "another"))
    yield PutBack(world, before, after)
    today.use()
    postgres.drop([dump])


def _the_same_notary(notary: Notary, database: Database, folder: Path) -> Notary:
    again = Notary(database, folder)
    again.log_key, again.approval_key = notary.log_key, notary.approval_key
    return again


def test_a_whole_machine_that_was_put_back_is_seen_by_a_later_checkpoint_alone(
    put_back: PutBack, tmp_path: Path
) -> None:
    """Neither the notary nor fsck finds it, nor whoever kept only an earlier checkpoint."""
    world, bundle = put_back.world, exported(put_back.world, tmp_path)
    assert findings(world) == []
    early, late = tmp_path / "early", tmp_path / "late"
    early.mkdir()
    late.mkdir()

    assert Outsider.of(world, early, put_back.before).says(bundle) == 0
    assert Outsider.of(world, late, put_back.after).says(bundle) == 1
    assert run_verifier(bundle, "--key", early / "keys.txt")[0] == 3


def test_an_export_that_was_altered_is_refused_byte_by_byte_and_member_by_member(
    world: World, outsider: Outsider, tmp_path: Path
) -> None:
    version = a_version(world)
    world.approve(version)
    world.predict(version)
    bundle = exported(world, tmp_path)
    assert outsider.says(bundle) == 0
    members, chance = unpack(bundle.read_bytes()), random.Random(20261128)
    altered = tmp_path / "altered.zip"

    def verdict(changed: dict[str, bytes]) -> int:
        altered.write_bytes(repack(changed))
        return verify_here(altered, *outsider.own)

    for _ in range(CHANGED_BYTES):
        name = chance.choice([name for name, data in members.items() if data])
        data = bytearray(members[name])
        data[chance.randrange(len(data))] ^= chance.randrange(1, 256)
        assert verdict(members | {name: bytes(data)}) == 1, name
    for name in members:
        assert verdict({other: data for other, data in members.items() if other != name}) in (1, 2)
    assert verdict(members | {"more.txt": b""}) == 1
    # The last one once more as an outsider does it.
    assert outsider.says(altered) == 1


def test_a_crafted_bundle_writes_nothing_outside(
    world: World, outsider: Outsider, tmp_path: Path
) -> None:
    """Nothing is unpacked at all, whatever the names are."""
    victim = tmp_path / "here" / "victim.txt"
    victim.parent.mkdir()
    bundle = tmp_path / "here" / "bundle.zip"
    members = unpack(exported(world, tmp_path).read_bytes())
    before = sorted(tmp_path.iterdir())
    for name in ("victim.txt", "../victim.txt", str(victim), "a/../victim.txt"):
        bundle.write_bytes(repack(members | {name: b"mine"}))
        assert outsider.says(bundle) in (1, 2)
    assert not victim.exists()
    assert sorted(tmp_path.iterdir()) == before
