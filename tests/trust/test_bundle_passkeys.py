"""Signatures by devices of the signers, checked offline: whatever is forged is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.factories.passkeys import PRESENT, VERIFIED, Device, assertion, b64
from tests.trust.bundle_factory import BEN, CLEO, EVA, BundleStory, Document
from tests.trust.test_bundle_findings import update
from tests.trust.verifier import report_of, run_verifier, verify_here
from trust.bundle_layout import passkey_member
from trust.canonical import canonical
from trust.digests import digest_hex, digest_of
from trust.passkeys import SIGN, SIGN_WORDS, WAIVE, WAIVE_WORDS

DEMAND = update(passkey=True)
Change = Callable[["Signers"], None]


class Signers:
    """Ben, Cleo and Eva, each with a device; the story of a bundle in which they sign with them."""

    def __init__(self) -> None:
        self.devices = {name: Device("EdDSA") for name in (BEN, CLEO, EVA)}
        self.signed: dict[str, Device] = dict(self.devices)
        self.edit_said: Callable[[Document], object] = lambda said: None
        self.edit_record: Callable[[Document], object] = lambda record: None
        self.edit_passkey: Callable[[Document], object] = lambda record: None
        self.edit_events: Callable[[list[Document]], object] = lambda events: None
        self.client: dict[str, Any] = {}
        self.without: set[str] = set()

    def story(self, **more: Any) -> BundleStory:
        """The story, under a policy that demands passkeys."""
        given: dict[str, Any] = {
            "edit_policy": DEMAND,
            "edit_signatures": self._sign,
            "edit_waiver": lambda record: self._prove(record, WAIVE, WAIVE_WORDS),
            "edit_events": self._told,
            "edit_files": self._put,
        }
        return BundleStory(**(given | more))

    def _sign(self, records: list[Document]) -> None:
        for record in records:
            self._prove(record, SIGN, SIGN_WORDS)
            if record["person"] == BEN:
                self.edit_record(record)

    def _prove(self, record: Document, act: str, words: tuple[str, ...]) -> None:
        person = str(record["person"])
        if person in self.without:
            return
        record["method"] = "passkey"
        said = {word: record[word] for word in words}
        client = self.client if person == BEN else {}
        if person == BEN:
            self.edit_said(said)
        device = self.signed[person]
        record["passkey"] = assertion(device, act, said, **client)
        record["passkey"]["credential"] = self.devices[person].digest

    def record_of(self, person: str) -> bytes:
        """The record of a passkey."""
        device = self.devices[person]
        record: Document = {
            "type": "assay/passkey/1",
            "person": person,
            "credential": device.digest,
            "public_key": b64(device.public_key),
            "rp_id": "localhost",
        }
        if person == BEN:
            self.edit_passkey(record)
        return canonical(record)

    def _told(self, events: list[Document]) -> None:
        """The first three events tell of the passkeys."""
        for event, person in zip(events, self.devices, strict=False):
            device = self.devices[person]
            event["action"] = "passkey.registered"
            event["actor"] = {"person": person}
            event["payload"] = {
                "credential": device.digest,
                "public_key": b64(device.public_key),
                "rp_id": "localhost",
                "record": digest_of(self.record_of(person)),
            }
        self.edit_events(events)

    def _put(self, files: dict[str, bytes]) -> None:
        for person in self.devices:
            body = self.record_of(person)
            files[passkey_member(digest_hex(digest_of(body)))] = body


def problems(signers: Signers, folder: Path, **more: Any) -> list[str]:
    """What the verifier finds; it must be tampered with then."""
    report = report_of(signers.story(**more), folder)
    assert report.exit_code == (1 if report.findings else 0)
    return [finding.problem for finding in report.findings]


def test_signatures_and_waivers_by_passkeys_are_sound(tmp_path: Path) -> None:
    assert problems(Signers(), tmp_path) == []


def test_they_are_so_where_nobody_demands_them(tmp_path: Path) -> None:
    signers = Signers()
    signers.without = {CLEO, EVA}
    assert problems(signers, tmp_path, edit_policy=lambda policy: policy) == []


def test_the_verifier_that_outsiders_run_says_the_same(tmp_path: Path) -> None:
    forger = Signers()
    forger.signed[BEN] = Device("EdDSA")
    for signers, verdict in ((Signers(), 0), (forger, 1)):
        story = signers.story()
        (tmp_path / "keys.txt").write_text(story.keys.text())
        (tmp_path / "checkpoint.txt").write_bytes(story.checkpoint(4))
        (tmp_path / "bundle.zip").write_bytes(story.build())
        status, report = run_verifier(
            *(tmp_path / "bundle.zip", "--key", tmp_path / "keys.txt"),
            *("--checkpoint", tmp_path / "checkpoint.txt"),
        )
        assert status == verdict, report


@pytest.mark.parametrize(
    ("forget", "rename", "verdict"), [(set(), {}, 0), ({BEN}, {}, 1), (set(), {BEN: CLEO}, 1)]
)
def test_who_knows_the_passkeys_of_the_signers_sees_any_other(
    tmp_path: Path, forget: set[str], rename: dict[str, str], verdict: int
) -> None:
    """As if somebody with the web process had registered one of his own in Ben's name."""
    signers = Signers()
    story = signers.story()
    lines = ["# what the signers showed us"] + [
        f"{rename.get(name, name)} {device.digest}  # by telephone"
        for name, device in signers.devices.items()
        if name not in forget
    ]
    (tmp_path / "passkeys.txt").write_text("\n".join(lines))
    (tmp_path / "keys.txt").write_text(story.keys.text())
    (tmp_path / "checkpoint.txt").write_bytes(story.checkpoint(4))
    (tmp_path / "bundle.zip").write_bytes(story.build())
    given = [tmp_path / "bundle.zip", "--passkeys", tmp_path / "passkeys.txt"]
    given += ["--key", tmp_path / "keys.txt", "--checkpoint", tmp_path / "checkpoint.txt"]
    assert verify_here(*given) == verdict


@pytest.mark.parametrize("text", ["person", f"a b {'0' * 64}", "person sha256:00", "\xff"])
def test_a_list_of_passkeys_that_cannot_be_read_is_malformed(tmp_path: Path, text: str) -> None:
    (tmp_path / "passkeys.txt").write_bytes(text.encode("latin-1"))
    (tmp_path / "bundle.zip").write_bytes(b"")
    assert verify_here(tmp_path / "bundle.zip", "--passkeys", tmp_path / "passkeys.txt") == 2


def _device(**said: Any) -> Change:
    def change(signers: Signers) -> None:
        for name, value in said.items():
            setattr(signers.devices[BEN], name, value)

    return change


def _said(**words: Any) -> Change:
    return lambda signers: setattr(signers, "edit_said", update(**words))


def _record(**words: Any) -> Change:
    return lambda signers: setattr(signers, "edit_record", update(**words))


def _assertion(**words: Any) -> Change:
    return lambda signers: setattr(
        signers, "edit_record", lambda record: record["passkey"].update(words)
    )


def _client(**said: Any) -> Change:
    return lambda signers: setattr(signers, "client", said)


def _forged(signers: Signers) -> None:
    """As whoever controls the web process would: he has no device of Ben."""
    signers.signed[BEN] = Device("EdDSA")


def _of_cleo(signers: Signers) -> None:
    signers.signed[BEN] = signers.devices[CLEO]
    signers.edit_record = lambda record: record["passkey"].update(
        credential=signers.devices[CLEO].digest
    )


def _event(**changes: Any) -> Change:
    return lambda signers: setattr(signers, "edit_events", lambda events: events[0].update(changes))


def _removed(signers: Signers) -> None:
    def remove(events: list[Document]) -> None:
        events[3] |= {
            "action": "passkey.removed",
            "payload": {"credential": signers.devices[BEN].digest},
        }

    signers.edit_events = remove


def _without(name: str) -> Change:
    return lambda signers: setattr(signers, "edit_record", lambda record: record.pop(name))


NOT_PROVED: list[tuple[Change, str]] = [
    (_forged, "not signed by this passkey"),
    (_of_cleo, "passkey of another person"),
    (_device(flags=VERIFIED), "nobody was present"),
    (_device(flags=PRESENT), "did not verify its user"),
    (_device(rp_id="example.org"), "for another host"),
    (_client(origin="https://localhost.example"), "at another address"),
    (_client(type="webauthn.create"), "not of an assertion"),
    (_client(challenge=b64(b"0" * 32)), "another challenge"),
    (_client(crossOrigin=True), "inside a page of another"),
    (_said(decision="reject"), "signed other words"),
    (_said(statement_digest=digest_of(b"other")), "signed other words"),
    (_said(person=CLEO), "signed other words"),
    (_said(more="word"), "signed other words"),
    (_record(reason="Another reason."), "signed other words"),
    (_record(meaning="Nothing at all."), "signed other words"),
    (_record(annex={"conditions": []}), "signed other words"),
    (_assertion(nonce=b64(b"0" * 32)), "another challenge"),
    (_assertion(nonce=b64(b"0" * 31)), "a nonce is 32 bytes"),
    (_assertion(signature="!"), "not base64url"),
    (_assertion(credential=digest_of(b"other")), "does not tell of this passkey"),
    (_assertion(intent="{}"), "signed other words"),
    (_assertion(more="word"), "unknown 'more'"),
    (_without("passkey"), "is not an object"),
    (_removed, "had been removed before"),
    (_event(at="2026-03-02T09:00:00.000000Z"), "registered afterwards"),
    (_event(action="card.edited"), "does not tell of this passkey"),
    (_event(actor={"person": CLEO}), "passkey of another person"),
]


@pytest.mark.parametrize(("change", "why"), NOT_PROVED)
def test_what_no_device_of_the_person_signed_is_found(
    tmp_path: Path, change: Change, why: str
) -> None:
    signers = Signers()
    change(signers)

    found = problems(signers, tmp_path)

    assert any(p.startswith("its passkey does not prove it:") and why in p for p in found), found


def test_a_password_is_not_enough_where_the_policy_demands_a_passkey(tmp_path: Path) -> None:
    signers = Signers()
    signers.without = {BEN, EVA}
    without = "it was given without the passkey that the policy demands"
    assert problems(signers, tmp_path).count(without) == 2


def test_an_assertion_beside_another_method_is_found(tmp_path: Path) -> None:
    signers = Signers()
    signers.edit_record = update(method="password")
    found = problems(signers, tmp_path, edit_policy=lambda policy: policy)
    assert "it holds an assertion of a passkey and names another method" in found


def test_the_record_of_a_passkey_is_in_the_bundle_as_the_log_names_it(tmp_path: Path) -> None:
    signers = Signers()
    signers.edit_passkey = update(person=CLEO)
    assert "the log tells of another 'person'" in problems(signers, tmp_path)
    missing = problems(Signers(), tmp_path, edit_files=lambda files: files)
    assert missing.count("the record of its passkey is not in the bundle") == 3


def test_no_passkey_is_in_the_bundle_that_the_log_does_not_tell_of(tmp_path: Path) -> None:
    signers = Signers()

    def put(files: dict[str, bytes]) -> None:
        signers._put(files)
        files[passkey_member(digest_hex(digest_of(b"{}")))] = b"{}"

    found = problems(signers, tmp_path, edit_files=put)
    assert found == ["the log has no event that this passkey was registered"]


def test_a_demand_that_is_neither_true_nor_false_is_no_policy(tmp_path: Path) -> None:
    found = problems(Signers(), tmp_path, edit_policy=update(passkey="yes"))
    assert any("is not true or false" in problem for problem in found)
