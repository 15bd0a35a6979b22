"""The gate: each single defect keeps a version from being served, with its reason."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.actions import Action
from audit.models import AuditEvent
from common.errors import DomainError
from governance.approvals.releases import revoke
from governance.keys.store import load_notary_keys
from governance.models import Approval
from inference.models import LoadRefusal
from registry.blobs import Corrupt, Missing
from registry.models import Status
from registry.services import add_evidence
from tests.cast import password_of, who
from tests.factories import serving, tiny, verbs
from tests.factories.damage import by_force, flip_a_byte, reissue, replace_envelope
from tests.stage import MODEL, Stage
from trust.key_files import generate_key
from trust.times import format_moment

Damage = Callable[[Stage], object]
STRANGER = "sha256:" + "0" * 64


def edited(edit: Callable[[dict[str, Any]], object]) -> Damage:
    """An approval that says something else, under the notary's own key."""

    def change(statement: dict[str, Any]) -> None:
        edit(statement)

    return lambda stage: reissue(stage, stage.approval_key, change)


def predicate(**changes: Any) -> Damage:
    return edited(lambda statement: statement["predicate"].update(changes))


def other_key(stage: Stage) -> object:
    return reissue(stage, generate_key(stage.approval_key.name), lambda statement: None)


def log_key(stage: Stage) -> object:
    key = load_notary_keys(stage.folder / "notary", "assay.local")[0]
    return reissue(stage, key, lambda statement: None)


def one_bit_of_the_payload(stage: Stage) -> None:
    envelope = json.loads(bytes(stage.approval.envelope))
    envelope["payload"] = envelope["payload"].replace("A", "B", 1)
    replace_envelope(stage, json.dumps(envelope).encode())


def envelope_of_another_version(stage: Stage) -> object:
    other = verbs.another(who("ada"), stage.version.model, strength=2.0)
    verbs.make_ready(who("ada"), other, strength=2.0)
    verbs.signed(other)
    assert stage.notary_round() == 1
    envelope = bytes(Approval.objects.get(version=other).envelope)
    by_force(
        stage.database,
        "governance_approval",
        "UPDATE governance_approval SET envelope = %s WHERE version_id = %s",
        envelope,
        stage.version.pk,
    )
    return envelope


def sql(table: str, statement: str) -> Damage:
    return lambda stage: by_force(stage.database, table, statement)


def days_ago(count: int) -> str:
    return format_moment(timezone.now() - timedelta(days=count))


DEFECTS: dict[str, tuple[Damage, str]] = {
    "the envelope is that of another version": (
        envelope_of_another_version,
        "The approval is for another version",
    ),
    "the envelope is signed by another key": (other_key, "cannot be trusted"),
    "the envelope is signed by the key of the log": (log_key, "cannot be trusted"),
    "the envelope is empty": (lambda stage: replace_envelope(stage, b""), "cannot be trusted"),
    "the envelope is no JSON": (
        lambda stage: replace_envelope(stage, b"\xff"),
        "cannot be trusted",
    ),
    "a bit of the payload was changed": (one_bit_of_the_payload, "cannot be trusted"),
    "the approval has expired": (
        predicate(issued_at=days_ago(9), not_after=days_ago(1)),
        "The approval has expired",
    ),
    "the approval is of tomorrow": (predicate(issued_at=days_ago(-1)), "was not issued yet"),
    "the approval names other bytes": (
        predicate(
            artifacts=[{"role": "model", "name": "model.onnx", "sha256": STRANGER, "size": 1}]
        ),
        "The approval is for other artifacts",
    ),
    "the approval names a further file": (
        edited(
            lambda statement: statement["predicate"]["artifacts"].append(
                {"role": "sidecar", "name": "more", "sha256": STRANGER, "size": 1}
            )
        ),
        "The approval is for other artifacts",
    ),
    "the envelope is that of another approval": (
        predicate(approval="00000000-0000-4000-8000-000000000000"),
        "The envelope is that of another approval",
    ),
    "the golden rows are others": (
        predicate(golden_digest=STRANGER),
        "golden rows of the approval are missing or changed",
    ),
    "the golden rows were changed": (
        sql(
            "registry_evidence",
            "UPDATE registry_evidence SET body = body || ' ' WHERE kind = 'golden'",
        ),
        "golden rows of the approval are missing or changed",
    ),
    "the golden rows were removed": (
        sql(
            "evaluation_evaluationrun",
            "UPDATE evaluation_evaluationrun SET golden_id = NULL;"
            "ALTER TABLE registry_evidence DISABLE TRIGGER USER;"
            "DELETE FROM registry_evidence WHERE kind = 'golden'",
        ),
        "golden rows of the approval are missing or changed",
    ),
    "the manifest was changed": (
        sql("registry_modelversion", "UPDATE registry_modelversion SET manifest = manifest || ' '"),
        "The approval is for another version",
    ),
    "a stored byte was changed": (lambda s: flip_a_byte(s, s.version), "The bytes stored as"),
    "the stored file is gone": (lambda s: flip_a_byte(s, s.version).unlink(), ""),
    "the artifact row names other bytes": (
        sql(
            "registry_artifact",
            "UPDATE registry_artifact SET blob_id ="
            " (SELECT blob_id FROM registry_datasetsnapshot LIMIT 1),"
            " size = (SELECT b.size FROM registry_datasetsnapshot d"
            " JOIN registry_blob b ON b.sha256 = d.blob_id LIMIT 1)",
        ),
        "The approval is for other artifacts",
    ),
    "there is no trusted key file": (
        lambda stage: (stage.folder / "trusted-keys.txt").unlink(),
        "public keys cannot be read",
    ),
    "the trusted key file holds no key": (
        lambda stage: (stage.folder / "trusted-keys.txt").write_text("# none\n"),
        "public keys cannot be read",
    ),
}


def test_without_a_defect_it_loads_and_answers_as_approved(approved: Stage) -> None:
    loaded = serving.loaded()

    assert loaded.digest == f"sha256:{approved.version.digest}"
    assert loaded.approval.id == str(approved.approval.pk)
    loaded.model.close()


@pytest.mark.parametrize("what", list(DEFECTS))
def test_a_version_is_refused_when(approved_copy: Stage, what: str) -> None:
    damage, reason = DEFECTS[what]
    damage(approved_copy)

    with serving.follower() as made:
        said = made.table.refused.get(approved_copy.approval.pk, "")
        assert said
        assert reason in said
        assert approved_copy.approval.pk not in made.table.loaded
        with pytest.raises(DomainError, match="refused at load"):
            serving.answer(made, "carl", approved_copy.folder / "segments", number=1)
        assert not list((approved_copy.folder / "segments").glob("*"))

    assert LoadRefusal.objects.get(approval_id=approved_copy.approval.pk).reason == said
    assert AuditEvent.objects.filter(action=Action.LOAD_REFUSED.value).count() == 1


class TestDamagedBytes:
    def test_quarantine_the_version_and_stand_in_the_log(self, approved_copy: Stage) -> None:
        flip_a_byte(approved_copy, approved_copy.version)

        with pytest.raises(Corrupt):
            serving.loaded()

        version = approved_copy.version
        assert version.status == Status.QUARANTINED
        assert version.status_reason
        actions = set(AuditEvent.objects.values_list("action", flat=True))
        assert {Action.ARTIFACT_CORRUPT.value, Action.VERSION_QUARANTINED.value} <= actions

    def test_are_told_once(self, approved_copy: Stage) -> None:
        flip_a_byte(approved_copy, approved_copy.version).unlink()

        for _ in range(3):
            with pytest.raises(Missing):
                serving.loaded()

        events = AuditEvent.objects.filter(action=Action.ARTIFACT_CORRUPT.value)
        assert events.count() == 1


def test_a_model_that_answers_otherwise_than_when_approved_is_refused(ready_copy: Stage) -> None:
    """Another runtime or processor that computes something else is noticed before a consumer."""
    lying = tiny.reports_on(ready_copy.version)["golden"]
    other = verbs.another(who("ada"), ready_copy.version.model, strength=0.1)
    verbs.make_ready(who("ada"), other, strength=0.1)
    add_evidence(version=other, kind="golden", document=lying)
    verbs.signed(other)
    assert ready_copy.notary_round() == 1

    with serving.follower() as made:
        (reason,) = made.table.refused.values()

    assert "The model answers otherwise than when approved" in reason


def test_a_revoked_version_is_no_candidate_and_would_be_refused(approved: Stage) -> None:
    found = serving.candidate()
    revoke(
        caller=who("cora"), version=approved.version, reason="Wrong.", password=password_of("cora")
    )

    with serving.follower() as made:
        assert not made.table.loaded
        assert not made.table.by_number
        with pytest.raises(DomainError, match=f"{MODEL} v1 has no valid approval"):
            serving.answer(made, "carl", approved.folder / "segments", number=1)
    with pytest.raises(DomainError, match="The approval was revoked"):
        serving.loaded_of(found)


def test_a_later_moment_finds_the_approval_expired(approved: Stage) -> None:
    late = approved.approval.not_after

    with pytest.raises(DomainError, match="The approval has expired"):
        serving.loaded(now=late)
    serving.loaded(now=late - timedelta(seconds=1)).model.close()


def test_one_defect_does_not_keep_other_versions_from_being_served(approved_copy: Stage) -> None:
    envelope_of_another_version(approved_copy)
    by_force(
        approved_copy.database,
        "registry_modelversion",
        "UPDATE registry_modelversion SET signature = '[]', manifest = 'no JSON' WHERE number = 1",
    )

    with serving.follower() as made:
        assert len(made.table.refused) == 1
        assert [one.number for one in made.table.loaded.values()] == [2]
