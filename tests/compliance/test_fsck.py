"""manage.py fsck finds every change of what was written, and nothing where nothing was."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Checkpoint
from audit.verification import LogCheck
from governance.approvals.expiry import end_expired
from governance.approvals.releases import retire, revoke
from governance.services import submit, withdraw
from registry.models import Blob, ModelVersion
from registry.services import quarantine
from tests.compliance.world import LENIENT, PASSWORD, World
from trust.notes import open_checkpoint


@pytest.fixture
def busy(world: World) -> World:
    """A world in which everything that is checked exists."""
    version = world.version(world.model("loans"), b"loans")
    world.approve(version)
    world.predict(version, version)
    revoke(caller=world.caller("cleo"), version=version, reason="Drift.", password=PASSWORD)
    world.notary.work()
    return world


def _fsck(*arguments: object) -> str:
    out = StringIO()
    call_command("fsck", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_nothing_is_found_where_nothing_was_changed(busy: World) -> None:
    said = _fsck()
    assert "(0 wait for the notary)" in said
    assert said.endswith("no findings.\n")


def test_events_that_wait_for_the_notary_are_no_finding(busy: World) -> None:
    busy.model("another")
    assert "(1 wait for the notary)" in _fsck()


def test_the_exit_status_is_one_and_the_finding_is_a_sentence(
    busy: World, capsys: pytest.CaptureFixture[str]
) -> None:
    blob = Blob.objects.get()
    path = Path(busy.notary.folder) / "blobs" / blob.sha256[:2] / blob.sha256[2:4] / blob.sha256
    path.write_bytes(b"other")
    with pytest.raises(SystemExit) as ended:
        call_command("fsck", "--blobs")
    assert ended.value.code == 1
    said = capsys.readouterr().out
    found = f"FINDING  blob sha256:{blob.sha256}: The bytes stored as sha256:{blob.sha256} hash to"
    assert found in said
    path.unlink()
    with pytest.raises(SystemExit):
        call_command("fsck", "--blobs")
    assert f"The bytes of sha256:{blob.sha256} are missing." in capsys.readouterr().out
    assert _fsck().endswith("no findings.\n"), "the blobs are read only when asked for"


def test_findings_are_lines_of_json_where_a_program_reads_them(
    busy: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert json.loads(_fsck("--json"))["findings"] == 0
    version = ModelVersion.objects.get()
    ModelVersion.objects.update(status="approved", status_reason="")
    with pytest.raises(SystemExit):
        call_command("fsck", "--json")
    *lines, counts = map(json.loads, capsys.readouterr().out.splitlines())
    assert counts["findings"] == len(lines) == 4
    shown = {"thing": "status of version", "key": f'["{version.pk}", "approved"]'}
    assert shown | {"why": "the log has no such event."} in lines


def test_a_roll_back_shows_only_against_a_checkpoint_from_outside(busy: World) -> None:
    kept = busy.notary.folder / "kept.txt"
    newest = Checkpoint.objects.latest("size")
    kept.write_text(newest.note, encoding="utf-8")
    assert _fsck("--checkpoint", kept).endswith("no findings.\n")
    older = Checkpoint.objects.order_by("size").first()
    assert older is not None
    with busy.notary.database.connect() as owner:
        for table in ("audit_auditleaf", "audit_checkpoint"):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        owner.execute("DELETE FROM audit_auditleaf WHERE leaf_index >= %s", [older.size])
        owner.execute("DELETE FROM audit_checkpoint WHERE size > %s", [older.size])
    assert _fsck().endswith("no findings.\n")
    remembered = open_checkpoint(newest.note.encode(), busy.notary.keys)
    found = list(LogCheck(busy.notary.keys.named("assay.test/log"), remembered).findings())
    assert list(map(str, found)) == [
        f"log {older.size}: it was rolled back: it holds {older.size} events, and your checkpoint "
        f"was signed over {newest.size}."
    ]


def test_a_quorum_without_the_second_factor_that_the_policy_demands_is_found(
    busy: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with busy.notary.database.connect() as owner:
        owner.execute("ALTER TABLE governance_policyversion DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE governance_policyversion SET body = convert_to(replace(convert_from(body, "
            "'UTF8'), '\"signers\"', '\"second_factor\":true,\"signers\"'), 'UTF8')"
        )
    with pytest.raises(SystemExit):
        call_command("fsck")
    assert (
        capsys.readouterr().out.count("given without the second factor that the policy demands")
        == 2
    )


def test_a_gate_that_does_not_follow_from_policy_and_evidence_is_found(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"size_bytes": 100, "licences": ["MIT"], "sandbox": "full", "mcnemar": 0.05}
    world.publish(by="cleo", name="asking", document=LENIENT | asked)
    world.approve(world.version(world.model("loans"), b"loans"))
    assert _fsck().endswith("no findings.\n")
    with world.notary.database.connect() as owner:
        owner.execute("ALTER TABLE governance_policyversion DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE governance_policyversion SET body = convert_to(replace(convert_from(body, "
            "'UTF8'), '\"size_bytes\":100', '\"size_bytes\":4'), 'UTF8')"
        )
    with pytest.raises(SystemExit):
        call_command("fsck")
    assert "the gate 'size' does not answer this" in capsys.readouterr().out


def test_keys_that_cannot_be_read_are_said_so(busy: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be used") as ended:
        _fsck("--keys", tmp_path / "absent.txt")
    assert ended.value.returncode == 2


def test_the_number_of_queries_does_not_grow_with_the_records(busy: World) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            _fsck()
        return len(seen)

    before = queries()
    for name in ("houses", "boats", "cars"):
        version = busy.version(busy.model(name), name.encode())
        busy.approve(version)
        busy.predict(version)
    assert queries() == before


def test_a_renewal_that_came_to_nothing_and_an_expiry_are_no_findings(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = world.version(world.model("loans"), b"loans")
    world.approve(version)
    begun = timezone.now()

    monkeypatch.setattr(timezone, "now", lambda: begun + timedelta(days=25))
    review = submit(caller=world.caller("ada"), version=version)
    withdraw(caller=world.caller("ada"), review=review)
    world.notary.work()
    assert ModelVersion.objects.get().status == "approved"
    assert _fsck().endswith("no findings.\n")

    monkeypatch.setattr(timezone, "now", lambda: begun + timedelta(days=31))
    assert end_expired() == 1
    world.notary.work()
    assert _fsck().endswith("no findings.\n")


def test_damage_found_during_a_review_is_no_finding_of_the_log(world: World) -> None:
    version = world.version(world.model("loans"), b"loans")
    review = submit(caller=world.caller("ada"), version=version)
    quarantine(version=version, reason="One byte differs.")
    withdraw(caller=world.caller("ada"), review=review)
    world.notary.work()
    assert ModelVersion.objects.get().status == "quarantined"
    assert _fsck().endswith("no findings.\n")

    retire(caller=world.caller("cleo"), version=version, reason="It is damaged.")
    world.notary.work()
    assert _fsck().endswith("no findings.\n")
