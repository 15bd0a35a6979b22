"""The blob store gives back the bytes that were put in, or says that it cannot."""

import hashlib
import os
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.errors import Unavailable
from registry import blobs
from registry.models import Blob
from trust.errors import Malformed

DATA = b"weights " * 1000
SHA = hashlib.sha256(DATA).hexdigest()
LONG_AGO = datetime.now(UTC) - timedelta(days=30)


def age(path: Path) -> None:
    os.utime(path, (LONG_AGO.timestamp(),) * 2)


def partial_file(folder: Path, data: bytes) -> Path:
    path = folder / "partial"
    path.write_bytes(data)
    return path


class TestStoring:
    def test_names_bytes_by_their_sha256(self) -> None:
        assert blobs.put_bytes(DATA) == (SHA, len(DATA))
        assert blobs.read_verified(SHA, len(DATA)) == DATA

    def test_accepts_digests_in_both_spellings(self) -> None:
        blobs.put_bytes(DATA)
        assert blobs.read_verified(f"sha256:{SHA}", len(DATA)) == DATA

    def test_fans_out_into_private_folders_and_files(self, store: Path) -> None:
        blobs.put_bytes(DATA)
        path = store / SHA[:2] / SHA[2:4] / SHA
        assert path == blobs.path_of(SHA)
        modes = [p.stat().st_mode & 0o777 for p in (path, path.parent, path.parent.parent, store)]
        assert modes == [0o600, 0o700, 0o700, 0o700]

    def test_stores_the_same_bytes_once(self, store: Path) -> None:
        blobs.put_bytes(DATA)
        blobs.put_bytes(DATA)
        assert [p for p in store.rglob("*") if p.is_file()] == [blobs.path_of(SHA)]

    @pytest.mark.parametrize(
        "name", ["", "../../etc/passwd", SHA.upper(), SHA + "0", f"{SHA[:-1]}/"]
    )
    def test_takes_no_name_that_is_not_a_digest(self, name: str) -> None:
        with pytest.raises(Malformed):
            blobs.path_of(name)


class TestAdopting:
    def test_moves_a_finished_file_in(self, tmp_path: Path) -> None:
        partial = partial_file(tmp_path, DATA)
        blobs.adopt(partial, SHA)
        assert not partial.exists()
        assert blobs.read_verified(SHA, len(DATA)) == DATA

    def test_makes_the_file_private(self, tmp_path: Path) -> None:
        partial = partial_file(tmp_path, DATA)
        partial.chmod(0o644)
        blobs.adopt(partial, SHA)
        assert blobs.path_of(SHA).stat().st_mode & 0o777 == 0o600

    def test_of_bytes_that_are_there_leaves_one_file(self, tmp_path: Path) -> None:
        blobs.put_bytes(DATA)
        blobs.adopt(partial_file(tmp_path, DATA), SHA)
        assert blobs.read_verified(SHA, len(DATA)) == DATA

    def test_heals_damaged_bytes(self, tmp_path: Path) -> None:
        blobs.put_bytes(DATA)
        blobs.path_of(SHA).write_bytes(b"rot")
        blobs.adopt(partial_file(tmp_path, DATA), SHA)
        assert blobs.read_verified(SHA, len(DATA)) == DATA

    def test_refuses_a_file_with_a_second_name(self, tmp_path: Path) -> None:
        partial = partial_file(tmp_path, DATA)
        (tmp_path / "second").hardlink_to(partial)
        with pytest.raises(blobs.Corrupt, match="one name"):
            blobs.adopt(partial, SHA)
        assert not blobs.path_of(SHA).exists()

    def test_refuses_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(partial_file(tmp_path, DATA))
        with pytest.raises(blobs.Corrupt, match="link"):
            blobs.adopt(tmp_path / "link", SHA)


class TestReading:
    def test_refuses_one_flipped_bit(self) -> None:
        blobs.put_bytes(DATA)
        damaged = bytearray(DATA)
        damaged[4000] ^= 1
        blobs.path_of(SHA).write_bytes(damaged)
        with pytest.raises(blobs.Corrupt):
            blobs.read_verified(SHA, len(DATA))
        with pytest.raises(blobs.Corrupt):
            blobs.open_verified(SHA)

    @pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", b""])
    def test_refuses_another_length(self, data: bytes) -> None:
        blobs.put_bytes(DATA)
        blobs.path_of(SHA).write_bytes(data)
        with pytest.raises(blobs.Corrupt):
            blobs.read_verified(SHA, len(DATA))

    def test_says_that_bytes_are_missing(self, db: None) -> None:
        with pytest.raises(blobs.Missing):
            blobs.read_verified(SHA, len(DATA))
        with pytest.raises(blobs.Missing):
            blobs.stream(SHA)

    def test_refuses_a_link_to_the_very_bytes(self, tmp_path: Path) -> None:
        blobs.put_bytes(DATA)
        outside = tmp_path / "outside"
        blobs.path_of(SHA).rename(outside)
        blobs.path_of(SHA).symlink_to(outside)
        with pytest.raises(blobs.Corrupt):
            blobs.read_verified(SHA, len(DATA))

    def test_refuses_a_second_name_from_outside(self, tmp_path: Path) -> None:
        blobs.put_bytes(DATA)
        (tmp_path / "outside").hardlink_to(blobs.path_of(SHA))
        with pytest.raises(blobs.Corrupt):
            blobs.read_verified(SHA, len(DATA))

    def test_does_not_wait_for_a_named_pipe(self) -> None:
        blobs.put_bytes(DATA)
        blobs.path_of(SHA).unlink()
        os.mkfifo(blobs.path_of(SHA))
        with pytest.raises(blobs.Corrupt):
            blobs.read_verified(SHA, len(DATA))

    def test_gives_a_checked_file_from_its_beginning(self) -> None:
        blobs.put_bytes(DATA)
        with blobs.open_verified(SHA) as file:
            assert file.read() == DATA

    def test_is_not_disturbed_by_the_same_bytes_that_come_again(self) -> None:
        blobs.put_bytes(DATA)
        done = threading.Event()

        def store_again() -> None:
            while not done.is_set():
                blobs.put_bytes(DATA)

        threads = [threading.Thread(target=store_again) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(2000):
                assert blobs.read_verified(SHA, len(DATA)) == DATA
        finally:
            done.set()
            for thread in threads:
                thread.join()


class TestDownloading:
    def test_brings_the_bytes_in_pieces(self) -> None:
        data = os.urandom(blobs.PIECE * 2 + 5)
        sha, size = blobs.put_bytes(data)
        download = blobs.stream(sha)
        pieces = list(download)
        assert b"".join(pieces) == data
        assert download.size == size
        assert max(map(len, pieces)) <= blobs.PIECE

    def test_never_completes_with_damaged_bytes(self) -> None:
        data = os.urandom(blobs.PIECE * 2 + 5)
        sha, size = blobs.put_bytes(data)
        blobs.path_of(sha).write_bytes(b"\x00" + data[1:])
        pieces = iter(blobs.stream(sha))
        assert len(next(pieces)) + len(next(pieces)) < size
        with pytest.raises(blobs.Corrupt):
            next(pieces)

    def test_that_nobody_reads_leaves_no_open_file(self) -> None:
        blobs.put_bytes(DATA)
        download = blobs.stream(SHA)
        download.close()
        with pytest.raises(ValueError, match="closed"):
            next(iter(download))


@pytest.mark.django_db
class TestRowsAndGarbage:
    def test_a_row_is_made_once(self) -> None:
        blobs.put_bytes(DATA)
        assert blobs.ensure_row(SHA, len(DATA)) == blobs.ensure_row(f"sha256:{SHA}", len(DATA))
        assert Blob.objects.get().size == len(DATA)

    def test_bytes_without_a_row_are_removed_when_old(self) -> None:
        blobs.put_bytes(DATA)
        age(blobs.path_of(SHA))
        assert blobs.collect_garbage(older_than=datetime.now(UTC) - timedelta(days=1)) == 1
        assert not blobs.path_of(SHA).exists()

    def test_bytes_with_a_row_stay_for_ever(self) -> None:
        blobs.put_bytes(DATA)
        blobs.ensure_row(SHA, len(DATA))
        age(blobs.path_of(SHA))
        assert blobs.collect_garbage(older_than=datetime.now(UTC) + timedelta(days=1)) == 0
        assert blobs.read_verified(SHA, len(DATA)) == DATA

    def test_young_bytes_stay_since_their_row_may_be_about_to_commit(self) -> None:
        blobs.put_bytes(DATA)
        assert blobs.collect_garbage(older_than=datetime.now(UTC) - timedelta(days=1)) == 0
        assert blobs.path_of(SHA).exists()

    def test_storing_again_makes_old_bytes_young(self, tmp_path: Path) -> None:
        partial = partial_file(tmp_path, DATA)
        age(partial)
        blobs.adopt(partial, SHA)
        assert blobs.collect_garbage(older_than=datetime.now(UTC) - timedelta(days=1)) == 0

    def test_claiming_makes_old_bytes_young(self) -> None:
        blobs.put_bytes(DATA)
        age(blobs.path_of(SHA))
        blobs.keep(SHA, len(DATA))
        assert blobs.collect_garbage(older_than=datetime.now(UTC) - timedelta(days=1)) == 0

    def test_left_over_temporaries_go_too(self) -> None:
        blobs.put_bytes(DATA)
        left = blobs.path_of(SHA).parent / ".0123456789abcdef"
        left.write_bytes(b"half")
        age(left)
        assert blobs.collect_garbage(older_than=datetime.now(UTC) - timedelta(days=1)) == 1
        assert blobs.path_of(SHA).exists()


def test_claiming_what_is_not_there_is_refused() -> None:
    with pytest.raises(blobs.Missing):
        blobs.keep(SHA, len(DATA))


def test_a_write_that_fails_half_way_leaves_nothing(store: Path) -> None:
    # The kernel refuses the write after 1,000 bytes.
    program = textwrap.dedent(
        f"""
        import errno, os, resource, signal
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        from django.conf import settings
        import django; django.setup()
        settings.BLOB_DIR = {str(store)!r}
        from registry import blobs
        from common.errors import Unavailable
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            blobs.put_bytes(b"x" * 5000)
        except OSError as error:
            print(errno.errorcode[error.errno])
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "EFBIG", done.stderr
    assert [p for p in store.rglob("*") if p.is_file()] == []


def test_no_room_is_a_refusal_that_may_pass() -> None:
    # /dev/full is the kernel's own full disk.
    with pytest.raises(Unavailable, match="full"), blobs.room_on_disk():
        Path("/dev/full").write_bytes(b"x")
