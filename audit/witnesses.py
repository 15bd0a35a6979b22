"""Asking witnesses for cosignatures (c2sp.org/tlog-witness), from outside the notary.

A witness that is away, or refuses, stops nothing: the checkpoint is valid without it. What a
witness refuses because it has seen another log is said loudly.
"""

import http.client
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import SplitResult, urlsplit

from django.db import transaction

from audit.findings import Finding
from audit.models import Cosignature
from audit.proofs import SignedTree, signed_tree
from audit.selectors import newest_checkpoint
from trust.base64_text import encode_base64
from trust.cosignatures import WitnessKey, open_cosignature, read_cosignature
from trust.errors import Malformed, TrustError
from trust.merkle_proofs import consistency_proof

SECONDS = 10
_MOST_ANSWER = 64 * 1024
_CONFLICT = 409


@dataclass(frozen=True)
class Witness:
    """Where a witness listens, and the key that it signs with."""

    address: SplitResult
    key: WitnessKey

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read "https://address key". Raises Malformed."""
        address, _, key = line.partition(" ")
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise Malformed("a witness is written as its address and its key")
        return cls(parts, WitnessKey.parse(key.strip()))


class Unwilling(Exception):
    """The witness was asked and did not cosign; the sentence says why."""


class Contradicted(Unwilling):
    """The witness has seen a log that this one does not extend."""


def load_witnesses(path: Path) -> list[Witness]:
    """The witnesses of a file, one a line; none where there is no file. Raises OSError, Malformed.

    Blank lines and lines that begin with # are skipped.
    """
    if not path.exists():
        return []
    lines = map(str.strip, path.read_text(encoding="utf-8").splitlines())
    return [Witness.parse(line) for line in lines if line and not line.startswith("#")]


def cosign(witness: Witness) -> Cosignature | None:
    """Have the newest checkpoint cosigned; None if it is already, or there is none.

    Raises Unwilling, Contradicted, TrustError, OSError, http.client.HTTPException; Conflict if
    the log in the database is not the one that was signed.
    """
    mine = Cosignature.objects.filter(witness=witness.key.name)
    known = mine.order_by("-checkpoint").values_list("checkpoint_id", flat=True).first() or 0
    newest = newest_checkpoint()
    if newest is None or newest.size == known:
        return None
    tree = signed_tree()
    status, answer = _ask(witness, tree, known)
    if status == _CONFLICT:
        status, answer = _ask(witness, tree, _size_seen(answer, tree, known))
    if status != http.client.OK:
        raise Unwilling(f"it answered {status}: {answer[:200].decode(errors='replace').strip()}")
    return _keep(witness, tree, answer)


def _size_seen(answer: bytes, tree: SignedTree, asked: int) -> int:
    text = answer.strip()
    if not text.isdigit() or len(text) > 18:
        raise Unwilling("it answered 409 without a size")
    seen = int(text)
    if seen > tree.checkpoint.size:
        raise Contradicted(
            f"it has seen {seen} events, and the newest checkpoint here covers "
            f"{tree.checkpoint.size}: the log was rolled back"
        )
    if seen == asked:
        raise Contradicted(f"it has seen {seen} other events: the log forked")
    return seen


def _ask(witness: Witness, tree: SignedTree, old_size: int) -> tuple[int, bytes]:
    proof = consistency_proof(tree.node, old_size, tree.checkpoint.size)
    lines = [f"old {old_size}", *map(encode_base64, proof), "", ""]
    body = "\n".join(lines).encode() + tree.note
    connection = _connection(witness.address)
    try:
        path = witness.address.path.rstrip("/") + "/add-checkpoint"
        connection.request("POST", path, body, {"Content-Type": "text/plain; charset=utf-8"})
        reply = connection.getresponse()
        return reply.status, reply.read(_MOST_ANSWER)
    finally:
        connection.close()


def _connection(address: SplitResult) -> http.client.HTTPConnection:
    host, port = address.hostname or "", address.port
    if address.scheme == "https":
        trusted = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=trusted)
    return http.client.HTTPConnection(host, port, timeout=SECONDS)


@transaction.atomic
def _keep(witness: Witness, tree: SignedTree, answer: bytes) -> Cosignature:
    given = open_cosignature(tree.note, answer, witness.key)
    row, _ = Cosignature.objects.get_or_create(
        checkpoint_id=tree.checkpoint.size,
        witness=witness.key.name,
        defaults={"line": given.line, "at": given.at},
    )
    return row


def check_cosignatures(witnesses: list[Witness]) -> Iterator[Finding]:
    """Cosignatures that do not hold; those of witnesses that are not configured are only read."""
    keys = {witness.key.name: witness.key for witness in witnesses}
    rows = Cosignature.objects.select_related("checkpoint").order_by("pk")
    for row in rows.iterator(chunk_size=1000):
        for why in _defects(row, keys.get(row.witness)):
            yield Finding("cosignature", f"{row.checkpoint_id} by {row.witness}", why)


def _defects(row: Cosignature, key: WitnessKey | None) -> Iterator[str]:
    note, line = row.checkpoint.note.encode(), row.line.encode()
    try:
        said = read_cosignature(note, line)
        if (said.name, said.line, said.at) != (row.witness, row.line, row.at):
            yield "the columns and its line differ."
        if key is not None:
            open_cosignature(note, line, key)
    except TrustError as error:
        yield f"{error}."
