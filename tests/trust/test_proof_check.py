"""One event with its proof, checked by whoever has both and a key."""

from pathlib import Path

import pytest

from tests.trust.bundle_factory import BundleStory
from tests.trust.test_bundle_cosignatures import ONE, TWO
from tests.trust.verifier import verify_generated, verify_here
from trust.merkle import leaf_hash
from trust.merkle_proofs import inclusion_proof, nodes_of
from trust.proofs import LogProof, format_proof


class Held:
    """An event, its proof and a key, in files."""

    def __init__(self, folder: Path) -> None:
        self.story = BundleStory()
        leaves = self.story.leaves()
        hashes = [leaf_hash(leaf) for leaf in leaves]
        note = self.story.checkpoint(len(leaves))
        self.note = note + ONE.line(note)
        path = inclusion_proof(nodes_of(hashes), 3, len(leaves))
        self.proof = LogProof(3, tuple(path), self.note)
        self.files = {name: folder / name for name in ("proof", "event", "key", "witness")}
        self.files["proof"].write_bytes(format_proof(self.proof))
        self.files["event"].write_bytes(leaves[3])
        self.files["key"].write_text(self.story.keys.text(), encoding="utf-8")
        lines = f"{ONE.key.line}\n{TWO.key.line}\n"
        self.files["witness"].write_text(lines, encoding="utf-8")

    def given(self, *names: str) -> list[object]:
        """The options for these files."""
        return [part for name in names for part in (f"--{name}", self.files[name])]


@pytest.fixture
def held(tmp_path: Path) -> Held:
    """By an outsider."""
    return Held(tmp_path)


def test_it_is_sound_with_a_key_of_one_s_own_and_says_what_happened(
    held: Held, capsys: pytest.CaptureFixture[str]
) -> None:
    for verify in (verify_here, verify_generated):
        assert verify(*held.given("proof", "event", "key")) == 0
        told = capsys.readouterr().out
        assert "SOUND" in told
        assert "event 3 is " in told


def test_it_is_only_consistent_in_itself_without_a_key(held: Held) -> None:
    assert verify_here(*held.given("proof", "event")) == 3


def test_a_changed_event_proof_or_checkpoint_is_tampered(held: Held) -> None:
    event = held.files["event"].read_bytes()
    held.files["event"].write_bytes(event.replace(b"person-", b"persom-", 1))
    assert verify_here(*held.given("proof", "event", "key")) == 1
    held.files["event"].write_bytes(event)

    path = (bytes(32), *held.proof.path[1:])
    held.files["proof"].write_bytes(format_proof(LogProof(3, path, held.note)))
    assert verify_here(*held.given("proof", "event", "key")) == 1

    stranger = BundleStory()
    held.files["key"].write_text(stranger.keys.text(), encoding="utf-8")
    held.files["proof"].write_bytes(format_proof(held.proof))
    assert verify_here(*held.given("proof", "event", "key")) == 1


def test_what_is_no_proof_or_no_event_is_malformed(held: Held) -> None:
    for name in ("proof", "event"):
        whole = held.files[name].read_bytes()
        held.files[name].write_bytes(b"{}")
        assert verify_here(*held.given("proof", "event", "key")) == 2
        held.files[name].write_bytes(whole)
    held.files["event"].unlink()
    assert verify_here(*held.given("proof", "event", "key")) == 2


def test_witnesses_are_counted_under_its_checkpoint(held: Held) -> None:
    everything = held.given("proof", "event", "key", "witness")

    assert verify_here(*everything, "--witnesses", 1) == 0
    assert verify_here(*everything) == 3


def test_a_bundle_and_a_proof_are_not_checked_in_one(held: Held, tmp_path: Path) -> None:
    for wrong in (
        [tmp_path / "bundle.zip", *held.given("proof", "event")],
        held.given("proof"),
        held.given("event"),
        [],
        [*held.given("proof", "event"), "--checkpoint", held.files["key"]],
    ):
        with pytest.raises(SystemExit) as end:
            verify_here(*wrong)
        assert end.value.code == 2
