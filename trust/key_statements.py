"""What the log says of its own keys: which come, which have ended, and at which tree.

Whoever trusts an open log key that signed a statement may follow it to the keys that it brings.
"""

from dataclasses import dataclass
from datetime import datetime

from trust.base64_text import decode_base64
from trust.dsse import verify_envelope
from trust.errors import Malformed
from trust.fields import (
    JsonObject,
    as_object,
    read_count,
    read_moment,
    read_object,
    read_text,
    read_texts,
    require_keys,
)
from trust.keys import TreeBound, TrustedKeys, VerifierKey
from trust.strict_json import parse_strict

KEY_STATEMENT_TYPE = "assay/key-statement/1"
KEY_STATEMENT_PAYLOAD_TYPE = "application/vnd.assay.key-statement+json"
KEYS_INTRODUCED, KEYS_ENDED, KEYS_REPLACED = "keys.introduced", "keys.ended", "keys.replaced"
KEY_ACTIONS = (KEYS_INTRODUCED, KEYS_ENDED, KEYS_REPLACED)
REASONS_OF_KEYS = ("rotation", "loss", "compromise")


@dataclass(frozen=True, slots=True)
class KeyStatement:
    """Keys that come and keys that end; `tree` is how far the ended ones count."""

    origin: str
    introduced: tuple[VerifierKey, ...]
    ended: tuple[VerifierKey, ...]
    tree: TreeBound | None
    why: str
    at: datetime


def read_key_statement(envelope: bytes, keys: TrustedKeys) -> KeyStatement:
    """A statement that one of `keys` signed. Raises Malformed, Untrusted."""
    payload, _signers = verify_envelope(envelope, keys, KEY_STATEMENT_PAYLOAD_TYPE)
    document = as_object(parse_strict(payload), "the key statement")
    parts = ("type", "origin", "introduced", "ended", "tree", "why", "at")
    require_keys(document, parts, "the key statement")
    if document["type"] != KEY_STATEMENT_TYPE or document["why"] not in REASONS_OF_KEYS:
        raise Malformed("not a key statement")
    ended = tuple(VerifierKey.parse(line) for line in read_texts(document, "ended"))
    if bool(ended) != (document["tree"] is not None):
        raise Malformed("a key statement says at which tree keys end, if any end")
    return KeyStatement(
        origin=read_text(document, "origin"),
        introduced=tuple(VerifierKey.parse(line) for line in read_texts(document, "introduced")),
        ended=ended,
        tree=_read_tree_bound(read_object(document, "tree")) if ended else None,
        why=read_text(document, "why"),
        at=read_moment(document, "at"),
    )


def _read_tree_bound(document: JsonObject) -> TreeBound:
    require_keys(document, ("size", "root"), "the tree")
    root = decode_base64(read_text(document, "root"))
    if len(root) != 32:
        raise Malformed("the tree's root is not 32 bytes")
    return TreeBound(read_count(document, "size"), root)
