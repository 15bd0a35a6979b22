"""Witnesses of the verifier's own: how many cosigned, and whether that is enough for him."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.trust.bundle_factory import BundleStory
from tests.trust.verifier import verify_generated, verify_here
from trust.bundle import verify_bundle
from trust.bundle_layout import COSIGNED_MEMBER
from trust.bundle_report import BundleReport
from trust.bundle_source import open_bundle
from trust.bundle_witnesses import WitnessPolicy
from trust.cosignatures import WitnessKey
from trust.errors import Malformed
from trust.notes import parse_note


@dataclass(frozen=True)
class Cosigner:
    """A witness as far as its cosignatures go."""

    name: str
    secret: Ed25519PrivateKey

    @classmethod
    def named(cls, name: str) -> "Cosigner":
        """A new one."""
        return cls(name, Ed25519PrivateKey.generate())

    @property
    def key(self) -> WitnessKey:
        """What outsiders know of it."""
        return WitnessKey(self.name, self.secret.public_key().public_bytes_raw())

    def line(self, note: bytes, *, claimed: "Cosigner | None" = None) -> bytes:
        """Its line under a checkpoint; `claimed` is under whose name."""
        text = parse_note(note).text
        seconds = 1_800_000_000
        signature = self.secret.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
        key = (claimed or self).key
        blob = b64encode(key.key_id + seconds.to_bytes(8, "big") + signature).decode()
        return f"— {key.name} {blob}\n".encode()


ONE, TWO, THREE = (Cosigner.named(f"witness.example/{name}") for name in ("one", "two", "three"))


def verified(story: BundleStory, folder: Path, wanted: int) -> BundleReport:
    """The report of a story whose user trusts all three witnesses and wants so many of them."""
    policy = WitnessPolicy.parse("".join(f"{w.key.line}\n" for w in (ONE, TWO, THREE)), wanted)
    checkpoint = story.checkpoint(4)
    (folder / "bundle.zip").write_bytes(story.build())
    with open_bundle(folder / "bundle.zip") as source:
        return verify_bundle(source, keys=story.keys, remembered=checkpoint, witnesses=policy)


def shown(story: BundleStory, *cosigners: Cosigner, size: int = 6) -> BundleStory:
    """The story with a checkpoint that these have cosigned."""
    note = story.checkpoint(size)
    story.files[COSIGNED_MEMBER] = note + b"".join(witness.line(note) for witness in cosigners)
    return story


class TestABundle:
    def test_is_sound_where_enough_witnesses_cosigned(self, tmp_path: Path) -> None:
        report = verified(shown(BundleStory(), ONE, THREE), tmp_path, 2)

        assert (report.exit_code, report.findings) == (0, [])
        assert report.counts["cosignatures"] == 2

    def test_is_not_called_sound_where_too_few_did(self, tmp_path: Path) -> None:
        report = verified(shown(BundleStory(), ONE), tmp_path, 2)

        assert report.exit_code == 3
        assert report.missing == ["cosignatures of 2 of your 3 witnesses: 1 cosigned"]

    def test_is_not_called_sound_where_none_is_in_it(self, tmp_path: Path) -> None:
        assert verified(BundleStory(), tmp_path, 1).exit_code == 3

    def test_with_a_line_that_somebody_else_wrote_in_a_witness_s_name_is_tampered(
        self, tmp_path: Path
    ) -> None:
        story = BundleStory()
        note = story.checkpoint(6)
        story.files[COSIGNED_MEMBER] = note + TWO.line(note) + ONE.line(note, claimed=THREE)

        report = verified(story, tmp_path, 1)

        assert report.exit_code == 1
        assert [finding.member for finding in report.findings] == [COSIGNED_MEMBER]

    def test_with_a_cosigned_checkpoint_of_another_history_is_tampered(
        self, tmp_path: Path
    ) -> None:
        story = BundleStory()
        other = BundleStory(log_key=story.log_key, approvals_key=story.approvals_key)
        other.events.insert(0, other.events.pop(1))
        note = other.checkpoint(6)
        story.files[COSIGNED_MEMBER] = note + ONE.line(note)

        report = verified(story, tmp_path, 1)

        assert report.exit_code == 1
        assert "not those that the witnesses saw" in report.findings[0].problem

    def test_counts_no_witness_twice_and_no_stranger(self, tmp_path: Path) -> None:
        stranger = Cosigner.named("witness.example/stranger")
        story = shown(BundleStory(), ONE, ONE, stranger)

        assert verified(story, tmp_path, 2).exit_code == 3


@pytest.mark.parametrize("verify", [verify_here, verify_generated])
def test_the_command_takes_witnesses_and_how_many(
    verify: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(verify)
    story = shown(BundleStory(), ONE, TWO)
    kept, keys, witnesses = (tmp_path / name for name in ("kept.txt", "keys.txt", "witnesses.txt"))
    kept.write_bytes(story.checkpoint(4))
    keys.write_text(story.keys.text(), encoding="utf-8")
    # As the instance itself writes them: the address before the key.
    witnesses.write_text(
        f"# ours\nhttps://one.example {ONE.key.line}\n{TWO.key.line}\n{THREE.key.line}\n",
        encoding="utf-8",
    )
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(story.build())
    given = (bundle, "--key", keys, "--checkpoint", kept, "--witness", witnesses)

    assert verify(*given, "--witnesses", 2) == 0
    assert "checked cosignatures: 2" in capsys.readouterr().out
    assert verify(*given) == 3
    assert verify(*given, "--witnesses", 4) == 2
    assert verify(*given, "--witnesses", 0) == 2
    assert verify(bundle, "--key", keys, "--witnesses", 1) == 2


@pytest.mark.parametrize(
    "text",
    ["", "# none\n", "nonsense\n", f"{ONE.key.line}\nx+y+z"],
    ids=["nothing", "a comment", "nonsense", "a key and nonsense"],
)
def test_a_file_without_a_witness_s_key_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        WitnessPolicy.parse(text, None)
