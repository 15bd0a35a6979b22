"""A bundle is checked by somebody who has it, a key, a checkpoint and verify.py, nothing else."""

import subprocess
import sys
import zipfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.services import create_team
from audit.actions import Action
from audit.actors import SYSTEM
from audit.models import AuditEvent, AuditLeaf, Checkpoint
from audit.services import record
from compliance.models import Export
from compliance.scopes import ExportScope
from compliance.selection import select
from compliance.services import request_export
from governance.approvals.releases import revoke
from governance.models import Approval
from inference.models import Prediction, PredictionBatch
from registry.models import ModelVersion
from tests.compliance.world import LENIENT, PASSWORD, World, bundle_of, run_next_job
from tests.trust.bundle_factory import repack, unpack
from tests.trust.verifier import run_verifier
from worker.jobs import retry
from worker.models import Job, Status


class Outsider:
    """Keeps the keys and a checkpoint from before the export, in a folder of their own."""

    def __init__(self, world: World, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.key = folder / "keys.txt"
        self.key.write_text(world.notary.keys.text(), encoding="utf-8")
        self.checkpoint = folder / "checkpoint.txt"
        first = Checkpoint.objects.order_by("size").first()
        assert first is not None
        self.checkpoint.write_text(first.note, encoding="utf-8")

    def check(self, bundle: Path) -> tuple[int, dict[str, Any]]:
        """The verdict with all that the outsider holds."""
        return run_verifier(bundle, "--key", self.key, "--checkpoint", self.checkpoint)


@pytest.fixture
def approved(world: World) -> list[ModelVersion]:
    """An approved version of each of two models, with predictions of both in one batch."""
    versions = [world.version(world.model(name), name.encode()) for name in ("loans", "cards")]
    for version in versions:
        world.approve(version)
    world.predict(*versions)
    return versions


@pytest.fixture
def outsider(world: World, approved: list[ModelVersion], tmp_path: Path) -> Outsider:
    """Somebody who kept the first checkpoint."""
    return Outsider(world, tmp_path / "outside")


def _events(bundle: Path) -> list[tuple[int, bytes]]:
    with zipfile.ZipFile(bundle) as archive:
        lines = archive.read("log/events.jsonl").splitlines()
    return [(int(number), data) for number, _tab, data in (line.partition(b"\t") for line in lines)]


def test_everything_is_sound_for_whoever_holds_key_and_checkpoint(
    world: World, outsider: Outsider, tmp_path: Path
) -> None:
    export = world.export({"kind": "all"})
    status, report = outsider.check(bundle_of(export, tmp_path))
    assert (status, report["findings"]) == (0, [])
    counts = report["counts"]
    assert counts["approvals"] == 2
    assert counts["signatures"] == counts["disclosed names"] == 4
    assert counts["predictions"] == 2
    assert counts["versions"] == 2
    assert counts["events"] == export.events


def test_it_is_only_consistent_in_itself_for_whoever_holds_nothing(
    world: World, outsider: Outsider, tmp_path: Path
) -> None:
    bundle = bundle_of(world.export({"kind": "all"}), tmp_path)
    assert run_verifier(bundle)[0] == 3
    assert run_verifier(bundle, "--key", outsider.key)[0] == 3
    assert run_verifier(bundle, "--checkpoint", outsider.checkpoint)[0] == 3


def test_the_verifier_inside_the_bundle_runs_alone(
    world: World, outsider: Outsider, tmp_path: Path
) -> None:
    bundle = bundle_of(world.export({"kind": "all"}), tmp_path)
    alone = outsider.folder / "verify.py"
    alone.write_bytes(unpack(bundle.read_bytes())["verify.py"])
    command = [sys.executable, "-I", alone, bundle, "--key", outsider.key]
    command += ["--checkpoint", outsider.checkpoint]
    done = subprocess.run(
        list(map(str, command)), cwd=outsider.folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_a_change_of_one_byte_in_any_member_is_found(
    world: World, outsider: Outsider, tmp_path: Path
) -> None:
    members = unpack(bundle_of(world.export({"kind": "all"}), tmp_path).read_bytes())
    forged = tmp_path / "forged.zip"
    kinds = {name.split("/")[0]: name for name in members if not name.startswith("seal/")}
    kinds |= {name: name for name in members if name.startswith("seal/")}
    assert len(kinds) == 16
    for name in kinds.values():
        data = bytearray(members[name])
        data[len(data) // 2] ^= 1
        forged.write_bytes(repack(members | {name: bytes(data)}))
        assert outsider.check(forged)[0] == 1, name


def test_an_event_that_is_left_out_is_found(
    world: World, outsider: Outsider, tmp_path: Path
) -> None:
    members = unpack(bundle_of(world.export({"kind": "all"}), tmp_path).read_bytes())
    lines = members["log/events.jsonl"].splitlines(keepends=True)
    forged = tmp_path / "forged.zip"
    forged.write_bytes(repack(members | {"log/events.jsonl": b"".join(lines[:3] + lines[4:])}))
    status, report = outsider.check(forged)
    assert status == 1
    assert any("log/events.jsonl" in str(finding) for finding in report["findings"])


def test_what_somebody_changed_in_the_database_is_found_in_the_next_bundle(
    world: World, outsider: Outsider, tmp_path: Path
) -> None:
    """The exporter writes what is stored; it is the verifier who judges."""
    with world.notary.database.connect() as owner:
        owner.execute("ALTER TABLE inference_prediction DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE inference_prediction SET record = "
            "convert_to(replace(convert_from(record, 'UTF8'), '0.75', '0.35'), 'UTF8')"
        )
    status, report = outsider.check(bundle_of(world.export({"kind": "all"}), tmp_path))
    assert status == 1
    assert any("sealed" in str(finding) for finding in report["findings"])


@pytest.mark.parametrize(
    ("scope", "approvals"),
    [
        ({"kind": "model", "model": "loans"}, 2),
        ({"kind": "version", "model": "loans", "number": 1}, 2),
        ({"kind": "version", "model": "loans", "number": 2}, 0),
        ({"kind": "model", "model": "unused"}, 0),
    ],
)
def test_a_narrower_scope_is_sound_and_shows_only_what_it_needs(
    world: World, outsider: Outsider, tmp_path: Path, scope: dict[str, Any], approvals: int
) -> None:
    """The batch holds a record of the other model, so that one's approval comes with it."""
    loans = ModelVersion.objects.select_related("model").get(model__name="loans")
    world.version(loans.model, b"never submitted")
    world.model("unused")
    export = world.export(scope)
    bundle = bundle_of(export, tmp_path)
    status, report = outsider.check(bundle)
    assert (status, report["findings"]) == (0, [])
    assert report["counts"].get("approvals", 0) == approvals
    shown = len(_events(bundle))
    assert shown == export.events
    assert shown < AuditLeaf.objects.count()
    assert b"user.created" not in b"".join(data for _index, data in _events(bundle))


def test_a_period_holds_what_happened_in_it(
    world: World, approved: list[ModelVersion], outsider: Outsider, tmp_path: Path
) -> None:
    begin = timezone.now()
    world.predict(approved[0])
    end = timezone.now()
    scope = {"kind": "period", "from": begin.isoformat(), "to": end.isoformat()}
    bundle = bundle_of(world.export(scope), tmp_path)
    status, report = outsider.check(bundle)
    assert (status, report["findings"]) == (0, [])
    assert (report["counts"]["predictions"], report["counts"]["approvals"]) == (1, 1)


def test_a_revocation_is_in_the_bundle(
    world: World, approved: list[ModelVersion], outsider: Outsider, tmp_path: Path
) -> None:
    revoke(caller=world.caller("cleo"), version=approved[0], reason="Drift.", password=PASSWORD)
    scope = {"kind": "version", "model": "loans", "number": 1}
    bundle = bundle_of(world.export(scope), tmp_path)
    assert outsider.check(bundle)[0] == 0
    assert any(b'"approval.revoked"' in data for _index, data in _events(bundle))


def test_a_prediction_after_a_revocation_is_found(
    world: World, approved: list[ModelVersion], outsider: Outsider, tmp_path: Path
) -> None:
    revoke(caller=world.caller("cleo"), version=approved[0], reason="Drift.", password=PASSWORD)
    world.predict(approved[0], at=timezone.now() + timedelta(seconds=90))
    status, report = outsider.check(bundle_of(world.export({"kind": "all"}), tmp_path))
    assert status == 1
    assert any("revoked" in str(finding) for finding in report["findings"])


def test_an_export_covers_the_log_up_to_its_own_request(world: World, tmp_path: Path) -> None:
    export = world.export({"kind": "all"})
    shown = b"".join(data for _index, data in _events(bundle_of(export, tmp_path)))
    assert str(export.pk).encode() in shown


def test_the_seal_stands_in_the_log_and_the_job_is_done(world: World, tmp_path: Path) -> None:
    export = world.export({"kind": "all"})
    event = AuditEvent.objects.get(action="audit.exported")
    assert event.payload["manifest_digest"] == f"sha256:{export.manifest_digest}"
    assert event.person_id == world.users["dora"].person_id
    assert Job.objects.get(kind="compliance.export").status == Status.SUCCEEDED


def test_without_a_notary_an_export_fails_and_says_why(world: World, settings: Any) -> None:
    settings.EXPORT_NOTARY_SECONDS = 0.2
    export = request_export(caller=world.caller("dora"), scope={"kind": "all"})
    job = run_next_job()
    assert job.status == Status.FAILED
    assert "The notary has not signed the log for 0.2 s" in job.failure
    failed = AuditEvent.objects.get(action="audit.export_failed")
    assert (failed.subject_id, failed.payload["reason"]) == (str(export.pk), job.failure)
    assert Export.objects.get(pk=export.pk).blob is None


def test_a_failed_export_can_be_tried_again(
    world: World, outsider: Outsider, tmp_path: Path, settings: Any
) -> None:
    settings.EXPORT_NOTARY_SECONDS = 0.2
    export = request_export(caller=world.caller("dora"), scope={"kind": "all"})
    failed = run_next_job()
    retry(job_id=failed.pk)
    settings.EXPORT_NOTARY_SECONDS = 30
    with world.notary.at_work():
        assert run_next_job().status == Status.SUCCEEDED
    export.refresh_from_db()
    assert outsider.check(bundle_of(export, tmp_path))[0] == 0
    assert not list((tmp_path / "blobs").glob(".export-*"))


def test_rows_newer_than_the_log_of_the_bundle_are_left_out(
    world: World, approved: list[ModelVersion]
) -> None:
    """What the notary has not integrated has no event that a verifier could find."""
    newest = Checkpoint.objects.order_by("-size").first()
    assert newest is not None
    chosen = select(ExportScope.read({"kind": "all"}), newest.size)
    assert (PredictionBatch.objects.count(), chosen.batches) == (1, set())
    world.notary.work()
    assert select(ExportScope.read({"kind": "all"}), newest.size + 1).batches
    before = select(ExportScope.read({"kind": "all"}), newest.size - 1)
    assert len(before.approvals) == Approval.objects.count() - 1


def _two_teams(world: World) -> tuple[ModelVersion, ModelVersion]:
    """An approved version of each of two teams; no person has a role in both."""
    other = create_team(caller=world.root, slug="fraud", name="Fraud")
    for name, role in (("fay", "contributor"), ("finn", "reviewer"), ("greta", "manager")):
        world.join(name, name.title(), other, role)
    world.publish(by="greta", name="lenient", document=LENIENT, team=other)
    ours = world.version(world.model("loans"), b"loans")
    theirs = world.version(world.model("chargebacks", by="fay", team=other), b"fraud", by="fay")
    world.approve(ours)
    world.approve(theirs, by="fay", signers=("finn", "greta"))
    return ours, theirs


def _marks(theirs: ModelVersion) -> list[bytes]:
    """What would give the other team's things away."""
    review = theirs.reviews.get()
    batches = Prediction.objects.filter(model_id=theirs.model_id).values_list("batch", flat=True)
    keys = [theirs.pk, theirs.digest, theirs.model_id, theirs.model.team_id, review.pk]
    return [str(key).encode() for key in (*keys, theirs.model.name, *batches)]


@pytest.mark.parametrize("kind", ["model", "version"])
def test_the_bundle_of_a_model_holds_nothing_of_another_team(
    world: World, tmp_path: Path, kind: str
) -> None:
    """One serving process answers for both, so their records come in one segment."""
    ours, theirs = _two_teams(world)
    outsider = Outsider(world, tmp_path / "outside")
    world.predict(ours, theirs)
    number = {"number": 1} if kind == "version" else {}
    bundle = bundle_of(world.export({"kind": kind, "model": "loans", **number}), tmp_path)
    status, report = outsider.check(bundle)
    assert (status, report["findings"]) == (0, [])
    assert (report["counts"]["predictions"], report["counts"]["approvals"]) == (1, 1)
    for name, data in unpack(bundle.read_bytes()).items():
        assert not [mark for mark in _marks(theirs) if mark in name.encode() + data], name


def test_a_batch_from_before_that_holds_records_of_two_teams_is_left_out_of_it(
    world: World, tmp_path: Path
) -> None:
    ours, theirs = _two_teams(world)
    outsider = Outsider(world, tmp_path / "outside")
    _seal_together(world, ours, theirs)
    bundle = bundle_of(world.export({"kind": "model", "model": "loans"}), tmp_path)
    status, report = outsider.check(bundle)
    assert (status, report["findings"]) == (0, [])
    assert "predictions" not in report["counts"]
    for name in unpack(bundle.read_bytes()):
        assert not name.startswith("predictions/")


@transaction.atomic
def _seal_together(world: World, *versions: ModelVersion) -> None:
    """One batch of records of several teams, as segments were shipped before."""
    lines = [world.record(version, number) for number, version in enumerate(versions)]
    body, now = b"".join(line + b"\n" for line in lines), timezone.now()
    batch = PredictionBatch.objects.create(
        count=len(lines), first_at=now, last_at=now, digest=sha256(body).hexdigest(), segment="old"
    )
    for position, (line, version) in enumerate(zip(lines, versions, strict=True)):
        Prediction.objects.create(
            id=uuid4(),
            batch=batch,
            position=position,
            at=now,
            model_id=version.model_id,
            number=version.number,
            version_digest=version.digest,
            approval_id=version.approvals.get().pk,
            rows=1,
            record=line,
        )
    record(
        actor=SYSTEM,
        action=Action.PREDICTIONS_SEALED,
        subject=("predictions", batch.pk),
        payload={"batch": str(batch.pk), "count": batch.count, "digest": f"sha256:{batch.digest}"},
        related=[("model", version.model_id) for version in versions],
    )
