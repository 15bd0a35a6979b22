"""What the stand-alone verifier answers: 0 sound, 1 tampered, 2 malformed, 3 not anchored."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import ORIGIN, BundleStory, repack, unpack
from tests.trust.verifier import run_verifier, verify_generated, verify_here
from trust.bundle_layout import EVENTS_MEMBER, MANIFEST_MEMBER, SEAL_MEMBERS, SEAL_PROOF_MEMBER
from trust.bundle_write import bundle_manifest
from trust.key_files import generate_key
from trust.keys import approvals_name
from trust.merkle import leaf_hash
from trust.merkle_proofs import inclusion_proof, nodes_of
from trust.proofs import LogProof, format_proof, parse_proof

BYTE_CHANGES = 200


class Case:
    """A bundle on disk with the key file and the checkpoint that its reader holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.story = BundleStory()
        self.old_checkpoint = self.story.checkpoint(6)
        self.members = unpack(self.story.build())
        self.key = self.put("keys.txt", self.story.keys.text().encode())
        self.checkpoint = self.put("checkpoint.txt", self.old_checkpoint)

    def put(self, name: str, data: bytes) -> Path:
        (self.folder / name).write_bytes(data)
        return self.folder / name

    def verdict(self, members: dict[str, bytes]) -> int:
        bundle = self.put("bundle.zip", repack(members))
        return verify_generated(bundle, "--key", self.key, "--checkpoint", self.checkpoint)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


class TestTheCommand:
    def test_says_sound_only_with_a_key_and_a_checkpoint_of_one_s_own(self, case: Case) -> None:
        bundle = case.put("bundle.zip", repack(case.members))
        key, checkpoint = ("--key", case.key), ("--checkpoint", case.checkpoint)

        code, report = run_verifier(bundle, *key, *checkpoint)
        assert (code, report["verdict"], report["findings"]) == (0, "sound", [])
        assert report["counts"]["predictions"] == 3
        assert run_verifier(bundle)[0] == 3
        assert run_verifier(bundle, *key)[0] == 3
        code, report = run_verifier(bundle, *checkpoint)
        assert (code, len(report["missing"])) == (3, 1)

    def test_says_tampered_and_where(self, case: Case) -> None:
        members = case.members | {"README.txt": b"How to check this bundle?\n"}
        bundle = case.put("bundle.zip", repack(members))

        for extra in ((), ("--key", case.key, "--checkpoint", case.checkpoint)):
            code, report = run_verifier(bundle, *extra)
            assert (code, report["verdict"]) == (1, "tampered")
            assert report["findings"][0]["member"] == "README.txt"

    def test_says_malformed_when_there_is_nothing_to_judge(self, case: Case) -> None:
        bundle = case.put("bundle.zip", repack(case.members))

        assert run_verifier(case.put("text.zip", b"no archive"))[0] == 2
        assert run_verifier(case.folder / "absent.zip")[0] == 2
        assert run_verifier(bundle, "--key", case.folder / "absent")[0] == 2
        assert run_verifier(bundle, "--key", case.checkpoint)[0] == 2
        assert run_verifier(bundle, "--checkpoint", case.key)[0] == 2
        assert run_verifier(bundle, "--unknown")[0] == 2

    def test_reads_an_unpacked_bundle_too(self, case: Case) -> None:
        folder = case.folder / "bundle"
        for name, data in case.members.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        arguments = (folder, "--key", case.key, "--checkpoint", case.checkpoint)

        assert verify_here(*arguments) == 0
        (folder / "more.txt").write_text("more", encoding="utf-8")
        assert verify_here(*arguments) == 1
        (folder / "more.txt").unlink()
        (folder / "link.txt").symlink_to(folder / "README.txt")
        assert verify_here(*arguments) == 2

    def test_prints_a_report_that_cannot_steer_a_terminal(
        self, case: Case, capsys: pytest.CaptureFixture[str]
    ) -> None:
        checkpoint = case.members["seal/checkpoint.txt"]
        forged = checkpoint.replace(ORIGIN.encode(), "evil\u009b31m\u202e".encode())
        bundle = case.put("bundle.zip", repack(case.members | {"seal/checkpoint.txt": forged}))

        assert verify_here(bundle) == 1
        printed = capsys.readouterr().out
        assert "TAMPERED" in printed
        assert printed.isascii()


class TestEveryChangedByte:
    def test_in_200_random_places_is_tampering(self, case: Case) -> None:
        chance = random.Random(20260301)
        for _ in range(BYTE_CHANGES):
            name = chance.choice(sorted(case.members))
            data = bytearray(case.members[name])
            at = chance.randrange(len(data))
            data[at] ^= chance.randrange(1, 256)

            assert case.verdict(case.members | {name: bytes(data)}) == 1, (name, at)

    @pytest.mark.parametrize("name", [MANIFEST_MEMBER, *SEAL_MEMBERS, EVENTS_MEMBER])
    @pytest.mark.parametrize("data", [b"", b"\xff", b"{}", b"null\n", b"[" * 9999])
    def test_up_to_whole_members_is_tampering(self, case: Case, name: str, data: bytes) -> None:
        assert case.verdict(case.members | {name: data}) == 1


class TestAForger:
    def rebuilt(self, case: Case, members: dict[str, bytes], size: int) -> dict[str, bytes]:
        """The members with a manifest that fits them."""
        files = {
            name: data
            for name, data in members.items()
            if name != MANIFEST_MEMBER and name not in SEAL_MEMBERS
        }
        manifest = bundle_manifest(
            origin=ORIGIN,
            created_at=case.story.issued_at,
            scope={"kind": "all"},
            log_size=size,
            disclosed=None,
            files=files,
        )
        return members | {MANIFEST_MEMBER: manifest}

    def test_cannot_leave_out_an_event(self, case: Case) -> None:
        lines = case.members[EVENTS_MEMBER].splitlines(keepends=True)
        for left_out in range(len(lines)):
            kept = lines[:left_out] + lines[left_out + 1 :]
            members = case.members | {EVENTS_MEMBER: b"".join(kept)}

            assert case.verdict(members) == 1
            assert case.verdict(self.rebuilt(case, members, len(lines))) == 1
            assert case.verdict(self.rebuilt(case, members, len(kept))) == 1

    def test_cannot_leave_out_or_add_a_file(self, case: Case) -> None:
        for name in case.members:
            rest = {other: data for other, data in case.members.items() if other != name}
            is_shell = name == MANIFEST_MEMBER or name in SEAL_MEMBERS
            assert case.verdict(rest) == (2 if is_shell else 1), name
        assert case.verdict(case.members | {"more.txt": b"more"}) == 1
        assert case.verdict(case.members | {"seal/more.txt": b"more"}) == 1

    def test_cannot_sign_everything_with_keys_of_his_own(self, case: Case) -> None:
        forged = BundleStory()
        bundle = case.put("forged.zip", forged.build())
        own_checkpoint = case.put("own.txt", forged.checkpoint(6))

        key, checkpoint = ("--key", case.key), ("--checkpoint", case.checkpoint)
        assert verify_here(bundle, *key, *checkpoint) == 1
        assert verify_here(bundle, *key) == 1
        assert verify_here(bundle, *key, "--checkpoint", own_checkpoint) == 1
        # Same events under another key: only the key tells them apart, so never 0 without it.
        assert verify_here(bundle) == 3
        assert verify_here(bundle, *checkpoint) == 3

    @pytest.mark.parametrize("stolen", ["log", "approvals"])
    def test_cannot_do_with_one_of_two_keys(self, case: Case, stolen: str) -> None:
        keys: dict[str, Any] = {
            "log_key": generate_key(ORIGIN),
            "approvals_key": generate_key(approvals_name(ORIGIN)),
        }
        keys[f"{stolen}_key"] = getattr(case.story, f"{stolen}_key")
        forged = BundleStory(**keys)
        bundle = case.put("forged.zip", forged.build())

        assert verify_here(bundle, "--key", case.key) == 1

    def test_cannot_put_in_an_older_checkpoint(self, case: Case) -> None:
        members = case.members | {"seal/checkpoint.txt": case.old_checkpoint}
        assert case.verdict(members) == 1

        older = members | {"seal/leaves.bin": members["seal/leaves.bin"][: 32 * 6]}
        assert case.verdict(older) == 1

    def test_cannot_roll_the_log_back(self, case: Case) -> None:
        case.story.event("version.registered", {})
        newer = case.story.checkpoint(len(case.story.events))
        case.checkpoint = case.put("newer.txt", newer)

        assert case.verdict(case.members) == 1
        _code, report = run_verifier(case.folder / "bundle.zip", "--checkpoint", case.checkpoint)
        assert "rolled back" in report["findings"][0]["problem"]

    def test_cannot_prove_the_seal_under_another_checkpoint(self, case: Case) -> None:
        case.story.event("version.registered", {})
        hashes = [leaf_hash(leaf) for leaf in case.story.leaves()]
        index = parse_proof(case.members[SEAL_PROOF_MEMBER]).index
        path = inclusion_proof(nodes_of(hashes), index, len(hashes))
        genuine = LogProof(index, tuple(path), case.story.checkpoint(len(hashes)))

        assert case.verdict(case.members | {SEAL_PROOF_MEMBER: format_proof(genuine)}) == 1

    def test_cannot_rewrite_what_was_remembered(self, case: Case) -> None:
        other = BundleStory(log_key=case.story.log_key, approvals_key=case.story.approvals_key)
        other.events[2]["id"] = "another event"
        bundle = case.put("other.zip", other.build())

        assert verify_here(bundle, "--key", case.key, "--checkpoint", case.checkpoint) == 1
        assert verify_here(bundle, "--checkpoint", case.checkpoint) == 1
        assert verify_here(bundle, "--key", case.key) == 3

    def test_cannot_pass_off_another_log(self, case: Case) -> None:
        stranger = generate_key("other.example/log")
        other = BundleStory(log_key=case.story.log_key)
        checkpoint = other.checkpoint(3).replace(ORIGIN.encode(), b"other.example/log")
        foreign = case.put("foreign.txt", checkpoint)
        bundle = case.put("bundle.zip", repack(case.members))

        assert verify_here(bundle, "--checkpoint", foreign) == 1
        assert verify_here(bundle, "--key", case.key, "--checkpoint", foreign) == 1
        only_stranger = case.put("stranger.txt", stranger.verifier.line.encode())
        assert verify_here(bundle, "--key", only_stranger) == 1


class TestAReader:
    def test_without_the_approvals_key_is_told_so(self, case: Case) -> None:
        key = case.put("log-only.txt", case.story.log_key.verifier.line.encode())
        bundle = case.put("bundle.zip", repack(case.members))

        code, report = run_verifier(bundle, "--key", key, "--checkpoint", case.checkpoint)

        assert code == 3
        assert report["missing"] == ["the log's approvals key in your key file"]

    def test_may_hold_more_keys_and_the_bundle_s_own_checkpoint(self, case: Case) -> None:
        rotated = generate_key(ORIGIN).verifier.line + "\n" + case.story.keys.text()
        case.key = case.put("keys.txt", rotated.encode())
        case.checkpoint = case.put("own.txt", case.members["seal/checkpoint.txt"])

        assert case.verdict(case.members) == 0
