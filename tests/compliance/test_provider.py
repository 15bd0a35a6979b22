"""Signatures by a fresh sign-in at the provider: in every bundle, checked offline, held by fsck."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import Identity
from accounts.oidc.asking import answer_again
from accounts.oidc.identities import end_identity
from governance.approvals.releases import revoke
from governance.models import Review
from governance.reviewing.asking import ask_to_revoke, ask_to_sign, ask_to_waive
from governance.services import dry_run, sign, submit
from governance.waivers.services import waive
from tests.compliance.test_bundles import Outsider
from tests.compliance.world import LENIENT, PASSWORD, World, bundle_of
from tests.factories import provider
from tests.factories.agreeing import agree
from tests.factories.waivers import in_days
from trust.methods import OIDC

WAIVABLE = LENIENT | {"evidence": ["card"], "waivable": ["card"]}


@pytest.fixture
def approved(world: World) -> Review:
    """Approved and revoked by people who signed in anew for it; an account ended then."""
    world.publish(by="cleo", name="waivable", document=WAIVABLE)
    version = world.version(world.model("loans"), b"loans")
    cleo: dict[str, Any] = {"caller": world.caller("cleo"), "version": version}
    (gate,) = (gate for gate in dry_run(version) if gate.gate == "card")
    words: dict[str, Any] = {"reason": "For one branch.", "expires_on": in_days(10)}
    words["gate_digest"] = gate.digest
    with provider.running() as there:
        _bind(world, "ben", "cleo")

        def answered(name: str, ask: Any) -> Any:
            there.be(sub=f"{name}-at-work")
            return {"sign_in": answer_again(world.caller(name), there.reply(ask.address))}

        waive(
            **cleo, **words, gate="card", **answered("cleo", ask_to_waive(**cleo, **words, by=OIDC))
        )
        review = submit(caller=world.caller("ada"), version=version)
        for name in ("ben", "cleo"):
            said: dict[str, Any] = {
                "caller": world.caller(name),
                "review": Review.objects.get(pk=review.pk),
                "statement_digest": f"sha256:{review.statement_digest}",
                "decision": "approve",
                "reason": "The evidence holds.",
            }
            sign(**said, **answered(name, ask_to_sign(**said, by=OIDC)))
        world.notary.work()
        drift: dict[str, Any] = {**cleo, "reason": "Drift."}
        revoke(**drift, **answered("cleo", ask_to_revoke(**drift, by=OIDC)))
    end_identity(caller=world.root, identity=Identity.objects.get(subject="ben-at-work"))
    world.notary.work()
    review.refresh_from_db()
    assert review.state == "approved"
    return review


def _bind(world: World, *names: str) -> None:
    for name in names:
        agree(
            "identity",
            {"username": name, "subject": f"{name}-at-work"},
            proposer=world.root,
            confirmer=world.caller("otto"),
            password=lambda _name: PASSWORD,
        )


def test_they_are_in_every_bundle_and_sound_and_fsck_finds_nothing(
    world: World, approved: Review, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outsider = Outsider(world, tmp_path / "outside")
    for scope in ({"kind": "all"}, {"kind": "model", "model": "loans"}):
        status, report = outsider.check(bundle_of(world.export(scope), tmp_path))
        assert (status, report["findings"]) == (0, [])
    call_command("fsck")
    assert "FINDING" not in capsys.readouterr().out
