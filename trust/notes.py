"""C2SP signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trust.base64_text import decode_base64, encode_base64
from trust.errors import Malformed, Untrusted
from trust.keys import SigningKey, TrustedKeys, VerifierKey, check_key_name
from trust.merkle import HASH_BYTES

MAX_NOTE_BYTES = 1_000_000
_MAX_NOTE_SIGNATURES = 100
_SIGNATURE_PREFIX = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who says to have signed, and the signature's bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. Nothing in `text` is true before `verify_note`."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's head: its name, number of leaves and 32-byte root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def sign_note(text: str, keys: Sequence[SigningKey]) -> bytes:
    """The signed note's bytes. Raises Malformed for a text that cannot be one."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise Malformed("a note's text ends in a newline and holds no control character")
    message = text.encode("utf-8")
    lines = [_signature_line(key, message) for key in keys]
    return (text + "\n" + "".join(lines)).encode("utf-8")


def _signature_line(key: SigningKey, message: bytes) -> str:
    blob = encode_base64(key.verifier.key_id + key.sign(message))
    return f"{_SIGNATURE_PREFIX}{key.name} {blob}\n"


def parse_note(data: bytes) -> Note:
    """Split a note into text and signature lines. Raises Malformed."""
    if len(data) > MAX_NOTE_BYTES:
        raise Malformed("the note is too large")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the note is not UTF-8") from None
    if _CONTROL.search(whole) or not whole.endswith("\n"):
        raise Malformed("the note holds a control character or does not end in a newline")
    # Signature lines are never empty, so the last empty line is the separator.
    text, separator, block = whole.rpartition("\n\n")
    lines = block.split("\n")[:-1]
    if not separator or not 1 <= len(lines) <= _MAX_NOTE_SIGNATURES:
        raise Malformed("the note has no signature, or too many")
    return Note(text + "\n", tuple(_parse_signature(line) for line in lines))


def _parse_signature(line: str) -> NoteSignature:
    name, space, blob = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
    if not line.startswith(_SIGNATURE_PREFIX) or not space:
        raise Malformed("a signature line is not: dash, name, signature")
    signed = decode_base64(blob)
    if len(signed) < 5:
        raise Malformed("a signature line is too short")
    return NoteSignature(check_key_name(name), signed[:4], signed[4:])


def verify_note(note: Note, keys: TrustedKeys) -> list[VerifierKey]:
    """The trusted keys that signed; lines of unknown keys are ignored.

    Raises Untrusted if there is none, or if a trusted key's signature is wrong.
    """
    message = note.text.encode("utf-8")
    signers: list[VerifierKey] = []
    for line in note.signatures:
        for key in keys.named(line.name).with_id(line.key_id):
            if not key.verifies(line.signature, message):
                raise Untrusted(f"the signature of {key.name} does not match the note")
            signers.append(key)
    if not signers:
        raise Untrusted("the note is not signed by a trusted key")
    return signers


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """The note text: origin, size, base64 root, then extension lines. Raises Malformed."""
    head = [checkpoint.origin, str(checkpoint.size), encode_base64(checkpoint.root)]
    text = "".join(line + "\n" for line in [*head, *checkpoint.extensions])
    if parse_checkpoint_text(text) != checkpoint:
        raise Malformed("not a checkpoint")
    return text


def parse_checkpoint_text(text: str) -> Checkpoint:
    """Read a note's text as a checkpoint. Raises Malformed."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise Malformed("a checkpoint is three or more lines, none of them empty")
    origin, size, root, *extensions = lines
    if _SIZE.fullmatch(size) is None:
        raise Malformed("the checkpoint's tree size is not a decimal number")
    digest = decode_base64(root)
    if len(digest) != HASH_BYTES:
        raise Malformed("the checkpoint's root is not 32 bytes")
    return Checkpoint(origin, int(size), digest, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, keys: Sequence[SigningKey]) -> bytes:
    """The signed checkpoint's bytes. The first key must bear the origin's name."""
    if not keys or keys[0].name != checkpoint.origin:
        raise Malformed("a log signs its checkpoints with the key of its own name")
    return sign_note(checkpoint_text(checkpoint), keys)


def parse_checkpoint(data: bytes) -> Checkpoint:
    """What a checkpoint note says, its signatures unchecked. Raises Malformed."""
    return parse_checkpoint_text(parse_note(data).text)


def open_checkpoint(data: bytes, keys: TrustedKeys) -> Checkpoint:
    """The checkpoint, signed by a trusted key of the origin's own name.

    Raises Malformed, Untrusted.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint_text(note.text)
    signers = verify_note(note, keys.named(checkpoint.origin))
    ends = [keys.bounds.get(key) for key in signers]
    if not any(end is None or checkpoint.size <= end.size for end in ends):
        raise Untrusted("the key that signed the checkpoint had ended before")
    return checkpoint
