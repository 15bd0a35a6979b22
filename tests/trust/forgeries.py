"""Structured forgeries of what the trust rests on, each beside the genuine thing it comes from.

A size alone is never forged in an inclusion proof: that does not bind the tree's size, the signed
checkpoint does (RFC 9162, 2.1.3.2).
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trust.base64_text import encode_base64
from trust.dsse import pre_authentication_encoding, sign_envelope, verify_envelope
from trust.errors import TrustError
from trust.key_files import generate_key
from trust.keys import SigningKey, TrustedKeys
from trust.merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion
from trust.merkle_proofs import consistency_proof, inclusion_proof, nodes_of, root_from
from trust.notes import Checkpoint, open_checkpoint, sign_checkpoint

LARGEST = 200
LEAVES = [leaf_hash(b"event %d" % index) for index in range(LARGEST)]
NODE = nodes_of(LEAVES)
ROOTS = [root_from(NODE, size) for size in range(LARGEST + 1)]
Proof = list[bytes]
ChangePath = Callable[[random.Random, Proof], Proof]


def flip_a_bit(chance: random.Random, value: bytes) -> bytes:
    at = chance.randrange(len(value))
    return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]


def flip_in_path(chance: random.Random, path: Proof) -> Proof:
    at = chance.randrange(len(path))
    return [*path[:at], flip_a_bit(chance, path[at]), *path[at + 1 :]]


def drop_from_path(chance: random.Random, path: Proof) -> Proof:
    at = chance.randrange(len(path))
    return path[:at] + path[at + 1 :]


def repeat_in_path(chance: random.Random, path: Proof) -> Proof:
    at = chance.randrange(len(path))
    return [*path[:at], path[at], *path[at:]]


def insert_into_path(chance: random.Random, path: Proof) -> Proof:
    at = chance.randrange(len(path) + 1)
    return [*path[:at], chance.choice((EMPTY_ROOT, chance.choice(LEAVES))), *path[at:]]


def reverse_path(_chance: random.Random, path: Proof) -> Proof:
    return path[::-1]


def shorten_a_hash(chance: random.Random, path: Proof) -> Proof:
    at = chance.randrange(len(path))
    return [*path[:at], path[at][:-1], *path[at + 1 :]]


def join_two_hashes(_chance: random.Random, path: Proof) -> Proof:
    return [b"".join(path[:2]), *path[2:]]


def fold_the_first_two(_chance: random.Random, path: Proof) -> Proof:
    return [node_hash(path[0], path[-1]), *path[1:]]


def empty_path(_chance: random.Random, _path: Proof) -> Proof:
    return []


CHANGES: list[ChangePath] = [
    flip_in_path,
    drop_from_path,
    repeat_in_path,
    insert_into_path,
    reverse_path,
    shorten_a_hash,
    join_two_hashes,
    fold_the_first_two,
    empty_path,
]


Claim = Any
"""The arguments of a verification."""


@dataclass(frozen=True)
class Family:
    """`make` gives a genuine claim and forgeries of it; `accepts` is the verification."""

    make: Callable[[random.Random], tuple[Claim, list[Claim]]]
    accepts: Callable[[Claim], bool]


@dataclass
class Tally:
    """What came of so many forgeries: those accepted, and genuine twins refused, by themselves."""

    forgeries: int = 0
    twins: int = 0
    accepted: list[Claim] = field(default_factory=list)
    refused_twins: list[Claim] = field(default_factory=list)


def try_forgeries(family: Family, number: int, seed: int) -> Tally:
    """At least so many forgeries of a family, and the genuine twin of each group before it."""
    chance, tally = random.Random(seed), Tally()
    while tally.forgeries < number:
        genuine, forged = family.make(chance)
        tally.twins += 1
        if not family.accepts(genuine):
            tally.refused_twins.append(genuine)
        tally.forgeries += len(forged)
        tally.accepted += [claim for claim in forged if family.accepts(claim)]
    return tally


def _inclusion(chance: random.Random) -> tuple[Claim, list[Claim]]:
    size = chance.randrange(2, LARGEST + 1)
    index, other = chance.randrange(size), chance.randrange(size)
    path, leaf, root = inclusion_proof(NODE, index, size), LEAVES[index], ROOTS[size]
    genuine = (leaf, index, size, path, root)
    claims = [
        (leaf, index, size, chance.choice(CHANGES)(chance, path), root),
        (flip_a_bit(chance, leaf), index, size, path, root),
        (leaf, index, size, path, flip_a_bit(chance, root)),
        (leaf, other, size, path, root),
        (LEAVES[other], index, size, path, root),
        (LEAVES[other], other, size, path, root),
        (leaf, index, size, path, ROOTS[size - 1]),
        (node_hash(leaf, path[0]), index >> 1, size, path[1:], root),
        (leaf, index + size, size, path, root),
        (leaf, -index - 1, size, path, root),
    ]
    return genuine, [claim for claim in claims if claim != genuine and not _is_another(claim)]


def _is_another(claim: tuple[bytes, int, int, Proof, bytes]) -> bool:
    """Whether a claim cannot be told from a genuine one: the same hashes in the same order."""
    leaf, index, size, path, root = claim
    return 0 <= index < size and (leaf, path, root) == (
        LEAVES[index],
        inclusion_proof(NODE, index, size),
        ROOTS[size],
    )


def _consistency(chance: random.Random) -> tuple[Claim, list[Claim]]:
    new = chance.randrange(3, LARGEST + 1)
    old = chance.randrange(1, new)
    path = consistency_proof(NODE, old, new)
    genuine = (old, new, path, ROOTS[old], ROOTS[new])
    claims = [
        (old, new, chance.choice(CHANGES)(chance, path), ROOTS[old], ROOTS[new]),
        (old, new, path, flip_a_bit(chance, ROOTS[old]), ROOTS[new]),
        (old, new, path, ROOTS[old], flip_a_bit(chance, ROOTS[new])),
        (old, new, path, ROOTS[new], ROOTS[old]),
        (old, new, path, ROOTS[old - 1], ROOTS[new]),
        (old, new, path, ROOTS[old], ROOTS[new - 1]),
        (new, old, path, ROOTS[old], ROOTS[new]),
        (old, old, path, ROOTS[old], ROOTS[new]),
        (0, new, path, EMPTY_ROOT, ROOTS[new]),
        (old, new, path, ROOTS[old][:-1], ROOTS[new]),
    ]
    return genuine, [claim for claim in claims if claim != genuine]


LOG, STRANGER = generate_key("log.example"), generate_key("log.example")
TRUSTED = TrustedKeys([LOG.verifier])


def _checkpoint(chance: random.Random) -> tuple[Claim, list[Claim]]:
    size, other = chance.sample(range(1, LARGEST + 1), 2)
    genuine = _signed(size, LOG)
    text, line = genuine[: genuine.rindex(b"\n\n") + 1], genuine.splitlines(keepends=True)[-1]
    foreign = _signed(other, LOG).splitlines(keepends=True)[-1]
    spoilt = bytearray(line)
    # Inside the signature's Base64: neither the name before it nor the padding after it.
    at = chance.randrange(len(line) - 80, len(line) - 5)
    spoilt[at] = chance.choice([c for c in b"ABCxyz019+/" if c != line[at]])
    changed = [
        text.replace(b"\n%d\n" % size, b"\n%d\n" % other) + b"\n" + line,
        text.replace(encode_base64(ROOTS[size]).encode(), encode_base64(ROOTS[other]).encode())
        + b"\n"
        + line,
        text.replace(b"log.example", b"log.exampl", 1) + b"\n" + line,
        text + b"more\n\n" + line,
        text + b"\n" + foreign,
        text + b"\n" + bytes(spoilt),
        text + b"\n" + line + foreign,
        text + b"\n" + line.replace(b"log.example", b"log.other"),
        text + b"\n" + line[:-5] + b"\n",
        text + b"\n",
        text.replace(b"\n%d\n" % size, b"\n0%d\n" % size) + b"\n" + line,
        text.replace(b"\n", b"\r\n") + b"\n" + line,
        genuine[:-1],
        genuine + b"\n",
        b"\n" + genuine,
        _signed(size, STRANGER),
        text + b"\n" + _under_the_id_of(LOG, STRANGER, text),
    ]
    return genuine, changed


def _signed(size: int, key: SigningKey) -> bytes:
    return sign_checkpoint(Checkpoint(key.name, size, ROOTS[size]), [key])


def _under_the_id_of(trusted: SigningKey, stranger: SigningKey, text: bytes) -> bytes:
    blob = encode_base64(trusted.verifier.key_id + stranger.sign(text))
    return f"— {trusted.name} {blob}\n".encode()


def _opens(note: bytes) -> bool:
    try:
        open_checkpoint(note, TRUSTED)
    except TrustError:
        return False
    return True


KIND = "application/vnd.in-toto+json"


def _envelope(chance: random.Random) -> tuple[Claim, list[Claim]]:
    payload, other = chance.randbytes(60), chance.randbytes(60)
    genuine = sign_envelope(KIND, payload, [LOG])
    signed, foreign = json.loads(genuine), json.loads(sign_envelope(KIND, other, [LOG]))
    (signature,) = signed["signatures"]
    blob = LOG.sign(pre_authentication_encoding(KIND, payload))
    entries: list[Any] = [
        {**signature, "sig": encode_base64(flip_a_bit(chance, blob))},
        {**signature, "sig": encode_base64(blob[:-1])},
        {**signature, "sig": encode_base64(blob + b"\0")},
        {**signature, "sig": encode_base64(LOG.sign(payload))},
        {**signature, "sig": foreign["signatures"][0]["sig"]},
        {**signature, "sig": encode_base64(_sign_as(STRANGER, payload))},
        {**signature, "sig": signature["sig"].rstrip("=")},
        {**signature, "keyid": STRANGER.verifier.key_id.hex()},
        {**signature, "keyid": ""},
        {**signature, "more": "x"},
        {"sig": signature["sig"]},
    ]
    documents = [
        *({**signed, "signatures": [entry]} for entry in entries),
        {**signed, "signatures": []},
        {**signed, "signatures": [signature, entries[0]]},
        {**signed, "payload": encode_base64(flip_a_bit(chance, payload))},
        {**signed, "payload": foreign["payload"]},
        {**signed, "payload": encode_base64(payload + b"\0")},
        {**signed, "payloadType": KIND + "+json"},
        {**signed, "more": 1},
        {"payload": signed["payload"], "payloadType": KIND},
    ]
    twice = b'{"payload":"%b",' % foreign["payload"].encode() + genuine[1:]
    return genuine, [*(json.dumps(document).encode() for document in documents), twice]


def _sign_as(key: SigningKey, payload: bytes) -> bytes:
    return key.sign(pre_authentication_encoding(KIND, payload))


def _unseals(envelope: bytes) -> bool:
    try:
        verify_envelope(envelope, TRUSTED, KIND)
    except TrustError:
        return False
    return True


FAMILIES: dict[str, Family] = {
    "inclusion proofs": Family(_inclusion, lambda claim: verify_inclusion(*claim)),
    "consistency proofs": Family(_consistency, lambda claim: verify_consistency(*claim)),
    "checkpoints": Family(_checkpoint, _opens),
    "envelopes": Family(_envelope, _unseals),
}
