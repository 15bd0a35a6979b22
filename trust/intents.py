"""What a proof commits to: the act and the words of the record, as canonical JSON."""

import json

from trust.errors import Untrusted
from trust.fields import JsonObject, as_object
from trust.strict_json import parse_strict

ANNEX = "annex"
"""What a signature's record names besides, where conditions were open; then it is signed too."""


def check_intent(intent: bytes, record: JsonObject, act: str, words: tuple[str, ...]) -> None:
    """Whether an intent says what the record says. Raises Malformed, Untrusted.

    `act` is what the proof was asked for, `words` the fields of the record that it commits to.
    """
    meant = {"act": act} | {word: record.get(word) for word in words}
    meant |= {ANNEX: record[ANNEX]} if ANNEX in record else {}
    if _spelt(as_object(parse_strict(intent), "the intent")) != _spelt(meant):
        raise Untrusted("it signed other words")


def _spelt(document: JsonObject) -> str:
    """One spelling per value: 1, 1.0 and true are not the same word."""
    return json.dumps(document, sort_keys=True)
