"""Public keys as authenticators give them (COSE_Key, RFC 9053): ES256, EdDSA and RS256."""

from collections.abc import Callable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from trust.cbor import parse_cbor
from trust.errors import Malformed, Untrusted

ES256, EDDSA, RS256 = -7, -8, -257
COSE_ALGORITHMS = {ES256: "ES256", EDDSA: "EdDSA", RS256: "RS256"}
CoseVerify = Callable[[bytes, bytes], None]
"""(signature, message) -> raises InvalidSignature."""

_KTY, _ALG, _CRV, _X, _Y = 1, 3, -1, -2, -3
_N, _E = -1, -2
_POINT_BYTES = 32
_RSA_BYTES = (256, 1024)


def cose_algorithm(public_key: bytes) -> str:
    """ "ES256", "EdDSA" or "RS256". Raises Malformed for any other key."""
    return COSE_ALGORITHMS[_read_cose(public_key)[1]]


def verify_cose(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Check a signature. Raises Malformed for a key that is none, Untrusted if it does not fit."""
    verify, _algorithm = _read_cose(public_key)
    try:
        verify(signature, message)
    except InvalidSignature:
        raise Untrusted("it was not signed by this passkey") from None


def _read_cose(public_key: bytes) -> tuple[CoseVerify, int]:
    fields = parse_cbor(public_key)
    if not isinstance(fields, dict):
        raise Malformed("a COSE key is a map")
    algorithm = fields.get(_ALG)
    readers = {ES256: _es256, EDDSA: _eddsa, RS256: _rs256}
    if not isinstance(algorithm, int) or isinstance(algorithm, bool) or algorithm not in readers:
        raise Malformed(f"a passkey signs with {', '.join(COSE_ALGORITHMS.values())}")
    try:
        return readers[algorithm](fields), algorithm
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Malformed(f"not a public key: {error}") from None


def _cose_bytes(fields: dict[object, object], name: int) -> bytes:
    value = fields[name]
    if not isinstance(value, bytes):
        raise Malformed("a COSE key holds a number where bytes belong")
    return value


def _require_cose(
    fields: dict[object, object], numbers: dict[int, int], contents: tuple[int, ...]
) -> None:
    if set(fields) != {_ALG, *numbers, *contents}:
        raise Malformed("a COSE key has the fields of its kind and no others")
    for name, wanted in numbers.items():
        if fields[name] != wanted or isinstance(fields[name], bool):
            raise Malformed("a COSE key is of another kind than its algorithm")


def _es256(fields: dict[object, object]) -> CoseVerify:
    _require_cose(fields, {_KTY: 2, _CRV: 1}, (_X, _Y))
    x, y = _cose_bytes(fields, _X), _cose_bytes(fields, _Y)
    if len(x) != _POINT_BYTES or len(y) != _POINT_BYTES:
        raise Malformed("a coordinate has 32 bytes")
    numbers = EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1()
    )
    key = numbers.public_key()
    return lambda signature, message: key.verify(signature, message, ECDSA(SHA256()))


def _eddsa(fields: dict[object, object]) -> CoseVerify:
    _require_cose(fields, {_KTY: 1, _CRV: 6}, (_X,))
    key = Ed25519PublicKey.from_public_bytes(_cose_bytes(fields, _X))
    return key.verify


def _rs256(fields: dict[object, object]) -> CoseVerify:
    _require_cose(fields, {_KTY: 3}, (_N, _E))
    modulus, exponent = _cose_bytes(fields, _N), _cose_bytes(fields, _E)
    low, high = _RSA_BYTES
    if not low <= len(modulus) <= high or modulus[0] == 0 or not 1 <= len(exponent) <= 4:
        raise Malformed("an RSA key has 2048 to 8192 bits")
    numbers = RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big"))
    key = numbers.public_key()
    return lambda signature, message: key.verify(signature, message, PKCS1v15(), SHA256())
