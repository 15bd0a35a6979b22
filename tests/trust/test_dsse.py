"""A DSSE envelope is signed over type and payload, and has one reading."""

import json
from typing import Any

import pytest

from trust.base64_text import encode_base64
from trust.canonical import canonical
from trust.dsse import pre_authentication_encoding, sign_envelope, verify_envelope
from trust.errors import Malformed, TrustError, Untrusted
from trust.key_files import generate_key
from trust.keys import TrustedKeys

KIND = "http://example.com/HelloWorld"
KEY = generate_key("log.example/approvals")
KEYS = TrustedKeys([KEY.verifier])


def envelope() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(sign_envelope(KIND, b"hello world", [KEY]))
    return document


def verify(document: dict[str, Any]) -> bytes:
    payload, _signers = verify_envelope(json.dumps(document).encode(), KEYS, KIND)
    return payload


class TestPreAuthenticationEncoding:
    def test_is_the_specification_s_example(self) -> None:
        encoded = pre_authentication_encoding(KIND, b"hello world")

        assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"

    def test_counts_bytes_and_not_characters(self) -> None:
        assert pre_authentication_encoding("é", "é".encode()) == "DSSEv1 2 é 2 é".encode()


class TestEnvelope:
    def test_gives_back_the_payload_and_who_signed(self) -> None:
        data = sign_envelope(KIND, b"hello world", [KEY])

        assert verify_envelope(data, KEYS, KIND) == (b"hello world", [KEY.verifier])

    def test_is_written_in_canonical_form(self) -> None:
        data = sign_envelope(KIND, bytes(range(256)), [KEY])

        assert data == canonical(json.loads(data))

    def test_may_use_the_url_safe_alphabet(self) -> None:
        document = json.loads(sign_envelope(KIND, b"\xfb\xef\xff" * 5, [KEY]))
        for holder, name in ((document, "payload"), (document["signatures"][0], "sig")):
            holder[name] = holder[name].replace("+", "-").replace("/", "_")

        assert verify(document) == b"\xfb\xef\xff" * 5

    def test_may_hold_signatures_of_strangers(self) -> None:
        stranger = generate_key("other")

        data = sign_envelope(KIND, b"hello", [stranger, KEY])

        assert verify_envelope(data, KEYS, KIND) == (b"hello", [KEY.verifier])

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("payload", encode_base64(b"hello worlds")),
            ("payloadType", "http://example.com/Other"),
            ("signatures", []),
            ("signatures", "none"),
            ("signatures", [{"keyid": "00000000", "sig": "AA=="}]),
            ("signatures", [{"keyid": "xyz", "sig": "AA=="}]),
            ("signatures", [{"sig": "AA=="}]),
            ("signatures", [{"keyid": "00000000", "sig": "A"}] * 2),
            ("signatures", [{"keyid": "00000000", "sig": "AA=="}] * 17),
            ("payload", "aGVsbG8gd29ybGR="),
            ("payload", 7),
            ("extra", 1),
        ],
    )
    def test_is_refused_after_any_change(self, name: str, value: object) -> None:
        with pytest.raises(TrustError):
            verify(envelope() | {name: value})

    @pytest.mark.parametrize("name", ["payload", "payloadType", "signatures"])
    def test_is_refused_without_one_of_its_parts(self, name: str) -> None:
        document = envelope()
        del document[name]

        with pytest.raises(Malformed):
            verify(document)

    def test_is_refused_if_a_trusted_key_s_signature_is_wrong(self) -> None:
        document = envelope()
        wrong = {"keyid": KEY.verifier.key_id.hex(), "sig": encode_base64(b"\0" * 64)}
        document["signatures"].append(wrong)

        with pytest.raises(Untrusted, match="does not match"):
            verify(document)

    def test_is_refused_under_another_key(self) -> None:
        data = sign_envelope(KIND, b"hello", [generate_key("log.example/approvals")])

        with pytest.raises(Untrusted, match="not signed by a trusted key"):
            verify_envelope(data, KEYS, KIND)
