"""A legal hold travels in bundles, and an outsider compares it with the log."""

from pathlib import Path

from compliance.retention.selectors import Thing
from compliance.retention.services import lift_hold, place_hold
from tests.compliance.test_bundles import Outsider
from tests.compliance.world import PASSWORD, World, bundle_of
from tests.trust.bundle_factory import repack, unpack


def test_bundles_hold_it_and_the_verifier_compares_it_with_the_log(
    world: World, tmp_path: Path
) -> None:
    model = world.model("loans")
    world.version(model, b"loans")
    world.join("eva", "Eva Lind", world.team, "compliance")
    world.notary.work()
    first, second = (
        place_hold(
            caller=world.caller("dora"),
            thing=Thing("model", model),
            reference=name,
            reason="Asked.",
        )
        for name in ("One", "Two")
    )
    lift = lift_hold(caller=world.caller("eva"), hold=second, reason="Done.", password=PASSWORD)
    outsider = Outsider(world, tmp_path / "outside")
    bundle = bundle_of(world.export({"kind": "model", "model": "loans"}), tmp_path)
    status, report = outsider.check(bundle)
    assert (status, report["findings"]) == (0, [])
    assert "1 legal holds are in force by the disclosed events" in report["notes"]
    members = unpack(bundle.read_bytes())
    held = {name for name in members if name.startswith("holds/")}
    assert held == {f"holds/{row.digest}.json" for row in (first, second, lift)}
    del members[f"holds/{first.digest}.json"]
    cut = tmp_path / "cut.zip"
    cut.write_bytes(repack(members))
    assert outsider.check(cut)[0] == 1
