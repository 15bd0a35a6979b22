"""Keys have a name, an id and one written line; private ones belong to their owner alone."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from trust.errors import Malformed, Untrusted
from trust.key_files import generate_key, load_key, load_trusted_keys, save_key
from trust.keys import TrustedKeys, VerifierKey, approvals_name

# The verifier key in the documentation of golang.org/x/mod/sumdb/note.
GO_LINE = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


class TestVerifierKey:
    def test_reads_and_writes_the_line_of_another_implementation(self) -> None:
        key = VerifierKey.parse(GO_LINE)

        assert (key.name, key.key_id.hex(), key.line) == ("PeterNeumann", "c74f20a3", GO_LINE)

    @pytest.mark.parametrize(
        "line",
        [
            "",
            "PeterNeumann",
            GO_LINE.replace("c74f20a3", "c74f20a4"),
            GO_LINE.replace("c74f20a3", "C74F20A3"),
            GO_LINE.replace("PeterNeumann", "PaulNeumann"),
            GO_LINE.replace("PeterNeumann", ""),
            GO_LINE.replace("PeterNeumann", "Peter Neumann"),
            GO_LINE[:-1],
            GO_LINE + "=",
            GO_LINE.replace("+ARpc", "+BBpc"),
            GO_LINE.replace("TW", "TX"),
        ],
    )
    def test_refuses_any_other_line(self, line: str) -> None:
        with pytest.raises(Malformed):
            VerifierKey.parse(line)

    def test_accepts_its_own_signature_and_no_other(self) -> None:
        key, other = generate_key("a"), generate_key("a")
        signature = key.sign(b"message")

        assert key.verifier.verifies(signature, b"message")
        assert not key.verifier.verifies(signature, b"messages")
        assert not key.verifier.verifies(signature[:-1], b"message")
        assert not key.verifier.verifies(signature + b"\0", b"message")
        assert not other.verifier.verifies(signature, b"message")


class TestTrustedKeys:
    def test_reads_a_file_with_comments_and_blank_lines(self, tmp_path: Path) -> None:
        first, second = generate_key("log.example"), generate_key(approvals_name("log.example"))
        text = f"# keys of the log\n\n{first.verifier.line}\n  {second.verifier.line}  \n"
        (tmp_path / "keys").write_text(text, encoding="utf-8")

        keys = load_trusted_keys(tmp_path / "keys")

        assert keys.all == (first.verifier, second.verifier)
        assert keys.named("log.example").all == (first.verifier,)
        assert keys.with_id(second.verifier.key_id) == [second.verifier]
        assert TrustedKeys.parse(keys.text()).all == keys.all

    @pytest.mark.parametrize("text", ["", "# nothing\n", GO_LINE + "\nnonsense\n"])
    def test_refuses_a_file_without_keys_or_with_a_bad_line(self, text: str) -> None:
        with pytest.raises(Malformed):
            TrustedKeys.parse(text)

    def test_refuses_a_file_that_is_not_text(self, tmp_path: Path) -> None:
        (tmp_path / "keys").write_bytes(b"\xff\xfe")

        with pytest.raises(Malformed):
            load_trusted_keys(tmp_path / "keys")

    def test_refuses_a_huge_file(self) -> None:
        with pytest.raises(Malformed, match="too large"):
            TrustedKeys.parse("#" * 1_000_001)


class TestKeyFiles:
    def test_come_back_as_they_were_saved(self, tmp_path: Path) -> None:
        key = generate_key("log.example")
        save_key(tmp_path / "key.pem", key)

        loaded = load_key(tmp_path / "key.pem", "log.example")

        assert loaded.verifier == key.verifier
        assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600

    def test_are_never_overwritten(self, tmp_path: Path) -> None:
        save_key(tmp_path / "key.pem", generate_key("a"))

        with pytest.raises(FileExistsError):
            save_key(tmp_path / "key.pem", generate_key("a"))

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
    def test_are_refused_when_others_may_touch_them(self, tmp_path: Path, mode: int) -> None:
        save_key(tmp_path / "key.pem", generate_key("a"))
        (tmp_path / "key.pem").chmod(mode)

        with pytest.raises(Untrusted):
            load_key(tmp_path / "key.pem", "a")

    def test_are_refused_through_a_link(self, tmp_path: Path) -> None:
        save_key(tmp_path / "key.pem", generate_key("a"))
        (tmp_path / "link").symlink_to(tmp_path / "key.pem")

        with pytest.raises(OSError, match="symbolic links"):
            load_key(tmp_path / "link", "a")

    def test_are_refused_if_not_ed25519(self, tmp_path: Path) -> None:
        pem = generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        (tmp_path / "key.pem").touch(mode=0o600)
        (tmp_path / "key.pem").write_bytes(pem)

        with pytest.raises(Malformed, match="Ed25519"):
            load_key(tmp_path / "key.pem", "a")

    def test_are_refused_if_not_a_key(self, tmp_path: Path) -> None:
        (tmp_path / "key.pem").touch(mode=0o600)

        with pytest.raises(Malformed, match="PEM"):
            load_key(tmp_path / "key.pem", "a")

    def test_need_a_proper_name(self) -> None:
        with pytest.raises(Malformed):
            generate_key("two words")
