"""Whether a revision of a policy lets more pass than the one before it, or less.

It compares documents field by field. Of a field whose direction is not known here, any change
counts as relaxing: nothing that weakens the house may look as if it did not.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.metrics.catalogue import BY_NAME
from trust.approval import STALE_GRACE
from trust.emergency import EMERGENCY_HOURS
from trust.gates import SANDBOX_LEVELS
from trust.scope import SCOPE_TRAFFIC_SHARE

Document = Mapping[str, Any]
RELAXED, TIGHTENED = "relaxed", "tightened"


@dataclass(frozen=True)
class Change:
    """One difference: the field by its path, what became of it, and both values (JSON)."""

    field: str
    effect: str
    before: Any
    after: Any


def changes(before: Document, after: Document) -> list[Change]:
    """What differs, in the order of the fields' names. Both are policies in their one form."""
    found: list[Change] = []
    for name in sorted({*before, *after} - {"type"}):
        old, new = before.get(name), after.get(name)
        if old != new:
            found += _FIELDS.get(name, _unknown)(name, old, new)
    return found


def relaxes(before: Document, after: Document) -> bool:
    """Whether anything was relaxed."""
    return any(change.effect == RELAXED for change in changes(before, after))


def _change(field: str, relaxed: bool, old: Any, new: Any) -> Change:
    return Change(field, RELAXED if relaxed else TIGHTENED, old, new)


def _unknown(name: str, old: Any, new: Any) -> Iterator[Change]:
    yield _change(name, True, old, new)


def _more_is_laxer(name: str, old: Any, new: Any) -> Iterator[Change]:
    yield _change(name, (new or 0) > (old or 0), old, new)


def _demand(name: str, old: Any, new: Any) -> Iterator[Change]:
    yield _change(name, not new, bool(old), bool(new))


def _demanded(name: str, old: Any, new: Any) -> Iterator[Change]:
    yield from _of_list(name, old, new, gone_relaxes=True)


def _allowed(name: str, old: Any, new: Any) -> Iterator[Change]:
    yield from _of_list(name, old, new, gone_relaxes=False)


def _of_list(name: str, old: Any, new: Any, *, gone_relaxes: bool) -> Iterator[Change]:
    held, wanted = old or [], new or []
    for item in held:
        if item not in wanted:
            yield _change(f"{name}.{item}", gone_relaxes, item, None)
    for item in wanted:
        if item not in held:
            yield _change(f"{name}.{item}", not gone_relaxes, None, item)


def _ceiling(name: str, old: Any, new: Any) -> Iterator[Change]:
    """A largest value that is allowed; nothing is asked where there is none."""
    yield _change(name, new is None or (old is not None and new > old), old, new)


def _asked(name: str, old: Any, new: Any) -> Iterator[Change]:
    """Something that is asked or not, in ways whose order is not known here."""
    yield _change(name, old is not None, old, new)


def _conditions(name: str, old: Any, new: Any) -> Iterator[Change]:
    """Conditions that all must hold; one that is changed is one gone and one come."""
    for gone in old or []:
        if gone not in (new or []):
            yield _change(name, True, gone, None)
    for come in new or []:
        if come not in (old or []):
            yield _change(name, False, None, come)


def _allowed_if_any(name: str, old: Any, new: Any) -> Iterator[Change]:
    """A list of what is allowed, where an empty one allows everything."""
    if not old or not new:
        yield _change(name, not new, old, new)
    else:
        yield from _allowed(name, old, new)


def _level(name: str, old: Any, new: Any) -> Iterator[Change]:
    """A least level of confinement, or none."""
    yield _change(name, _LEVELS.index(new or "") < _LEVELS.index(old or ""), old, new)


def _signers(name: str, old: Any, new: Any) -> Iterator[Change]:
    held, wanted = old or {}, new or {}
    if held.get("count") != wanted.get("count"):
        fewer = (wanted.get("count") or 0) < (held.get("count") or 0)
        yield _change("signers.count", fewer, held.get("count"), wanted.get("count"))
    yield from _of_list("signers.roles", held.get("roles"), wanted.get("roles"), gone_relaxes=False)
    for key in sorted({*held, *wanted} - {"count", "roles"}):
        if held.get(key) != wanted.get(key):
            yield _change(f"signers.{key}", True, held.get(key), wanted.get(key))


def _floors(name: str, old: Any, new: Any) -> Iterator[Change]:
    held, wanted = _by_metric(old), _by_metric(new)
    for key in sorted({*held, *wanted}):
        before, after = held.get(key), wanted.get(key)
        if before != after:
            yield _change(f"{name}.{key}", _lower(before, after), before, after)


def _by_metric(floors: Any) -> dict[str, Any]:
    """Floors by metric and bound; a second one of the same name has its number behind it."""
    found: dict[str, Any] = {}
    for floor in floors or []:
        name = f"{floor.get('metric')} ({floor.get('bound', 'value')})"
        key, number = name, 2
        while key in found:
            key, number = f"{name} {number}", number + 1
        found[key] = floor
    return found


def _lower(before: Any, after: Any) -> bool:
    if after is None:
        return True
    if before is None:
        return False
    same = {key: value for key, value in before.items() if key != "limit"}
    if same != {key: value for key, value in after.items() if key != "limit"}:
        return True
    metric = BY_NAME.get(after["metric"])
    higher_is_better = metric is None or metric.direction == "higher"
    return bool(after["limit"] < before["limit"]) is higher_is_better


_LEVELS = ("", *SANDBOX_LEVELS[1:])
_FIELDS: dict[str, Callable[[str, Any, Any], Iterator[Change]]] = {
    "metrics": _floors,
    "evidence": _demanded,
    "signers": _signers,
    "validity_days": _more_is_laxer,
    "outage_grace_s": _more_is_laxer,
    EMERGENCY_HOURS: _more_is_laxer,
    "waivable": _allowed,
    "second_factor": _demand,
    "sealed_plan": _demand,
    "validation_report": _demand,
    "lineage": _demand,
    "slices": _conditions,
    "no_regression": _conditions,
    "mcnemar": _asked,
    "latency_ms": _ceiling,
    "explanation_shift": _ceiling,
    "size_bytes": _ceiling,
    "evidence_days": _ceiling,
    SCOPE_TRAFFIC_SHARE: _ceiling,
    STALE_GRACE: _ceiling,
    "licences": _allowed_if_any,
    "sandbox": _level,
}
