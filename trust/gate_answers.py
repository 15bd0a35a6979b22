"""What gates are shown and what they answer, for all of them in `trust.gates`."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from trust.errors import Malformed
from trust.fields import JsonObject, read_objects

GATE_PASSED, GATE_FAILED, GATE_NOT_MEASURED = "passed", "failed", "not measured"
Number = int | float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gate says: state, measured value, limit, a sentence, the kind of evidence it used."""

    gate: str
    state: str
    measured: Number | str | None
    limit: Number | str | None
    reason: str
    kind: str | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """What gates are shown of a version: manifest, newest reports, and what is true at `now`.

    `reports` and `since` (when a report was stored) are by kind of evidence. `champion` is the
    digest of the version to compare with, None where there is none or it is this one. `applies`
    are the metrics that models of the task have.
    """

    manifest: JsonObject
    reports: Mapping[str, JsonObject]
    since: Mapping[str, datetime]
    now: datetime
    licence: str
    champion: str | None
    applies: Collection[str]


Asked = Callable[[JsonObject, Shown], Iterator[Answer]]


def not_measured_as(
    gate: str, limit: Number | str | None, why: str, kind: str | None = None
) -> Answer:
    return Answer(gate, GATE_NOT_MEASURED, None, limit, why, kind)


def judged_as(
    gate: str,
    holds: bool,
    measured: Number | str | None,
    limit: Number | str | None,
    reason: str,
    kind: str | None = None,
) -> Answer:
    return Answer(gate, GATE_PASSED if holds else GATE_FAILED, measured, limit, reason, kind)


def number_in(document: JsonObject, name: str) -> Number | None:
    """The number under `name`, None where it has no value. Raises Malformed."""
    value = document.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise Malformed(f"{name!r} is not a number")
    return value


def rows_in(document: JsonObject, name: str) -> list[JsonObject]:
    """The objects under `name`; none where it is left out. Raises Malformed."""
    return read_objects(document, name) if name in document else []
