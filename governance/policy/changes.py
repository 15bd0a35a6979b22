"""What one policy says otherwise than another, field by field, and whether it asks more or less."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.policy.documents import Policy
from governance.policy.fields import FIELDS, Field
from governance.policy.kinds import Rows

TIGHTER, LOOSER, OTHERWISE = "tightened", "relaxed", "changed"


@dataclass(frozen=True)
class FieldChange:
    """A field, or one of its rows, with both values as documents write them; None: not there."""

    field: Field
    row: str
    before: Any
    after: Any
    effect: str


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The differences of two policies' documents, in the order of the fields. Raises Invalid."""
    old, new = Policy.read(before), Policy.read(after)
    return [change for field in FIELDS for change in _changes(field, old, new)]


def relaxes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    """Whether anything is asked less, or otherwise: nothing that weakens may look as if it did not.

    Where no policy was in force nothing could be approved, so a first one relaxes. Raises Invalid.
    """
    return before is None or any(
        change.effect != TIGHTER for change in changes_between(before, after)
    )


def _changes(field: Field, old: Policy, new: Policy) -> Iterator[FieldChange]:
    before, after = getattr(old, field.attribute), getattr(new, field.attribute)
    if before == after:
        return
    kind = field.kind
    if isinstance(kind, Rows):
        for key, one, other, effect in kind.changes(before, after):
            yield FieldChange(field, key, _row(one), _row(other), _effect(effect))
        return
    shown = [None if value == field.nothing else kind.write(value) for value in (before, after)]
    yield FieldChange(field, "", shown[0], shown[1], _effect(kind.stricter(before, after)))


def _row(row: Any) -> Any:
    return None if row is None else row.as_dict()


def _effect(sign: int) -> str:
    return {1: TIGHTER, -1: LOOSER}.get(sign, OTHERWISE)
