"""Findings travel with the approval of their version; an outsider misses them if they do not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from governance.findings.models import FindingAmendment
from governance.findings.services import amend_finding, answer_finding, close_finding
from governance.models import Finding
from registry.blobs import read_verified
from tests.compliance.test_bundles import Outsider
from tests.compliance.world import World, bundle_of
from tests.factories.verbs import send
from tests.trust.bundle_factory import repack, unpack


@pytest.fixture
def condition(world: World) -> Finding:
    """An amended condition under which a version was approved; what had blocked it was answered
    with a file and closed before."""
    version = world.version(world.model("loans"), b"loans")
    blocks, condition = world.found(version, "blocking"), world.found(version, "condition")
    ada = world.caller("ada")
    shown = [send(ada, "shown.txt", b"figures of winter")]
    answer_finding(caller=ada, finding=blocks, text="See there.", attachments=shown)
    amend(world, condition, 1, days=-5)
    close_finding(caller=world.caller("cleo"), finding=blocks, text="It holds.")
    assert world.approve(version).state == "approved"
    return condition


def amend(world: World, condition: Finding, revision: int, *, days: int) -> FindingAmendment:
    """Another day than that of the finding."""
    return amend_finding(
        caller=world.caller("cleo"),
        finding=condition,
        text="By then.",
        revision=revision,
        due_on=condition.due_on + timedelta(days=days),
    )


@pytest.fixture
def outsider(world: World, condition: Finding, tmp_path: Path) -> Outsider:
    """Somebody who kept the first checkpoint."""
    return Outsider(world, tmp_path / "outside")


@pytest.mark.parametrize(
    "scope", [{"kind": "all"}, {"kind": "version", "model": "loans", "number": 1}]
)
def test_they_are_in_every_bundle_of_the_version(
    world: World, condition: Finding, outsider: Outsider, scope: dict[str, Any], tmp_path: Path
) -> None:
    bundle = bundle_of(world.export(scope), tmp_path)

    status, report = outsider.check(bundle)

    assert (status, report["findings"]) == (0, [])
    assert report["counts"]["conditions"] == 1
    members = unpack(bundle.read_bytes())
    assert members[f"findings/{condition.digest}.json"] == bytes(condition.record)
    assert sum(name.startswith("finding-moves/") for name in members) == 2
    amendment = condition.amendments.get()
    assert members[f"finding-amendments/{amendment.digest}.json"] == bytes(amendment.record)
    file = condition.attachments.get()
    assert members[f"attachments/{file.blob_id}.bin"] == read_verified(file.blob_id, file.size)
    assert report["counts"]["attached files"] == 3


@pytest.mark.parametrize("folder", ["findings/", "finding-amendments/"])
def test_a_bundle_without_the_condition_is_tampered_with(
    world: World, condition: Finding, outsider: Outsider, folder: str, tmp_path: Path
) -> None:
    bundle = bundle_of(world.export({"kind": "all"}), tmp_path)
    members = unpack(bundle.read_bytes())
    cited = condition if folder == "findings/" else condition.amendments.get()
    del members[f"{folder}{cited.digest}.json"]
    cut = tmp_path / "cut.zip"
    cut.write_bytes(repack(members))

    status, report = outsider.check(cut)

    assert status == 1
    said = {(f["member"], f["problem"]) for f in report["findings"]}
    assert any(m.startswith(folder) and "not in the bundle" in p for m, p in said)


def test_what_becomes_of_the_condition_later_contradicts_nothing(
    world: World, condition: Finding, outsider: Outsider, tmp_path: Path
) -> None:
    amend(world, condition, 2, days=-9)
    close_finding(caller=world.caller("cleo"), finding=condition, text="It is watched.")
    world.notary.work()
    bundle = bundle_of(world.export({"kind": "model", "model": "loans"}), tmp_path)

    status, report = outsider.check(bundle)

    assert (status, report["findings"]) == (0, [])
