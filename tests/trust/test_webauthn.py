"""What a device signed is read strictly, and as the library of the field reads it."""

import json
from hashlib import sha256
from typing import Any

import pytest
from fido2 import cbor
from fido2.cose import ES384, CoseKey
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.factories.passkeys import MAKES, ORIGIN, PRESENT, VERIFIED, Device
from trust.base64_text import decode_base64url, encode_base64url
from trust.cbor import parse_cbor
from trust.cose import cose_algorithm, verify_cose
from trust.errors import Malformed, TrustError, Untrusted
from trust.webauthn import challenge_of, check_assertion, origin_fits, sign_count

KEYS = some.one_of(
    some.integers(-(2**63), 2**63 - 1), some.text(max_size=9), some.binary(max_size=9)
)
VALUES = some.recursive(
    some.one_of(
        some.integers(-(2**64), 2**64 - 1),
        some.booleans(),
        some.text(max_size=30),
        some.binary(max_size=300),
    ),
    lambda inner: some.one_of(
        some.lists(inner, max_size=4), some.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=8,
)
DEVICES = {name: Device(name) for name in MAKES}


class TestCBOR:
    @given(VALUES)
    def test_is_read_as_the_library_writes_it(self, value: Any) -> None:
        assert parse_cbor(cbor.encode(value)) == value

    @settings(max_examples=150)
    @given(some.one_of(some.binary(max_size=60), VALUES.map(cbor.encode)), some.data())
    def test_what_is_taken_has_one_spelling(self, data: bytes, draw: Any) -> None:
        """Whatever is read is what the library would write of it, byte for byte."""
        if data and draw.draw(some.booleans()):
            at = draw.draw(some.integers(0, len(data) - 1))
            data = data[:at] + bytes([data[at] ^ draw.draw(some.integers(1, 255))]) + data[at + 1 :]
        try:
            value: Any = parse_cbor(data)
        except Malformed:
            return
        if not _holds_null(value):
            assert cbor.encode(value) == data

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "18",
            "1817",
            "190017",
            "1a0000ffff",
            "1b00000000ffffffff",
            "5f4101ff",
            "9fff",
            "bfff",
            "42 01",
            "6180",
            "c001",
            "fb3ff0000000000000",
            "f0",
            "f8 15",
            "a2 01 01 01 02",
            "a2 02 01 01 02",
            "a1 f5 01",
            "a1 80 01",
            "9affffffff",
            "0000",
            "81" * 20 + "00",
        ],
    )
    def test_refuses(self, text: str) -> None:
        with pytest.raises(Malformed):
            parse_cbor(bytes.fromhex(text))


def _holds_null(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_null, value.values()))
    return value is None or (isinstance(value, list) and any(map(_holds_null, value)))


class TestKeys:
    @pytest.mark.parametrize("name", MAKES)
    def test_verify_what_the_library_verifies(self, name: str) -> None:
        device = DEVICES[name]
        assert cose_algorithm(device.public_key) == name
        signature = device.sign(b"message")
        CoseKey.parse(dict(device.cose)).verify(b"message", signature)
        verify_cose(device.public_key, signature, b"message")
        for wrong in (signature[:-1], b"", bytes([signature[0] ^ 1]) + signature[1:]):
            with pytest.raises(Untrusted):
                verify_cose(device.public_key, wrong, b"message")
        with pytest.raises(Untrusted):
            verify_cose(device.public_key, signature, b"another message")

    @pytest.mark.parametrize("name", MAKES)
    @given(draw=some.data())
    @settings(max_examples=30)
    def test_take_no_key_that_the_library_would_not(self, name: str, draw: Any) -> None:
        fields: dict[Any, Any] = dict(DEVICES[name].cose)
        where = draw.draw(some.sampled_from(sorted(fields)))
        fields[where] = draw.draw(
            some.one_of(some.integers(-300, 300), some.binary(max_size=300), some.booleans())
        )
        if fields == DEVICES[name].cose and not isinstance(fields[where], bool):
            return
        with pytest.raises(TrustError):
            verify_cose(cbor.encode(fields), DEVICES[name].sign(b"m"), b"m")

    @pytest.mark.parametrize(
        "change",
        [
            {4: [2]},
            {3: -35},
            {3: True},
            {1: 3},
            {-1: 2},
            {-2: b"\x00" * 31},
            {-2: b"\xff" * 32},
            {-2: 7},
            {-3: b""},
        ],
    )
    def test_have_the_fields_of_their_kind(self, change: dict[int, Any]) -> None:
        with pytest.raises(Malformed):
            cose_algorithm(cbor.encode(dict(DEVICES["ES256"].cose) | change))

    @pytest.mark.parametrize("bits", [b"\xff" * 128, b"\x00" + b"\xff" * 255, b"\xff" * 1025])
    def test_of_rsa_have_2048_to_8192_bits(self, bits: bytes) -> None:
        with pytest.raises(Malformed):
            cose_algorithm(cbor.encode({1: 3, 3: -257, -1: bits, -2: b"\x01\x00\x01"}))

    @pytest.mark.parametrize("data", [b"", b"\x01", cbor.encode([1]), cbor.encode({1: 2})])
    def test_are_maps_that_name_an_algorithm(self, data: bytes) -> None:
        with pytest.raises(Malformed):
            cose_algorithm(data)

    def test_of_other_algorithms_are_none(self) -> None:
        assert ES384.ALGORITHM == -35
        with pytest.raises(Malformed, match="signs with"):
            cose_algorithm(cbor.encode({1: 2, 3: -35, -1: 2, -2: b"0" * 48, -3: b"0" * 48}))


CHALLENGE = challenge_of(b"{}", b"n" * 32)


def checked(device: Device, *, rp_id: str = "localhost", **client: Any) -> None:
    """Sign the challenge, and check it."""
    response = device.signed(encode_base64url(CHALLENGE), **client)["response"]
    check_assertion(
        public_key=device.public_key,
        rp_id=rp_id,
        challenge=CHALLENGE,
        authenticator_data=decode_base64url(response["authenticatorData"]),
        client_data=decode_base64url(response["clientDataJSON"]),
        signature=decode_base64url(response["signature"]),
    )


class TestAnAssertion:
    @pytest.mark.parametrize("name", MAKES)
    def test_is_taken_as_browsers_give_it(self, name: str) -> None:
        checked(Device(name))
        checked(Device(name, rp_id="a.example", origin="https://b.a.example"), rp_id="a.example")

    @pytest.mark.parametrize(
        ("said", "why"),
        [
            ({"type": "webauthn.create"}, "not of an assertion"),
            ({"challenge": encode_base64url(b"x" * 32)}, "another challenge"),
            ({"challenge": encode_base64url(CHALLENGE) + "="}, "another challenge"),
            ({"origin": "https://localhost.example"}, "another address"),
            ({"origin": None}, "another address"),
            ({"crossOrigin": True}, "inside a page"),
            ({"crossOrigin": "no"}, "inside a page"),
            ({"topOrigin": ORIGIN}, "inside a page"),
        ],
    )
    def test_is_refused_for_what_the_browser_says(self, said: dict[str, Any], why: str) -> None:
        with pytest.raises(TrustError, match=why):
            checked(Device(), **said)

    @pytest.mark.parametrize(
        ("flags", "why"),
        [
            (VERIFIED, "present"),
            (PRESENT, "verify its user"),
            (PRESENT | VERIFIED | 0x10, "backed up"),
            (PRESENT | VERIFIED | 0x40, "holds no credential"),
            (PRESENT | VERIFIED | 0x80, "ends too early"),
        ],
    )
    def test_is_refused_for_its_flags(self, flags: int, why: str) -> None:
        with pytest.raises(TrustError, match=why):
            checked(Device(flags=flags))

    def test_is_refused_for_another_host(self) -> None:
        with pytest.raises(Untrusted, match="another host"):
            checked(Device(rp_id="other"))

    @settings(max_examples=80)
    @given(
        some.sampled_from(["authenticatorData", "clientDataJSON", "signature"]),
        some.integers(0, 10_000),
        some.integers(1, 255),
    )
    def test_is_refused_with_any_byte_changed(self, part: str, at: int, by: int) -> None:
        device = DEVICES["EdDSA"]
        response = device.signed(encode_base64url(CHALLENGE))["response"]
        parts = {
            name: bytearray(decode_base64url(response[name]))
            for name in ("authenticatorData", "clientDataJSON", "signature")
        }
        parts[part][at % len(parts[part])] ^= by
        with pytest.raises(TrustError):
            check_assertion(
                public_key=device.public_key,
                rp_id="localhost",
                challenge=CHALLENGE,
                authenticator_data=bytes(parts["authenticatorData"]),
                client_data=bytes(parts["clientDataJSON"]),
                signature=bytes(parts["signature"]),
            )

    def test_counts(self) -> None:
        data = sha256(b"").digest() + b"\x05" + (258).to_bytes(4, "big")
        assert sign_count(data) == 258
        with pytest.raises(Malformed):
            sign_count(data[:-1])


class TestAChallenge:
    def test_is_another_for_another_word_or_number(self) -> None:
        texts = [json.dumps({"reason": reason}).encode() for reason in ("a", "b")]
        nonces = [b"n" * 32, b"m" * 32]
        assert len({challenge_of(text, nonce) for text in texts for nonce in nonces}) == 4

    def test_has_a_number_of_one_length(self) -> None:
        with pytest.raises(Malformed):
            challenge_of(b"{}", b"n" * 31)


@pytest.mark.parametrize(
    ("origin", "host", "fits"),
    [
        ("http://localhost:8300", "localhost", True),
        ("http://app.localhost", "localhost", True),
        ("https://models.example.org", "models.example.org", True),
        ("https://models.example.org:8443", "example.org", True),
        ("http://models.example.org", "models.example.org", False),
        ("https://models.example.org.evil.test", "models.example.org", False),
        ("https://evilexample.org", "example.org", False),
        ("https://models.example.org/path", "models.example.org", False),
        ("https://user@models.example.org", "models.example.org", False),
        ("https://MODELS.example.org", "models.example.org", False),
        ("https://models.example.org:99999", "models.example.org", False),
        ("https://[", "models.example.org", False),
        ("ftp://localhost", "localhost", False),
        ("https://x", "", False),
        (7, "localhost", False),
    ],
)
def test_an_address_fits_a_host(origin: object, host: str, fits: bool) -> None:
    assert origin_fits(origin, host) is fits


@given(some.binary(max_size=70))
def test_base64url_has_one_spelling(data: bytes) -> None:
    text = encode_base64url(data)
    assert decode_base64url(text) == data
    with pytest.raises(Malformed):
        decode_base64url(text + "=")
    with pytest.raises(Malformed):
        decode_base64url(text + "é")
