"""One event's proof as a text file that stands alone (c2sp.org/tlog-proof@v1)."""

import re
from dataclasses import dataclass

from trust.base64_text import decode_base64, encode_base64
from trust.errors import Malformed, Untrusted
from trust.keys import TrustedKeys
from trust.merkle import HASH_BYTES, verify_inclusion
from trust.notes import MAX_NOTE_BYTES, Checkpoint, open_checkpoint

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
# A tree of 2**63 leaves has paths of at most 63 hashes.
_MAX_PATH = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class LogProof:
    """Leaf index, sibling hashes from the leaf up, the checkpoint note's bytes.

    `extra` is opaque and not authenticated.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_proof(proof: LogProof) -> bytes:
    """The proof file's bytes."""
    lines = [PROOF_HEADER]
    if proof.extra is not None:
        lines.append("extra " + encode_base64(proof.extra))
    lines.append(f"index {proof.index}")
    lines.extend(encode_base64(sibling) for sibling in proof.path)
    return ("\n".join(lines) + "\n\n").encode("ascii") + proof.checkpoint


def parse_proof(data: bytes) -> LogProof:
    """Read a proof file. Raises Malformed; nothing is verified yet."""
    if len(data) > 2 * MAX_NOTE_BYTES:
        raise Malformed("the proof is too large")
    head, separator, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("the proof is not ASCII before its checkpoint") from None
    if not separator or lines.pop(0) != PROOF_HEADER:
        raise Malformed(f"the proof does not begin with {PROOF_HEADER}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None or len(lines) > _MAX_PATH:
        raise Malformed("the proof has no index, or too many hashes")
    return LogProof(int(index[1]), tuple(_hash_line(line) for line in lines), checkpoint, extra)


def _hash_line(line: str) -> bytes:
    sibling = decode_base64(line)
    if len(sibling) != HASH_BYTES:
        raise Malformed("a line of the proof is not a hash")
    return sibling


def verify_proof(proof: LogProof, leaf: bytes, keys: TrustedKeys) -> Checkpoint:
    """The signed checkpoint under which the leaf hash stands at the proof's index.

    Raises Malformed, Untrusted.
    """
    checkpoint = open_checkpoint(proof.checkpoint, keys)
    if not verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root):
        raise Untrusted("the proof does not lead from the event to the checkpoint")
    return checkpoint
