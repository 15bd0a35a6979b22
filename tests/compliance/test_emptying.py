"""Inputs and outputs of old records go by two persons; what proves stays, and says what went."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from common.errors import Conflict
from compliance.retention.models import EmptiedBatch
from compliance.retention.selectors import Thing
from compliance.retention.services import place_hold
from compliance.verification.check import check_records
from inference.models import Prediction, PredictionBatch
from registry.models import ModelVersion
from tests.compliance.test_bundles import Outsider
from tests.compliance.world import World, bundle_of
from tests.trust.bundle_factory import unpack
from trust.keys import approvals_name

LOANS = {"kind": "model", "model": "loans"}
LATER = datetime.now(UTC) + timedelta(days=2)


@pytest.fixture
def answered(world: World, monkeypatch: pytest.MonkeyPatch) -> ModelVersion:
    """Two records of an approved version, which a rule lets go at once."""
    monkeypatch.setattr("compliance.retention.rules.FLOORS", {})
    version = world.version(world.model("loans"), b"loans")
    world.approve(version)
    world.predict(version, version)
    world.keep_for("predictions", 0)
    return version


def test_what_is_left_is_sound_and_nothing_else_would_be(
    world: World, answered: ModelVersion, tmp_path: Path
) -> None:
    outsider = Outsider(world, tmp_path / "outside")
    whole = unpack(bundle_of(world.export(LOANS), tmp_path).read_bytes())
    world.empty()
    for row in Prediction.objects.all():
        said = json.loads(bytes(row.record))
        assert not {"input", "output"} & set(said)
        assert {"input_digest", "output_digest", "approval", "person"} <= set(said)
    keys = world.notary.keys.named(approvals_name(world.notary.log_key.name))
    assert list(check_records(keys, blobs=False)) == []
    bundle = bundle_of(world.export(LOANS), tmp_path)
    status, report = outsider.check(bundle)
    assert (status, report["findings"]) == (0, [])
    (said_of_it,) = [note for note in report["notes"] if "deleted on" in note]
    assert said_of_it.startswith("inputs and outputs of 2 predictions were deleted on ")
    assert report["counts"]["predictions"] == 2
    (name,) = [name for name in whole if name.startswith("predictions/")]
    assert b"input_digest" in unpack(bundle.read_bytes())[name] != whole[name]
    with pytest.raises(Conflict, match="there is none"):
        world.empty()


def _held(world: World, thing: Thing) -> None:
    place_hold(caller=world.caller("dora"), thing=thing, reference="Case 3", reason="Asked.")


KEPT: dict[str, tuple[Callable[[World, ModelVersion], object], str]] = {
    "the model": (lambda w, v: _held(w, Thing("model", v.model)), "legal hold"),
    "the version": (lambda w, v: _held(w, Thing("version", v.model, v)), "legal hold"),
    "a period": (
        lambda w, v: _held(w, Thing("predictions", v.model, since=LATER - timedelta(days=9))),
        "legal hold",
    ),
    "a rule": (lambda w, v: w.keep_for("predictions", 184), "rules of retention"),
    "no rule": (lambda w, v: w.keep_for("predictions", None), "rules of retention"),
}


@pytest.mark.parametrize("why", KEPT)
def test_a_batch_stays_whole_while_something_keeps_it_past_the_program_too(
    world: World, answered: ModelVersion, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    _held(world, Thing("predictions", answered.model, since=LATER))
    KEPT[why][0](world, answered)
    with pytest.raises(Conflict, match="held, kept by a rule"):
        world.empty()
    monkeypatch.setattr("compliance.retention.emptying.why_batch_kept", lambda batch, now: "")
    with pytest.raises(DatabaseError, match=KEPT[why][1]):
        world.empty()
    assert not EmptiedBatch.objects.exists()
    assert all(b'"input":' in bytes(row.record) for row in Prediction.objects.all())


def test_the_app_role_changes_no_record_by_itself(
    world: World, answered: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Prediction.objects.update(record=b"{}")
    monkeypatch.setattr("compliance.retention.emptying.without_content", lambda line: b"{}")
    with pytest.raises(DatabaseError, match="nothing else"):
        world.empty()
    row = EmptiedBatch(batch=PredictionBatch.objects.get(), digest="0" * 64, at=LATER)
    row.proposal_id = answered.model.pk
    with pytest.raises(DatabaseError, match="Two persons empty"), transaction.atomic():
        row.save(force_insert=True)
