"""An outsider follows the keys that his own key introduced, and no ended key beyond its end."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.trust.bundle_factory import ORIGIN, START, BundleStory, Document
from trust.bundle import verify_bundle
from trust.bundle_report import BundleReport
from trust.bundle_source import open_bundle
from trust.canonical import canonical
from trust.dsse import sign_envelope, verify_envelope
from trust.errors import Malformed, Untrusted
from trust.key_files import generate_key
from trust.key_issuing import sign_key_statement
from trust.key_statements import (
    KEY_STATEMENT_PAYLOAD_TYPE,
    KEYS_INTRODUCED,
    KeyStatement,
    read_key_statement,
)
from trust.keys import SigningKey, TreeBound, TrustedKeys
from trust.merkle import leaf_hash, root_of
from trust.notes import Checkpoint, open_checkpoint, sign_checkpoint

ENDED = "the key that signed has ended"


@dataclass
class Rotated(BundleStory):
    """The log began with a key of the user's, which introduced the keys that sign now."""

    former: SigningKey = field(default_factory=lambda: generate_key(ORIGIN))
    signer: Callable[["Rotated"], SigningKey] = lambda story: story.former

    def _fill(self) -> None:
        brought = (self.log_key.verifier, self.approvals_key.verifier)
        said = KeyStatement(ORIGIN, brought, (), None, "rotation", START)
        envelope = sign_key_statement(said, [self.signer(self)]).decode()
        self.event(KEYS_INTRODUCED, {"statement": envelope})
        super()._fill()

    def old_checkpoint(self) -> bytes:
        """What the user kept: of the first four events, by the former key."""
        hashes = [leaf_hash(leaf) for leaf in self.leaves()[:4]]
        return sign_checkpoint(Checkpoint(ORIGIN, 4, root_of(hashes)), [self.former])


def verified(story: BundleStory, folder: Path, keys: TrustedKeys, kept: bytes) -> BundleReport:
    (folder / "bundle.zip").write_bytes(story.build())
    with open_bundle(folder / "bundle.zip") as source:
        return verify_bundle(source, keys=keys, remembered=kept)


def test_the_old_key_is_enough_for_a_log_that_goes_on_with_new_ones(tmp_path: Path) -> None:
    story = Rotated()

    report = verified(story, tmp_path, TrustedKeys([story.former.verifier]), story.old_checkpoint())

    assert (report.exit_code, report.findings) == (0, [])


@pytest.mark.parametrize("who", ["a stranger", "an ended key"])
def test_keys_that_no_open_key_of_his_introduced_are_not_followed(tmp_path: Path, who: str) -> None:
    stranger = generate_key(ORIGIN)
    story = Rotated(signer=lambda s: stranger if who == "a stranger" else s.former)
    mine = TrustedKeys([story.former.verifier])
    if who == "an ended key":
        hashes = [leaf_hash(leaf) for leaf in story.leaves()[:4]]
        mine = mine.changed((), mine.all, TreeBound(4, root_of(hashes)))

    report = verified(story, tmp_path, mine, story.old_checkpoint())

    assert report.exit_code != 0
    assert any("not signed by a trusted key" in found.problem for found in report.findings)


def ended_at(story: BundleStory, size: int, root: bytes | None = None) -> TrustedKeys:
    """The user marked the approvals key as stolen after so many events."""
    hashes = [leaf_hash(leaf) for leaf in story.leaves()[:size]]
    tree = TreeBound(size, root or root_of(hashes))
    return story.keys.changed((), [story.approvals_key.verifier], tree)


def place_of_the_approval(story: BundleStory) -> int:
    return [event["action"] for event in story.events].index("version.approved")


@pytest.mark.parametrize(
    ("after", "root", "sound"), [(1, None, True), (0, None, False), (1, b"r" * 32, False)]
)
def test_an_ended_key_counts_for_what_the_log_held_then(
    tmp_path: Path, after: int, root: bytes | None, sound: bool
) -> None:
    story = BundleStory()
    keys = ended_at(story, place_of_the_approval(story) + after, root)

    report = verified(story, tmp_path, keys, story.checkpoint(4))

    assert (report.exit_code == 0) == sound
    assert any(ENDED in found.problem for found in report.findings) != sound


def test_no_checkpoint_counts_that_an_ended_key_signed_later() -> None:
    key = generate_key(ORIGIN)
    keys = TrustedKeys([key.verifier], {key.verifier: TreeBound(4, b"r" * 32)})

    for size in (4, 5):
        note = sign_checkpoint(Checkpoint(ORIGIN, size, b"r" * 32), [key])
        if size == 4:
            assert open_checkpoint(note, keys).size == 4
        else:
            with pytest.raises(Untrusted, match="had ended before"):
                open_checkpoint(note, keys)


@pytest.mark.parametrize(
    "more", ["until", "until 4", "until x cm9vdA==", "until 4 cm9vdA==", "till 4 " + "A" * 43 + "="]
)
def test_a_key_file_that_ends_a_key_in_other_words_is_refused(more: str) -> None:
    with pytest.raises(Malformed):
        TrustedKeys.parse(f"{generate_key(ORIGIN).verifier.line} {more}\n")


@pytest.mark.parametrize(
    "change",
    [{"why": "boredom"}, {"tree": {"size": 1, "root": "AA=="}}, {"ended": [1]}, {"more": 1}],
    ids=str,
)
def test_a_statement_of_another_form_is_none(change: Document) -> None:
    key = generate_key(ORIGIN)
    said = KeyStatement(ORIGIN, (key.verifier,), (), None, "rotation", START)
    good = sign_key_statement(said, [key])
    trusted = TrustedKeys([key.verifier])
    assert read_key_statement(good, trusted) == said
    payload, _signers = verify_envelope(good, trusted, KEY_STATEMENT_PAYLOAD_TYPE)
    bad: Any = json.loads(payload) | change

    with pytest.raises(Malformed):
        read_key_statement(
            sign_envelope(KEY_STATEMENT_PAYLOAD_TYPE, canonical(bad), [key]), trusted
        )
