"""A prediction record read back from a segment, as far as the database needs it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from trust.digests import digest_hex
from trust.errors import Malformed
from trust.fields import JsonObject, as_object, read_count, read_digest, read_moment, read_text

# The largest integer of the columns.
MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Record:
    """One answered request. `line` holds its bytes, with the end of the line."""

    line: bytes
    id: UUID
    at: datetime
    model: UUID
    number: int
    version_digest: str
    approval: UUID | None
    emergency: UUID | None
    user: UUID | None
    rows: int


def read_record(line: bytes) -> Record:
    """The record that a line holds. Raises Malformed for a line that holds none, or a part."""
    if not line.endswith(b"\n"):
        raise Malformed("the record has no end")
    try:
        entry = as_object(orjson.loads(line), "the record")
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error}") from None
    in_emergency = "emergency" in entry
    if in_emergency and "approval" in entry:
        raise Malformed("the record names an approval and an emergency grant")
    return Record(
        line=line,
        id=_identity(entry, "id"),
        at=read_moment(entry, "at"),
        model=_identity(entry, "model"),
        number=_small(entry, "number"),
        version_digest=digest_hex(read_digest(entry, "version_digest")),
        approval=None if in_emergency else _identity(entry, "approval"),
        emergency=_identity(entry, "emergency") if in_emergency else None,
        user=None if entry.get("user", "") is None else _identity(entry, "user"),
        rows=_small(entry, "rows"),
    )


def _identity(entry: JsonObject, name: str) -> UUID:
    try:
        return UUID(read_text(entry, name))
    except ValueError:
        raise Malformed(f"{name!r} is not an id") from None


def _small(entry: JsonObject, name: str) -> int:
    value = read_count(entry, name)
    if value > MOST:
        raise Malformed(f"{name!r} is out of range")
    return value
