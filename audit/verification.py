"""The log against itself: bytes, columns, places, checkpoints.

Costs one pass over all events and one signature check for each checkpoint; holds no more than one
piece of rows in memory.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from audit.actors import Actor
from audit.findings import Finding
from audit.models import AuditEvent, AuditLeaf, Checkpoint
from trust.canonical import canonical
from trust.errors import TrustError
from trust.fields import as_object
from trust.keys import TrustedKeys
from trust.merkle import CompactRange, leaf_hash
from trust.notes import Checkpoint as SignedTree
from trust.notes import open_checkpoint
from trust.strict_json import parse_strict
from trust.times import format_moment

_CHUNK = 2000


class LogCheck:
    """One pass over the log. `remembered` is a checkpoint that was kept outside the database.

    `events`, `waiting` and `checkpoints` say afterwards how many were looked at.
    """

    def __init__(self, keys: TrustedKeys, remembered: SignedTree | None = None) -> None:
        self._keys = keys
        self._remembered = remembered
        self.events = self.waiting = self.checkpoints = 0
        self._tree = CompactRange()
        self._newest: Checkpoint | None = None

    def findings(self) -> Iterator[Finding]:
        """Whatever contradicts something else, as it is met."""
        yield from self._in_place()
        yield from self._out_of_place()
        yield from self._ended()
        if self._remembered and self._remembered.size > self._tree.size:
            yield Finding(
                "log",
                str(self._tree.size),
                f"it was rolled back: it holds {self._tree.size} events, and your checkpoint was "
                f"signed over {self._remembered.size}.",
            )

    def _in_place(self) -> Iterator[Finding]:
        signed = Checkpoint.objects.order_by("size").iterator(chunk_size=_CHUNK)
        following = next(signed, None)
        leaves = AuditLeaf.objects.order_by("leaf_index").select_related("event")
        for leaf in leaves.iterator(chunk_size=_CHUNK):
            if leaf.leaf_index != self._tree.size:
                yield Finding(
                    "leaf",
                    str(self._tree.size),
                    "it is missing; the tree cannot be followed further.",
                )
                break
            yield from self._event(leaf.event, str(leaf.leaf_index))
            self._tree.append(leaf_hash(bytes(leaf.event.leaf)))
            yield from self._compare_remembered()
            while following is not None and following.size <= self._tree.size:
                yield from self._checkpoint(following)
                following = next(signed, None)
        for row in chain([following] if following else [], signed):
            yield Finding(
                "checkpoint",
                str(row.size),
                f"it covers more events than the {self._tree.size} there are.",
            )

    def _ended(self) -> Iterator[Finding]:
        """The newest checkpoint is by a key that has not ended before."""
        if self._newest is None or not self._keys.bounds:
            return
        try:
            open_checkpoint(self._newest.note.encode(), self._keys)
        except TrustError as error:
            yield Finding("checkpoint", str(self._newest.size), f"{error}.")

    def _out_of_place(self) -> Iterator[Finding]:
        rows = AuditEvent.objects.filter(leaf_row=None).order_by("pk")
        for event in rows.iterator(chunk_size=_CHUNK):
            self.waiting += 1
            yield from self._event(event, f"{event.uuid}, which waits for its place")

    def _event(self, event: AuditEvent, name: str) -> Iterator[Finding]:
        self.events += 1
        for why in defects_of(event):
            yield Finding("event", name, why)

    def _checkpoint(self, row: Checkpoint) -> Iterator[Finding]:
        self.checkpoints += 1
        self._newest = row
        for why in self._checkpoint_defects(row):
            yield Finding("checkpoint", str(row.size), why)

    def _checkpoint_defects(self, row: Checkpoint) -> Iterator[str]:
        try:
            # What an ended key signed is confirmed by a later one over the same leaves.
            signed = open_checkpoint(row.note.encode(), TrustedKeys(self._keys.all))
        except TrustError as error:
            yield f"{error}."
            return
        if (signed.size, signed.root) != (row.size, bytes(row.root)):
            yield "its note is of another tree."
        # Trees of which each is the beginning of one list of leaves are consistent with each other.
        if row.size == self._tree.size and signed.root != self._tree.root():
            yield f"the first {row.size} events are not those it signed."

    def _compare_remembered(self) -> Iterator[Finding]:
        kept = self._remembered
        if kept and kept.size == self._tree.size and kept.root != self._tree.root():
            yield Finding(
                "log", str(kept.size), "its first events are not those of your checkpoint."
            )


def defects_of(event: AuditEvent) -> Iterator[str]:
    """What contradicts what within one event: hash, bytes, columns."""
    leaf = bytes(event.leaf)
    if leaf_hash(leaf) != bytes(event.leaf_hash):
        yield "its bytes do not have the leaf hash beside them."
    try:
        document = as_object(parse_strict(leaf), "the event")
        if canonical(document) != leaf:
            yield "its bytes are not in canonical form."
    except TrustError as error:
        yield f"{error}."
        return
    columns = columns_of(event)
    for part in sorted(columns.keys() | document.keys()):
        if part not in columns or columns[part] != document.get(part):
            yield f"the columns and the bytes differ in {part!r}."
    if event.related[:1] != [f"{event.subject_type}:{event.subject_id}"]:
        yield "it is not filed under its own subject."


def columns_of(event: AuditEvent) -> dict[str, Any]:
    """The event's document as the columns tell it."""
    return {
        "v": 1,
        "id": str(event.uuid),
        "at": format_moment(event.occurred_at),
        "action": event.action,
        "actor": Actor(event.person_id, event.user_id, event.via).as_dict(),
        "subject": {"type": event.subject_type, "id": event.subject_id},
        "payload": event.payload,
    }
