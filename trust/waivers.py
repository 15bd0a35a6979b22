"""Waivers of gates: which gates may be waived at all, and how statements name a waiver."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from trust.fields import JsonObject, read_digest, read_moment, read_objects, read_text, require_keys

WAIVER_RECORD_TYPE = "assay/waiver/1"
EVERY_METRIC = "metric:*"
# Without these nobody knows what the bytes do when they are opened, or whether they still do it.
NEVER_WAIVED = frozenset(("admission", "golden"))


@dataclass(frozen=True, slots=True)
class NamedWaiver:
    """A waiver as a statement and an approval name it: gate, digest of its record, end."""

    gate: str
    digest: str
    not_after: datetime


def may_be_waived(gate: str, waivable: Collection[str]) -> bool:
    """Whether a policy that lists `waivable` (names, or `metric:*`) lets the gate be waived."""
    if gate in NEVER_WAIVED:
        return False
    return gate in waivable or (gate.startswith("metric:") and EVERY_METRIC in waivable)


def read_waivers(document: JsonObject) -> tuple[NamedWaiver, ...]:
    """The waivers that a statement or an approval names. Raises Malformed."""
    found = []
    for entry in read_objects(document, "waivers"):
        require_keys(entry, ("gate", "digest", "not_after"), "a waiver")
        found.append(
            NamedWaiver(
                read_text(entry, "gate"),
                read_digest(entry, "digest"),
                read_moment(entry, "not_after"),
            )
        )
    return tuple(found)
