"""A crafted archive is refused whole; nothing of it is unpacked to disk or trusted."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from tests.trust.bundle_factory import BundleStory, repack, unpack
from tests.trust.verifier import verify_here
from trust import bundle_source
from trust.bundle import verify_bundle
from trust.bundle_layout import MAX_MEMBER_BYTES, MAX_MEMBERS, MAX_RATIO
from trust.bundle_source import ZipSource, open_bundle
from trust.bundle_write import BundleSeal, bundle_manifest, write_bundle
from trust.errors import Malformed, Untrusted

MEMBERS = unpack(BundleStory().build())


def write(folder: Path, data: bytes) -> Path:
    (folder / "bundle.zip").write_bytes(data)
    return folder / "bundle.zip"


def with_entry(entry: zipfile.ZipInfo, data: bytes = b"x") -> bytes:
    out = io.BytesIO(repack(MEMBERS))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(entry, data)
    return out.getvalue()


def entry_of_mode(mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("more.txt")
    entry.external_attr = mode << 16
    return entry


def with_flags(data: bytes, flags: int) -> bytes:
    """Set general purpose flags in the last entry of the directory."""
    at = data.rindex(b"PK\x01\x02")
    return data[: at + 8] + struct.pack("<H", flags) + data[at + 10 :]


class TestAnArchive:
    @pytest.mark.parametrize(
        "name",
        [
            "/etc/passwd",
            "../more.txt",
            "a/../../more.txt",
            "a/./b",
            "a//b",
            "C:/more.txt",
            "a\\b",
            ".hidden",
            "a/.hidden",
            "a b",
            "é.txt",
            "ＲＥＡＤＭＥ.txt",
            "re\u200badme.txt",
            "a" * 256,
            "-rf",
            "more\ntext",
        ],
    )
    def test_with_an_unsafe_name_is_malformed(self, tmp_path: Path, name: str) -> None:
        bundle = write(tmp_path, with_entry(zipfile.ZipInfo(name)))

        assert verify_here(bundle) == 2

    def test_with_a_name_cut_by_a_nul_is_malformed(self, tmp_path: Path) -> None:
        data = with_entry(zipfile.ZipInfo("more.txtZzz")).replace(b"more.txtZ", b"more.txt\0")

        assert verify_here(write(tmp_path, data)) == 2

    @pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
    def test_with_anything_but_regular_files_is_malformed(self, tmp_path: Path, mode: int) -> None:
        assert verify_here(write(tmp_path, with_entry(entry_of_mode(mode | 0o644)))) == 2

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_with_a_name_twice_is_malformed(self, tmp_path: Path) -> None:
        data = with_entry(zipfile.ZipInfo("README.txt"), MEMBERS["README.txt"])

        assert verify_here(write(tmp_path, data)) == 2

    def test_with_a_twin_of_a_name_in_another_case_is_tampered(self, tmp_path: Path) -> None:
        """Some would unpack both to one file; no manifest lists the second."""
        data = with_entry(zipfile.ZipInfo("Readme.TXT"), b"Trust me.")

        assert verify_here(write(tmp_path, data)) == 1

    @pytest.mark.parametrize("flags", [0x1, 0x41, 0x2001])
    def test_with_an_encrypted_member_is_malformed(self, tmp_path: Path, flags: int) -> None:
        data = with_flags(with_entry(zipfile.ZipInfo("more.txt")), flags)

        assert verify_here(write(tmp_path, data)) == 2

    def test_packed_with_an_unusual_method_is_malformed(self, tmp_path: Path) -> None:
        entry = zipfile.ZipInfo("more.txt")
        entry.compress_type = zipfile.ZIP_LZMA

        assert verify_here(write(tmp_path, with_entry(entry))) == 2

    def test_that_would_unpack_to_a_multiple_is_malformed(self, tmp_path: Path) -> None:
        entry = zipfile.ZipInfo("more.txt")
        entry.compress_type = zipfile.ZIP_DEFLATED

        assert verify_here(write(tmp_path, with_entry(entry, b"\0" * 5_000_000))) == 2

    @pytest.mark.parametrize("limit", ["MAX_MEMBERS", "MAX_MEMBER_BYTES", "MAX_TOTAL_BYTES"])
    def test_beyond_a_limit_is_malformed(
        self, tmp_path: Path, limit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bundle = write(tmp_path, repack(MEMBERS))
        open_bundle(bundle).close()

        monkeypatch.setattr(bundle_source, limit, 10)

        with pytest.raises(Malformed, match="10"):
            open_bundle(bundle)

    def test_with_more_members_than_there_may_be_is_malformed(self, tmp_path: Path) -> None:
        more = {f"more/{number}.txt": b"" for number in range(MAX_MEMBERS)}

        assert verify_here(write(tmp_path, repack(MEMBERS | more))) == 2

    @pytest.mark.parametrize("size", [MAX_MEMBER_BYTES + 1, 2**32 - 2])
    def test_that_announces_a_member_beyond_the_limit_is_malformed(
        self, tmp_path: Path, size: int
    ) -> None:
        data = repack(MEMBERS)
        at = data.rindex(b"PK\x01\x02")
        # Packed as large as unpacked, so that nothing but the size is wrong.
        sizes = struct.pack("<II", size, size)
        changed = data[: at + 20] + sizes + data[at + 28 :]

        assert verify_here(write(tmp_path, changed)) == 2

    def test_with_bytes_before_its_first_member_is_malformed(self, tmp_path: Path) -> None:
        data = repack(MEMBERS)

        assert verify_here(write(tmp_path, b"#!/bin/sh\n" + data)) == 2
        assert verify_here(write(tmp_path, data + data)) == 2

    def test_with_a_comment_or_a_tail_is_malformed(self, tmp_path: Path) -> None:
        out = io.BytesIO(repack(MEMBERS))
        with zipfile.ZipFile(out, "a") as archive:
            archive.comment = b"hello"

        assert verify_here(write(tmp_path, out.getvalue())) == 2
        assert verify_here(write(tmp_path, repack(MEMBERS) + b"tail")) == 2

    def test_with_overlapping_members_is_malformed(self, tmp_path: Path) -> None:
        data = repack(MEMBERS)
        second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
        overlapping = data[: second + 42] + struct.pack("<I", 0) + data[second + 46 :]

        assert verify_here(write(tmp_path, overlapping)) == 2
        with pytest.raises(Malformed, match="overlap"):
            open_bundle(tmp_path / "bundle.zip")

    def test_in_zip64_form_or_with_a_huge_directory_is_malformed(self, tmp_path: Path) -> None:
        data = repack(MEMBERS)
        locator = b"PK\x06\x07" + b"\0" * 16
        huge = data[:-10] + struct.pack("<I", 2**31) + data[-6:]

        assert verify_here(write(tmp_path, data[:-22] + locator + data[-22:])) == 2
        assert verify_here(write(tmp_path, data[:-14] + b"\xff\xff" + data[-12:])) == 2
        assert verify_here(write(tmp_path, huge)) == 2

    @pytest.mark.parametrize("data", [b"", b"PK", b"PK\x03\x04" * 9, b"PK\x05\x06" + b"\0" * 18])
    def test_that_is_none_is_malformed(self, tmp_path: Path, data: bytes) -> None:
        assert verify_here(write(tmp_path, data)) == 2

    def test_cut_short_is_malformed(self, tmp_path: Path) -> None:
        data = repack(MEMBERS)

        for length in range(0, len(data), 997):
            assert verify_here(write(tmp_path, data[:length])) == 2

    def test_with_folder_entries_as_other_tools_write_them_is_read(self, tmp_path: Path) -> None:
        folder = zipfile.ZipInfo("versions/")
        folder.external_attr = (stat.S_IFDIR | 0o755) << 16

        assert verify_here(write(tmp_path, with_entry(folder, b""))) == 3
        assert verify_here(write(tmp_path, with_entry(zipfile.ZipInfo("../"), b""))) == 2
        assert verify_here(write(tmp_path, with_entry(zipfile.ZipInfo("a/"), b"x"))) == 2

    def test_whose_packed_bytes_were_changed_is_tampered(self, tmp_path: Path) -> None:
        data = bytearray(repack(MEMBERS))
        at = data.index(b"README.txt") + len("README.txt") + 3
        data[at] ^= 0xFF

        assert verify_here(write(tmp_path, bytes(data))) == 1

    def test_that_lies_about_a_checksum_is_tampered(self, tmp_path: Path) -> None:
        data = repack(MEMBERS)
        at = data.rindex(b"PK\x01\x02") + 16
        changed = data[:at] + bytes(byte ^ 0xFF for byte in data[at : at + 4]) + data[at + 4 :]

        assert verify_here(write(tmp_path, changed)) == 1

    def test_that_lies_about_a_size_is_tampered(self, tmp_path: Path) -> None:
        data = repack(MEMBERS)
        at = data.rindex(b"PK\x01\x02")
        size = struct.unpack("<I", data[at + 24 : at + 28])[0]
        for lie in (size - 1, size + 1):
            changed = data[: at + 24] + struct.pack("<I", lie) + data[at + 28 :]
            assert verify_here(write(tmp_path, changed)) == 1

    def test_never_gives_more_bytes_than_it_announced(self, tmp_path: Path) -> None:
        data = repack({"more.txt": b"x" * 1000})
        at = data.rindex(b"PK\x01\x02")
        changed = data[: at + 24] + struct.pack("<I", 10) + data[at + 28 :]

        with ZipSource(write(tmp_path, changed)) as source:
            assert source.sizes == {"more.txt": 10}
            with pytest.raises(Untrusted):
                list(source.chunks("more.txt"))


class TestAFolder:
    def test_that_changes_while_it_is_read_is_noticed(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_bytes(b"one")
        with open_bundle(tmp_path) as source:
            (tmp_path / "a.txt").write_bytes(b"other")
            with pytest.raises(Untrusted, match="changed"):
                list(source.chunks("a.txt"))
            (tmp_path / "a.txt").unlink()
            with pytest.raises(Untrusted, match="cannot be read"):
                list(source.chunks("a.txt"))

    def test_that_changes_between_its_opening_and_its_reading_is_tampered(
        self, tmp_path: Path
    ) -> None:
        for name, data in MEMBERS.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(data)
        with open_bundle(tmp_path) as source:
            (tmp_path / "README.txt").write_bytes(MEMBERS["README.txt"].upper())
            report = verify_bundle(source, keys=None, remembered=None)

        assert report.exit_code == 1
        assert {finding.member for finding in report.findings} == {"README.txt"}

    def test_with_an_unsafe_name_is_malformed(self, tmp_path: Path) -> None:
        (tmp_path / ".hidden").touch()

        with pytest.raises(Malformed, match="unsafe name"):
            open_bundle(tmp_path)


class TestTheWriter:
    def test_gives_the_same_bytes_for_the_same_content(self) -> None:
        files = {"b.txt": b"b", "a.txt": b"a"}
        seal = BundleSeal(event=b"e", proof=b"p", checkpoint=b"c", leaves=[b"l" * 32])
        first, second = io.BytesIO(), io.BytesIO()

        write_bundle(first, manifest=b"{}", seal=seal, files=files)
        write_bundle(second, manifest=b"{}", seal=seal, files=dict(reversed(files.items())))

        assert first.getvalue() == second.getvalue()
        assert [*unpack(first.getvalue())][-2:] == ["a.txt", "b.txt"]

    def test_stores_what_a_reader_would_take_for_a_bomb(self, tmp_path: Path) -> None:
        seal = BundleSeal(event=b"e", proof=b"p", checkpoint=b"c", leaves=[])
        zeros = b"[" + b"0," * (MAX_RATIO * 20_000) + b"0]"

        with (tmp_path / "bundle.zip").open("wb") as out:
            write_bundle(out, manifest=b"{}", seal=seal, files={"zeros.json": zeros})

        with open_bundle(tmp_path / "bundle.zip") as source:
            assert b"".join(source.chunks("zeros.json")) == zeros

    @pytest.mark.parametrize("name", ["../a", "manifest.json", "seal/event.json", "a b", ""])
    def test_refuses_names_that_no_reader_accepts(self, name: str) -> None:
        with pytest.raises(Malformed):
            bundle_manifest(
                origin="o",
                created_at=BundleStory().issued_at,
                scope={"kind": "all"},
                log_size=0,
                disclosed=None,
                files={name: b""},
            )

    def test_refuses_more_files_than_a_reader_accepts(self) -> None:
        seal = BundleSeal(event=b"e", proof=b"p", checkpoint=b"c", leaves=[])

        with pytest.raises(Malformed):
            write_bundle(
                io.BytesIO(),
                manifest=b"{}",
                seal=seal,
                files={f"f{number}": b"" for number in range(MAX_MEMBERS)},
            )
