"""A plan travels with the approval whose evaluation it bound, and an outsider checks it."""

from pathlib import Path
from typing import Any

import pytest

from evaluation.criteria import interval_of
from evaluation.models import EvaluationPlan
from evaluation.plans import seal_plan
from evaluation.services import complete_run, request_run
from tests.compliance.test_bundles import Outsider
from tests.compliance.world import World, bundle_of
from tests.factories.tiny import table
from tests.factories.verbs import register_dataset, send, taken
from tests.trust.bundle_factory import repack, unpack


@pytest.fixture
def plan(world: World) -> EvaluationPlan:
    """A plan under which an approved version was measured."""
    ada = world.caller("ada")
    version = world.version(world.model("loans"), b"loans")
    rows = register_dataset(
        ada, upload=send(ada, "rows.csv", table("test")), name="rows", split="test", team=world.team
    )
    criteria = [{"metric": "accuracy", "limit": 0.5}]
    plan = seal_plan(
        caller=ada, version=version, dataset=rows, criteria=criteria, seed=1, resamples=100
    )
    run = request_run(caller=ada, version=version, plan=plan)
    job, token = taken(run.job_id)
    report = {
        "type": "assay/evaluation/1",
        "dataset": {"digest": f"sha256:{rows.blob_id}"},
        "seed": 1,
        "interval": interval_of(100),
    }
    golden = {"type": "assay/golden/1"}
    complete_run(run_id=run.pk, job_id=job, token=token, report=report, golden=golden)
    assert world.approve(version).state == "approved"
    return plan


@pytest.fixture
def outsider(world: World, plan: EvaluationPlan, tmp_path: Path) -> Outsider:
    """Somebody who kept the first checkpoint."""
    return Outsider(world, tmp_path / "outside")


def member_of(plan: EvaluationPlan) -> str:
    return f"versions/{plan.version.digest}/evidence/{plan.document.digest}.json"


@pytest.mark.parametrize(
    "scope", [{"kind": "all"}, {"kind": "version", "model": "loans", "number": 1}]
)
def test_it_is_in_every_bundle_of_the_version(
    world: World, plan: EvaluationPlan, outsider: Outsider, scope: dict[str, Any], tmp_path: Path
) -> None:
    bundle = bundle_of(world.export(scope), tmp_path)

    status, report = outsider.check(bundle)

    assert (status, report["findings"]) == (0, [])
    assert report["counts"]["plans"] == 1
    assert unpack(bundle.read_bytes())[member_of(plan)] == bytes(plan.document.body)


def test_a_bundle_without_it_is_tampered_with(
    world: World, plan: EvaluationPlan, outsider: Outsider, tmp_path: Path
) -> None:
    members = unpack(bundle_of(world.export({"kind": "all"}), tmp_path).read_bytes())
    del members[member_of(plan)]
    cut = tmp_path / "cut.zip"
    cut.write_bytes(repack(members))

    status, report = outsider.check(cut)

    assert status == 1
    said = {(f["member"], f["problem"]) for f in report["findings"]}
    assert (member_of(plan), "an approval refers to it, but it is not in the bundle") in said
