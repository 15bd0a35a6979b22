"""Signatures by devices of the signers: in every bundle, checked offline, and held by fsck."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Passkey
from accounts.passkeys.services import remove_passkey, rename_passkey
from governance.approvals.releases import revoke
from governance.models import PolicyVersion, Review, Revocation, Signature, Waiver
from governance.reviewing.asking import ask_to_revoke, ask_to_sign, ask_to_waive
from governance.services import dry_run, sign, submit
from governance.waivers.services import waive
from tests.compliance.test_bundles import Outsider
from tests.compliance.world import LENIENT, PASSWORD, World, bundle_of
from tests.factories.passkeys import Device, answer, keep
from tests.factories.waivers import in_days

DEMANDING = LENIENT | {"passkey": True, "evidence": ["card"], "waivable": ["card"]}


class Devices:
    """A passkey for each of some persons of the world."""

    def __init__(self, world: World, *names: str) -> None:
        self.world = world
        self.of = {name: Device() for name in names}
        for name, device in self.of.items():
            keep(world.caller(name), PASSWORD, device, f"Key of {name}")

    def sign(self, name: str, review: Review) -> Signature:
        """An approval with the person's passkey."""
        words: dict[str, Any] = {
            "caller": self.world.caller(name),
            "review": Review.objects.get(pk=review.pk),
            "statement_digest": f"sha256:{review.statement_digest}",
            "decision": "approve",
            "reason": "The evidence holds.",
        }
        return sign(**words, passkey=answer(self.of[name], ask_to_sign(**words)))

    def waive(self, name: str, version: Any) -> Waiver:
        """The card is waived with the person's passkey."""
        (gate,) = (gate for gate in dry_run(version) if gate.gate == "card")
        words: dict[str, Any] = {
            "caller": self.world.caller(name),
            "version": version,
            "gate_digest": gate.digest,
            "reason": "It is for one branch.",
            "expires_on": in_days(10),
        }
        return waive(**words, gate="card", passkey=answer(self.of[name], ask_to_waive(**words)))

    def revoke(self, name: str, version: Any) -> Revocation:
        """The approval is ended with the person's passkey."""
        words: dict[str, Any] = {
            "caller": self.world.caller(name),
            "version": version,
            "reason": "Drift.",
        }
        return revoke(**words, passkey=answer(self.of[name], ask_to_revoke(**words)))


@pytest.fixture
def approved(world: World) -> Review:
    """Approved under the demand, with a waiver; one key renamed, one removed; then revoked."""
    world.publish(by="cleo", name="strict", document=DEMANDING)
    devices = Devices(world, "ben", "cleo", "dora")
    version = world.version(world.model("loans"), b"loans")
    devices.waive("cleo", version)
    review = submit(caller=world.caller("ada"), version=version)
    for name in ("ben", "cleo"):
        devices.sign(name, review)
    world.notary.work()
    devices.revoke("cleo", version)
    for name, passkey in ((p.person.name.split()[0].lower(), p) for p in Passkey.objects.all()):
        if name == "ben":
            remove_passkey(caller=world.caller("ben"), passkey=passkey, password=PASSWORD)
        if name == "cleo":
            rename_passkey(caller=world.caller("cleo"), passkey=passkey, name="The other one")
    world.notary.work()
    review.refresh_from_db()
    assert review.state == "approved"
    return review


@pytest.mark.parametrize("scope", [{"kind": "all"}, {"kind": "model", "model": "loans"}])
def test_they_are_in_every_bundle_and_sound(
    world: World, approved: Review, scope: dict[str, Any], tmp_path: Path
) -> None:
    outsider = Outsider(world, tmp_path / "outside")
    status, report = outsider.check(bundle_of(world.export(scope), tmp_path))

    assert (status, report["findings"]) == (0, [])
    assert report["counts"]["passkeys"] == 2


def _findings(capsys: pytest.CaptureFixture[str]) -> list[str]:
    with suppress(SystemExit):
        call_command("fsck")
    return [line for line in capsys.readouterr().out.splitlines() if "FINDING" in line]


@pytest.fixture
def as_owner(world: World, approved: Review) -> Iterator[None]:
    """The owner of the database, after all that happened."""
    with world.notary.database.as_role("owner"):
        yield


def _rewrite(row: Any, change: Any) -> None:
    """As the owner: another record, with its digest, in the table alone."""
    said = json.loads(bytes(row.record))
    change(said)
    body = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {row._meta.db_table} DISABLE TRIGGER USER")
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET record = %s, "
            "digest = encode(sha256(%s), 'hex') WHERE id = %s",
            [body, body, row.pk],
        )


def test_fsck_finds_nothing_where_nothing_was_changed(
    world: World, approved: Review, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _findings(capsys) == []


@pytest.mark.parametrize("model", [Signature, Waiver])
def test_fsck_looks_at_what_the_device_signed(
    as_owner: None, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    row = model.objects.order_by("at").first()
    _rewrite(row, lambda said: said["passkey"].update(signature="Zm9yZ2Vk"))
    assert any("its passkey does not prove it" in line for line in _findings(capsys))


def test_fsck_finds_another_key_in_the_record_of_a_passkey(
    as_owner: None, capsys: pytest.CaptureFixture[str]
) -> None:
    _rewrite(Passkey.objects.first(), lambda said: said.update(public_key="AAAA"))
    assert any("the log tells of another 'public_key'" in line for line in _findings(capsys))


def test_fsck_finds_other_words_in_a_revocation(
    as_owner: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_revocation DISABLE TRIGGER USER")
        cursor.execute("UPDATE governance_revocation SET reason = 'Another.'")
    assert any("signed other words" in line for line in _findings(capsys))


def test_fsck_misses_a_passkey_where_the_policy_demands_one(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The policy of an approval that rests on passwords, exchanged for one with the demand."""
    version = world.version(world.model("loans"), b"loans")
    world.approve(version)
    policy = PolicyVersion.objects.get(name="lenient")
    said = json.loads(bytes(policy.body)) | {"passkey": True}
    with world.notary.database.as_role("owner"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_policyversion DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE governance_policyversion SET body = %s",
            [json.dumps(said, sort_keys=True, separators=(",", ":")).encode()],
        )
    assert any("without the passkey that the policy demands" in line for line in _findings(capsys))
