"""A time-stamping authority says when the log stood so, to whoever trusts no clock here."""

import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from audit.models import Checkpoint
from audit.timestamps import Unstamped, check_stamps, load_roots, stamp_newest
from tests.audit.conftest import happen
from tests.audit.notary import ORIGIN, Notary
from tests.factories.authority import Authority, stamping
from trust.merkle import leaf_hash, root_of
from trust.notes import Checkpoint as Head
from trust.notes import sign_checkpoint


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with stamping(tmp_path_factory.mktemp("tsa") / "authority") as made:
        yield made


@pytest.fixture
def folder(notary: Notary, authority: Authority, tmp_path: Path) -> Path:
    """Two stamped checkpoints."""
    for _ in range(2):
        happen(2)
        notary.work()
        assert stamp_newest(authority.url, load_roots(authority.roots), tmp_path / "stamps")
    return tmp_path / "stamps"


def findings(notary: Notary, authority: Authority, folder: Path) -> list[str]:
    roots = load_roots(authority.roots)
    return [str(found) for found in check_stamps(folder, roots, notary.keys.named(ORIGIN))]


def test_tokens_of_the_log_are_sound_with_us_and_with_openssl(
    notary: Notary, authority: Authority, folder: Path
) -> None:
    assert findings(notary, authority, folder) == []
    tokens = sorted(folder.glob("*.tsr"))
    assert len(tokens) == 2
    for token in tokens:
        said = subprocess.run(
            ["openssl", "ts", "-verify", "-data", str(token.with_suffix(".note")),
             "-in", str(token), "-CAfile", str(authority.roots)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert "Verification: OK" in said.stdout + said.stderr


def test_nothing_new_is_not_asked_for(authority: Authority, folder: Path) -> None:
    assert stamp_newest("http://127.0.0.1:9/", load_roots(authority.roots), folder) is None


def test_a_token_of_another_authority_is_none(
    notary: Notary, folder: Path, authority: Authority, tmp_path: Path
) -> None:
    happen(1)
    notary.work()
    with stamping(tmp_path / "other") as other:
        with pytest.raises(Unstamped):
            stamp_newest(authority.url, load_roots(other.roots), folder)
        assert len(list(folder.iterdir())) == 4
        assert len(findings(notary, other, folder)) == 2


@pytest.mark.parametrize("damage", ["token", "note", "exchanged", "refused"])
def test_what_does_not_hold_is_found(
    notary: Notary, authority: Authority, folder: Path, damage: str
) -> None:
    first, second = sorted(folder.glob("*.tsr"))
    if damage == "token":
        first.write_bytes(first.read_bytes()[:-1] + b"x")
    elif damage == "note":
        first.with_suffix(".note").write_bytes(b"assay.test\n4\nAAAA\n\n")
    elif damage == "exchanged":
        first.write_bytes(second.read_bytes())
    else:
        first.write_bytes(b"no token at all")

    (found,) = findings(notary, authority, folder)

    assert first.name in found


@pytest.mark.parametrize("which", [0, 1])
def test_a_token_with_a_certificate_that_nobody_reads_is_found(
    notary: Notary, authority: Authority, folder: Path, which: int
) -> None:
    first = min(folder.glob("*.tsr"))
    token, third = first.read_bytes(), b"\xa0\x03\x02\x01\x02"
    parts = token.split(third)
    assert len(parts) == 3
    broken = [third, third]
    broken[which] = third[:-1] + b"\x07"
    first.write_bytes(parts[0] + broken[0] + parts[1] + broken[1] + parts[2])

    (found,) = findings(notary, authority, folder)

    assert first.name in found


def test_an_authority_that_gives_none_is_said(
    notary: Notary, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(1)
    notary.work()
    monkeypatch.setattr(authority, "refuses", True)
    with pytest.raises(Unstamped, match="503"):
        stamp_newest(authority.url, load_roots(authority.roots), tmp_path / "stamps")
    assert not (tmp_path / "stamps").exists()


def test_a_token_under_another_size_is_found(
    notary: Notary, authority: Authority, folder: Path
) -> None:
    largest = max(int(path.stem) for path in folder.glob("*.tsr"))
    for kind in ("tsr", "note"):
        (folder / f"{largest}.{kind}").rename(folder / f"{largest + 50}.{kind}")
    (found,) = findings(notary, authority, folder)
    assert f"it covers {largest} events" in found


def test_a_log_that_was_rolled_back_is_contradicted(
    notary: Notary, authority: Authority, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the authority has seen of another life of the log, signed by the same key.
    leaves = [leaf_hash(b"%d" % n) for n in range(9)]
    later = Head(origin=ORIGIN, size=9, root=root_of(leaves))
    note = sign_checkpoint(later, [notary.log_key])
    monkeypatch.setattr(
        "audit.timestamps.newest_checkpoint", lambda: Checkpoint(size=9, note=note.decode())
    )
    stamp_newest(authority.url, load_roots(authority.roots), folder)
    (found,) = findings(notary, authority, folder)
    assert "the log holds 4: it was rolled back" in found


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def configured(
        self,
        settings: Settings,
        authority: Authority,
        folder: Path,
        notary: Notary,
        tmp_path: Path,
    ) -> None:
        settings.TSA_URL, settings.TSA_ROOTS = authority.url, str(authority.roots)
        settings.TIMESTAMPS, settings.ORIGIN = folder, ORIGIN
        settings.TRUSTED_KEYS = tmp_path / "keys.txt"
        settings.TRUSTED_KEYS.write_text(notary.keys.text())

    def said(self, *arguments: str) -> str:
        out = StringIO()
        call_command("timestamp", *arguments, stdout=out)
        return out.getvalue()

    def test_stamps_the_newest_and_checks_all(self, notary: Notary) -> None:
        happen(1)
        notary.work()
        assert "seen by the authority at 20" in self.said()
        assert self.said() == "Nothing new to stamp.\n"
        assert "3 time-stamped checkpoints: no findings." in self.said("--check")

    def test_ends_with_1_on_findings_and_2_where_it_cannot(self, folder: Path) -> None:
        next(folder.glob("*.tsr")).write_bytes(b"x")
        with pytest.raises(SystemExit, match="1"):
            self.said("--check")
        for wrong in (["--url", ""], ["--roots", ""], ["--roots", "/nowhere"]):
            with pytest.raises(CommandError) as refusal:
                self.said(*wrong)
            assert refusal.value.returncode == 2

    def test_fsck_checks_them_too(self, folder: Path) -> None:
        token = next(folder.glob("*.tsr"))
        token.write_bytes(b"x")
        out = StringIO()
        with pytest.raises(SystemExit):
            call_command("fsck", stdout=out)
        assert f"time-stamped checkpoint {token.name}" in out.getvalue()
