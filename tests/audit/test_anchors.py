"""A file of checkpoints that only grows: what the database forgets, it remembers."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from audit.anchors import FileAnchor, append_note, check_anchor, read_notes
from audit.models import Checkpoint
from tests.audit.conftest import happen
from tests.audit.notary import ORIGIN, Notary
from trust.key_files import generate_key
from trust.merkle import leaf_hash, root_of
from trust.notes import Checkpoint as Head
from trust.notes import sign_checkpoint


def newest() -> bytes:
    return Checkpoint.objects.latest("size").note.encode()


def findings(notary: Notary, path: Path) -> list[str]:
    return [finding.why for finding in check_anchor(path, notary.keys.named(ORIGIN))]


@pytest.fixture
def kept(notary: Notary, tmp_path: Path) -> Path:
    """Three checkpoints in a file."""
    path = tmp_path / "anchor.txt"
    for _ in range(3):
        happen(2)
        notary.work()
        append_note(path, newest())
    return path


def test_every_so_many_th_is_kept_and_the_first(tmp_path: Path) -> None:
    anchor = FileAnchor(tmp_path / "anchor.txt", 3)
    notes = [b"log\n%d\nroot\n\n\xe2\x80\x94 log sig\n" % size for size in range(1, 8)]
    # The notary shows the same one until there is another.
    assert [anchor.keep_newest(note) for note in notes for _ in range(2)][::2] == [
        True, False, False, True, False, False, True,
    ]  # fmt: skip
    assert list(read_notes(tmp_path / "anchor.txt")) == notes[::3]


def test_a_file_that_takes_none_stops_nothing_and_is_tried_again(tmp_path: Path) -> None:
    anchor = FileAnchor(tmp_path / "away" / "anchor.txt", 1)
    assert not anchor.keep_newest(b"a\n\nb\n")
    (tmp_path / "away").mkdir()
    assert anchor.keep_newest(b"a\n\nb\n")
    assert not FileAnchor(None).keep_newest(b"a\n\nb\n")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic"):
        append_note(tmp_path / "link", b"a\n\nb\n")


def test_the_log_that_was_signed_is_sound(notary: Notary, kept: Path) -> None:
    happen(1)
    notary.work()
    assert findings(notary, kept) == []


def test_a_log_that_was_rolled_back_is_found(notary: Notary, kept: Path) -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(9)]
    later = Head(origin=ORIGIN, size=9, root=root_of(leaves))
    append_note(kept, sign_checkpoint(later, [notary.log_key]))

    assert findings(notary, kept) == ["the log holds 6: it was rolled back."]


def test_a_fork_is_found_and_a_note_that_goes_back(notary: Notary, kept: Path) -> None:
    other = Head(origin=ORIGIN, size=4, root=root_of([leaf_hash(b"%d" % n) for n in range(4)]))
    append_note(kept, sign_checkpoint(other, [notary.log_key]))

    found = findings(notary, kept)

    assert any("not those that it signed" in why for why in found)
    assert any("one before it 6" in why for why in found)


def test_a_note_by_another_key_or_half_of_one_is_found(notary: Notary, kept: Path) -> None:
    head = Head(origin=ORIGIN, size=6, root=bytes(32))
    append_note(kept, sign_checkpoint(head, [generate_key(ORIGIN)]))
    with kept.open("ab") as file:
        file.write(b"assay.test/log\n7\n")

    assert len(findings(notary, kept)) == 2


def test_the_command_says_so_by_its_exit_status(
    notary: Notary, kept: Path, tmp_path: Path, settings: Settings
) -> None:
    settings.ORIGIN, settings.ANCHOR_FILE = ORIGIN, ""
    keys, out = tmp_path / "keys.txt", StringIO()
    keys.write_text(notary.keys.text())
    with pytest.raises(CommandError, match="Name a file"):
        call_command("check_anchor", keys=keys, stdout=out)
    call_command("check_anchor", kept, keys=keys, stdout=out)
    assert "3 checkpoints in the file: no findings." in out.getvalue()
    append_note(kept, b"nonsense\n\nmore\n")
    with pytest.raises(SystemExit) as end:
        call_command("check_anchor", kept, keys=keys, stdout=out)
    assert end.value.code == 1
