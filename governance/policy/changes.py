"""What one policy says otherwise than another, field by field, and whether it asks more or less."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from governance.policy.documents import Policy
from governance.policy.elsewhere import is_asked_elsewhere, is_asked_of_evidence
from governance.policy.fields import FIELDS
from governance.policy.kinds import Field, Rows
from trust.elsewhere import ASKED_ELSEWHERE

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
    """The differences of two policies' documents, in the order of the fields. Raises Invalid.

    Where one of them says apart what is asked of versions that are used elsewhere, the fields
    `elsewhere.…` come last: what such a version was asked, and is asked now.
    """
    old, new = Policy.read(before), Policy.read(after)
    own = [field for field in FIELDS if not is_asked_elsewhere(field)]
    found = [change for field in own for change in _changes(field, old, new)]
    return [*found, *_changes_elsewhere(old, new)]


def relaxes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    """Whether anything is asked less, or otherwise: nothing that weakens may look as if it did not.

    Where no policy was in force nothing could be approved, so a first one relaxes. Raises Invalid.
    """
    return before is None or any(
        change.effect != TIGHTER for change in changes_between(before, after)
    )


def _changes_elsewhere(old: Policy, new: Policy) -> Iterator[FieldChange]:
    if not (old.asks_apart or new.asks_apart):
        return
    before, after = old.asked_of(elsewhere=True), new.asked_of(elsewhere=True)
    for field in filter(is_asked_of_evidence, FIELDS):
        for change in _changes(field, before, after):
            yield replace(change, field=replace(field, name=f"{ASKED_ELSEWHERE}.{field.name}"))


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
