"""Writing key statements: the counterpart of `trust.key_statements`, used by the notary alone."""

from collections.abc import Sequence

from trust.base64_text import encode_base64
from trust.canonical import canonical
from trust.dsse import sign_envelope
from trust.fields import JsonObject
from trust.key_statements import KEY_STATEMENT_PAYLOAD_TYPE, KEY_STATEMENT_TYPE, KeyStatement
from trust.keys import SigningKey
from trust.times import format_moment


def sign_key_statement(said: KeyStatement, keys: Sequence[SigningKey]) -> bytes:
    """The DSSE envelope's bytes. Raises Malformed."""
    tree = said.tree and {"size": said.tree.size, "root": encode_base64(said.tree.root)}
    document: JsonObject = {
        "type": KEY_STATEMENT_TYPE,
        "origin": said.origin,
        "introduced": [key.line for key in said.introduced],
        "ended": [key.line for key in said.ended],
        "tree": tree,
        "why": said.why,
        "at": format_moment(said.at),
    }
    return sign_envelope(KEY_STATEMENT_PAYLOAD_TYPE, canonical(document), keys)
