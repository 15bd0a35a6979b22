"""Notes and checkpoints are C2SP's: other implementations read ours and we read theirs."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trust.errors import Malformed, TrustError, Untrusted
from trust.key_files import generate_key
from trust.keys import SigningKey, TrustedKeys, VerifierKey
from trust.merkle import EMPTY_ROOT, root_of
from trust.notes import (
    Checkpoint,
    checkpoint_text,
    open_checkpoint,
    parse_checkpoint,
    parse_note,
    sign_checkpoint,
    sign_note,
    verify_note,
)

# The example in the documentation of golang.org/x/mod/sumdb/note.
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_KEY = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
GO_NOTE = (
    GO_TEXT + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNX"
    "gKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
# The example checkpoint of c2sp.org/tlog-checkpoint.
C2SP_CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2"
    "q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
).encode()
KEY = generate_key("log.example")
KEYS = TrustedKeys([KEY.verifier])
HEAD = Checkpoint("log.example", 3, root_of([b"\1" * 32] * 3))


class TestNote:
    def test_of_another_implementation_verifies(self) -> None:
        note = parse_note(GO_NOTE)

        assert note.text == GO_TEXT
        assert verify_note(note, TrustedKeys([GO_KEY])) == [GO_KEY]

    def test_is_signed_byte_for_byte_like_another_implementation(self) -> None:
        key = SigningKey("PeterNeumann", Ed25519PrivateKey.from_private_bytes(GO_SEED))

        assert sign_note(GO_TEXT, [key]) == GO_NOTE

    def test_may_hold_empty_lines_in_its_text(self) -> None:
        assert parse_note(sign_note("a\n\nb\n", [KEY])).text == "a\n\nb\n"

    def test_ignores_signatures_of_unknown_keys(self) -> None:
        same_name, stranger = generate_key("log.example"), generate_key("witness.example")

        note = parse_note(sign_note("text\n", [stranger, same_name, KEY]))

        assert verify_note(note, KEYS) == [KEY.verifier]

    def test_is_refused_without_a_signature_of_a_trusted_key(self) -> None:
        note = parse_note(sign_note("text\n", [generate_key("log.example")]))

        with pytest.raises(Untrusted, match="not signed"):
            verify_note(note, KEYS)

    def test_is_refused_if_a_trusted_key_s_signature_is_wrong(self) -> None:
        note = parse_note(sign_note("text\n", [KEY]).replace(b"text", b"Text"))

        with pytest.raises(Untrusted, match="does not match"):
            verify_note(note, KEYS)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"text\n",
            b"text\n\n",
            GO_NOTE[:-1],
            GO_NOTE + b"\n",
            GO_NOTE.replace("—".encode(), b"-"),
            GO_NOTE.replace(b"PeterNeumann x0", b"PeterNeumann  x0"),
            GO_NOTE.replace(b"PeterNeumann x0", b"Peter+Neumann x0"),
            GO_NOTE.replace(b"x08go", b"x08g"),
            GO_NOTE.replace(b"PeterNeumann x0", b"PeterNeumannx0"),
            GO_NOTE.replace(b"answer", b"ans\twer"),
            GO_NOTE.replace(b"answer", b"ans\xffwer"),
            GO_NOTE.replace(b"\n", b"\r\n"),
            "text\n\n— a AAAA\n".encode(),
            b"text\n\n" + "— a AAAAAAA=\n".encode() * 101,
            b"x" * 1_000_001,
        ],
    )
    def test_is_refused_in_any_other_form(self, data: bytes) -> None:
        with pytest.raises(Malformed):
            parse_note(data)

    @pytest.mark.parametrize("text", ["no newline", "tab\there\n"])
    def test_cannot_be_made_of_every_text(self, text: str) -> None:
        with pytest.raises(Malformed):
            sign_note(text, [KEY])


class TestCheckpoint:
    def test_of_the_specification_is_read(self) -> None:
        head = parse_checkpoint(C2SP_CHECKPOINT)

        assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
        assert checkpoint_text(head) == parse_note(C2SP_CHECKPOINT).text

    def test_comes_back_as_it_was_signed(self) -> None:
        empty = Checkpoint("log.example", 0, EMPTY_ROOT, ("extension",))

        assert open_checkpoint(sign_checkpoint(HEAD, [KEY]), KEYS) == HEAD
        assert open_checkpoint(sign_checkpoint(empty, [KEY]), KEYS) == empty

    def test_counts_only_under_a_key_of_its_origin_s_name(self) -> None:
        other = generate_key("log.example/approvals")
        both = TrustedKeys([KEY.verifier, other.verifier])
        data = sign_note(checkpoint_text(HEAD), [other])

        with pytest.raises(Untrusted):
            open_checkpoint(data, both)
        with pytest.raises(Malformed):
            sign_checkpoint(HEAD, [other])

    @pytest.mark.parametrize(
        "text",
        [
            "log.example\n3\n",
            "\n3\n" + checkpoint_text(HEAD).split("\n")[2] + "\n",
            checkpoint_text(HEAD).replace("\n3\n", "\n03\n"),
            checkpoint_text(HEAD).replace("\n3\n", "\n-3\n"),
            checkpoint_text(HEAD).replace("\n3\n", "\n٣\n"),
            checkpoint_text(HEAD).replace("\n3\n", "\n99999999999999999999\n"),
            "log.example\n3\nAAAA\n",
            "log.example\n3\n!\n",
        ],
    )
    def test_is_refused_in_any_other_form(self, text: str) -> None:
        with pytest.raises(TrustError):
            open_checkpoint(sign_note(text, [KEY]), KEYS)

    def test_is_not_written_if_it_could_not_be_read(self) -> None:
        for head in (Checkpoint("", 1, EMPTY_ROOT), Checkpoint("a", 1, b"short")):
            with pytest.raises(Malformed):
                checkpoint_text(head)
