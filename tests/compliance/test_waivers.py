"""A waiver travels with the approval that rests on it, and an outsider misses it if it does not."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from governance.models import Waiver
from governance.waivers.services import withdraw_waiver
from tests.compliance.test_bundles import Outsider
from tests.compliance.world import World, bundle_of
from tests.trust.bundle_factory import repack, unpack


@pytest.fixture
def waived(world: World) -> Waiver:
    """A waiver on which a version was approved."""
    version = world.version(world.model("loans"), b"loans")
    waiver = world.waive(version)
    review = world.approve(version)
    assert review.state == "approved"
    return waiver


@pytest.fixture
def outsider(world: World, waived: Waiver, tmp_path: Path) -> Outsider:
    """Somebody who kept the first checkpoint."""
    return Outsider(world, tmp_path / "outside")


@pytest.mark.parametrize(
    "scope",
    [
        {"kind": "all"},
        {"kind": "model", "model": "loans"},
        {"kind": "version", "model": "loans", "number": 1},
    ],
)
def test_it_is_in_every_bundle_of_the_version(
    world: World, waived: Waiver, outsider: Outsider, scope: dict[str, Any], tmp_path: Path
) -> None:
    bundle = bundle_of(world.export(scope), tmp_path)

    status, report = outsider.check(bundle)

    assert (status, report["findings"]) == (0, [])
    assert report["counts"]["waivers"] == 1
    assert report["counts"]["disclosed names"] == 3
    members = unpack(bundle.read_bytes())
    assert members[f"waivers/{waived.digest}.json"] == bytes(waived.record)


def test_a_bundle_without_it_is_tampered_with(
    world: World, waived: Waiver, outsider: Outsider, tmp_path: Path
) -> None:
    bundle = bundle_of(world.export({"kind": "all"}), tmp_path)
    members = unpack(bundle.read_bytes())
    del members[f"waivers/{waived.digest}.json"]
    cut = tmp_path / "cut.zip"
    cut.write_bytes(repack(members))

    status, report = outsider.check(cut)

    assert status == 1
    said = {(f["member"], f["problem"]) for f in report["findings"]}
    assert any(m.startswith("waivers/") and "not in the bundle" in p for m, p in said)
    assert any("'card' is neither passed nor waived" in p for _m, p in said)


def test_its_withdrawal_afterwards_contradicts_nothing(
    world: World, waived: Waiver, outsider: Outsider, tmp_path: Path
) -> None:
    withdraw_waiver(caller=world.caller("cleo"), waiver=waived, reason="The card is written.")
    world.notary.work()
    bundle = bundle_of(world.export({"kind": "model", "model": "loans"}), tmp_path)

    status, report = outsider.check(bundle)

    assert (status, report["findings"]) == (0, [])
    with zipfile.ZipFile(bundle) as archive:
        assert b"waiver.withdrawn" in archive.read("log/events.jsonl")
