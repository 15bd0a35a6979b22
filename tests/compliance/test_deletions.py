"""A deletion keeps proofs valid: bundles verify without the bytes, and only with its event."""

from pathlib import Path
from typing import Any

import pytest

from compliance.scopes import ExportScope
from compliance.selection import Selection, select
from compliance.verification.check import check_records
from evaluation.services import complete_run, request_run
from governance.approvals.releases import retire
from governance.reviewing.commenting import comment
from governance.services import submit, withdraw
from registry.blobs import path_of
from registry.models import ModelVersion
from tests.compliance.test_bundles import Outsider
from tests.compliance.world import World, bundle_of
from tests.factories.tiny import table
from tests.factories.verbs import register_dataset, send, taken
from tests.trust.bundle_factory import repack, unpack
from trust.keys import approvals_name

ROWS = {"kind": "model", "model": "loans"}
LOANS = {"kind": "version", "model": "loans", "number": 1}


@pytest.fixture
def version(world: World) -> ModelVersion:
    """A retired version, of whose review one comment has a file."""
    version = world.version(world.model("loans"), b"loans")
    review = submit(caller=world.caller("ada"), version=version)
    files = [send(world.caller("ben"), "names.csv", b"name\nEve\n")]
    comment(caller=world.caller("ben"), review=review, body="Who is it?", attachments=files)
    withdraw(caller=world.caller("ada"), review=review)
    retire(caller=world.caller("cleo"), version=version, reason="Sold.")
    world.notary.work()
    return version


def _attached(bundle: Path) -> list[str]:
    return [name for name in unpack(bundle.read_bytes()) if name.startswith("attachments/")]


def test_what_was_deleted_is_said_and_what_is_left_out_is_found(
    world: World, version: ModelVersion, tmp_path: Path
) -> None:
    outsider = Outsider(world, tmp_path / "outside")
    bundle = bundle_of(world.export(LOANS), tmp_path)
    assert outsider.check(bundle)[0] == 0
    (member,) = _attached(bundle)
    path_of(member.removeprefix("attachments/").removesuffix(".bin")).unlink()
    status, report = outsider.check(bundle_of(world.export(LOANS), tmp_path))
    assert status == 1
    assert any("is not in the bundle" in str(one) for one in report["findings"])


def test_after_a_deletion_the_bundle_is_sound_and_tells_of_it(
    world: World, version: ModelVersion, tmp_path: Path
) -> None:
    outsider = Outsider(world, tmp_path / "outside")
    (member,) = _attached(bundle_of(world.export(LOANS), tmp_path))
    world.keep_for("unapproved", 0)
    world.delete(version, attachments=True)
    bundle = bundle_of(world.export(LOANS), tmp_path)
    status, report = outsider.check(bundle)
    assert (status, report["findings"]) == (0, [])
    (said,) = [note for note in report["notes"] if "deleted on" in note]
    assert said.startswith("2 files were deleted on ")
    assert str(world.users["dora"].person_id) in said
    assert _attached(bundle) == []
    keys = world.notary.keys.named(approvals_name(world.notary.log_key.name))
    assert list(check_records(keys, blobs=True)) == []
    members = unpack(bundle.read_bytes())
    back = tmp_path / "back.zip"
    back.write_bytes(repack(members | {member: b"name\nEve\n"}))
    assert outsider.check(back)[0] == 1


def test_a_bundle_tells_of_what_was_deleted_while_it_was_made(
    world: World, version: ModelVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outsider = Outsider(world, tmp_path / "outside")
    world.keep_for("unapproved", 0)
    chosen: list[int] = []

    def choose_late(scope: ExportScope, size: int) -> Selection:
        if not chosen:
            world.delete(version, attachments=True)
        chosen.append(size)
        return select(scope, size)

    monkeypatch.setattr("compliance.execution.select", choose_late)
    status, report = outsider.check(bundle_of(world.export(LOANS), tmp_path))
    assert (status, report["findings"]) == (0, [])
    assert len(chosen) == 2


def test_rows_that_are_gone_leave_bundles_sound_and_are_told_of(
    world: World, version: ModelVersion, tmp_path: Path
) -> None:
    outsider, ada = Outsider(world, tmp_path / "outside"), world.caller("ada")
    dataset = register_dataset(
        ada, upload=send(ada, "rows.csv", table("test")), name="rows", split="test", team=world.team
    )
    measured = world.version(version.model, b"loans 2")
    run = request_run(caller=ada, version=measured, dataset=dataset, resamples=100)
    job, token = taken(run.job_id)
    said: dict[str, Any] = {"run_id": run.pk, "job_id": job, "token": token}
    complete_run(**said, report={"type": "assay/evaluation/1"}, golden={"type": "assay/golden/1"})
    world.approve(measured)
    world.keep_for("datasets", 0)
    world.delete_rows(dataset)
    status, report = outsider.check(bundle_of(world.export(ROWS), tmp_path))
    assert (status, report["findings"]) == (0, [])
    (told,) = [note for note in report["notes"] if "deleted on" in note]
    assert told.startswith("1 files were deleted on ")
    keys = world.notary.keys.named(approvals_name(world.notary.log_key.name))
    assert list(check_records(keys, blobs=True)) == []
