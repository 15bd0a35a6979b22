"""Documents inside a bundle that are made to be read in two ways, or to take for ever."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.trust.bundle_factory import BundleStory, repack, unpack
from tests.trust.verifier import VERIFIER, verify_here
from trust.bundle_layout import MAX_LINE_BYTES
from trust.bundle_report import BundleReport
from trust.bundle_retention import RetentionLog, note_deleted

EVENT, EVENTS = "seal/event.json", "log/events.jsonl"


def verdict(story: BundleStory, folder: Path, member: str, data: bytes) -> int:
    """The exit code for the story's bundle with other bytes in a member."""
    keys, kept, bundle = (folder / name for name in ("keys.txt", "kept.txt", "bundle.zip"))
    keys.write_text(story.keys.text(), encoding="utf-8")
    kept.write_bytes(story.checkpoint(4))
    bundle.write_bytes(repack(unpack(story.build()) | {member: data}))
    return verify_here(bundle, "--key", keys, "--checkpoint", kept)


def sealed(story: BundleStory, folder: Path, member: str, data: bytes) -> int:
    """The same for bytes that were there when the bundle was sealed, by whoever made it."""
    story.files[member] = data
    keys, kept, bundle = (folder / name for name in ("keys.txt", "kept.txt", "bundle.zip"))
    keys.write_text(story.keys.text(), encoding="utf-8")
    kept.write_bytes(story.checkpoint(4))
    bundle.write_bytes(story.build())
    return verify_here(bundle, "--key", keys, "--checkpoint", kept)


def member_of(story: BundleStory, prefix: str) -> str:
    return next(name for name in story.files if name.startswith(prefix))


DOCUMENTS = (
    *("approvals/", "reviews/", "policies/", "signatures/", "waivers/", "disclosures/"),
    *("versions/", "predictions/", "findings/"),
)


@pytest.mark.parametrize("prefix", DOCUMENTS)
def test_a_key_twice_in_a_document_is_refused(tmp_path: Path, prefix: str) -> None:
    story = BundleStory(conditional=True)
    name = member_of(story, prefix)
    document = story.files[name]
    key = next(iter(json.loads(document.splitlines()[0])))
    twice = b'{"%b":null,' % key.encode() + document[1:]

    assert sealed(story, tmp_path, name, twice) in (1, 2)


def test_a_key_twice_in_an_event_is_refused(tmp_path: Path) -> None:
    story = BundleStory()
    leaves = unpack(story.build())[EVENTS]

    twice = leaves.replace(b"\t{", b'\t{"v":1,', 1)
    assert verdict(story, tmp_path, EVENTS, twice) == 1


@pytest.mark.parametrize("member", ["manifest.json", EVENT])
def test_a_key_twice_in_the_seal_is_refused(tmp_path: Path, member: str) -> None:
    story = BundleStory()
    document = unpack(BundleStory().build())[member]
    key = next(iter(json.loads(document)))

    twice = b'{"%b":null,' % key.encode() + document[1:]
    assert verdict(story, tmp_path, member, twice) in (1, 2)


@pytest.mark.parametrize(
    "value",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"1" * 100_000,
        b"1e" + b"9" * 50_000,
        b'"' + b"\\ud800" * 10_000 + b'"',
        b'{"payload":"' + b"A" * 5_000_000 + b'"}',
        b"NaN",
        b'{"a":-Infinity}',
    ],
    ids=["lists", "objects", "digits", "exponent", "surrogates", "payload", "nan", "infinity"],
)
@pytest.mark.parametrize("prefix", ["approvals/", "reviews/", "predictions/"])
def test_huge_values_are_refused(tmp_path: Path, prefix: str, value: bytes) -> None:
    story, begun = BundleStory(), time.process_time()

    assert sealed(story, tmp_path, member_of(story, prefix), value + b"\n") in (1, 2)
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("thing", [[], {}, [{}], 7, None], ids=str)
@pytest.mark.parametrize("part", ["subject", "actor"])
def test_an_event_about_or_by_something_strange_is_refused(
    tmp_path: Path, part: str, thing: object
) -> None:
    story = BundleStory()
    lines = unpack(story.build())[EVENTS].split(b"\n")
    event = json.loads(lines[0].partition(b"\t")[2])
    event["action"] = "model.registered"
    event[part] |= {"id": thing, "person": thing}
    lines[0] = b"0\t" + json.dumps(event).encode()

    assert verdict(story, tmp_path, EVENTS, b"\n".join(lines)) == 1


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    story = BundleStory()
    endless = b"0\t" + b" " * (MAX_LINE_BYTES + 1)

    assert verdict(story, tmp_path, EVENTS, endless) in (1, 2)


def test_many_deletions_are_counted_in_one_go() -> None:
    files = {f"sha256:{number:064x}": f"deleted by {number}" for number in range(30_000)}
    report, begun = BundleReport(), time.process_time()

    note_deleted(RetentionLog(deleted=files), report)
    assert time.process_time() - begun < 5
    assert "1 files were deleted by 7; their digests are kept" in report.notes


@pytest.mark.parametrize(
    "value", [b"[" * 3_900_000, b'"' + b"A" * 3_900_000 + b'"', b"1" * 3_900_000]
)
def test_huge_values_take_no_more_memory_than_there_is(tmp_path: Path, value: bytes) -> None:
    """A process that may have no more than 1 GB of addresses ends with a verdict."""
    story = BundleStory()
    story.files[member_of(story, "reviews/")] = value
    (tmp_path / "bundle.zip").write_bytes(story.build())
    command = f"ulimit -v {1_000_000} && exec {sys.executable} -I {VERIFIER} {tmp_path}/bundle.zip"

    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)

    assert done.returncode in (1, 2), done.stderr
    assert "MemoryError" not in done.stderr
