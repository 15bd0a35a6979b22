"""Findings of reviewers as the log tells them, and the annex that persons sign beside a statement.

A finding is known by the SHA-256 of its record. Events are taken in in the order of the log.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from trust.errors import Malformed
from trust.fields import (
    JsonObject,
    read_digest,
    read_object,
    read_objects,
    read_text,
    require_keys,
)

FINDING_RECORD_TYPE = "assay/finding/1"
MOVE_RECORD_TYPE = "assay/finding-move/1"
AMENDMENT_RECORD_TYPE = "assay/finding-amendment/1"
BLOCKING, CONDITION = "blocking", "condition"
EFFECTS = (BLOCKING, CONDITION)
_AMENDMENT = "amendment"


@dataclass(frozen=True, slots=True)
class NamedCondition:
    """A condition as an annex names it: digest of the finding's record, and when it is due.

    `amendment` is the digest of the last change of its owner or day; None where there was none.
    """

    digest: str
    due_on: str
    amendment: str | None = None


@dataclass(frozen=True, slots=True)
class Annex:
    """What was put before signers beside the statement: the conditions that were open then."""

    conditions: tuple[NamedCondition, ...] = ()


def read_annex(document: JsonObject) -> Annex:
    """The annex of a signature's record or of an approval; an empty one where it names none.

    Raises Malformed.
    """
    if "annex" not in document:
        return Annex()
    annex = read_object(document, "annex")
    require_keys(annex, ("conditions",), "the annex")
    conditions = []
    for entry in read_objects(annex, "conditions"):
        conditions.append(_read_condition(entry))
    if not conditions:
        raise Malformed("an annex that names nothing is left out")
    return Annex(tuple(conditions))


def _read_condition(entry: JsonObject) -> NamedCondition:
    require_keys(entry, ("digest", "due_on"), "a condition", optional=(_AMENDMENT,))
    amendment = read_digest(entry, _AMENDMENT) if _AMENDMENT in entry else None
    return NamedCondition(read_digest(entry, "digest"), read_text(entry, "due_on"), amendment)


class Event(Protocol):
    """An event of the log, as far as findings need it."""

    @property
    def action(self) -> str:
        """Its name."""

    @property
    def person(self) -> object:
        """Who acted."""

    @property
    def payload(self) -> JsonObject:
        """What it says."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A finding as its event tells of it."""

    version: str
    effect: str
    person: object


@dataclass(frozen=True, slots=True)
class Amended:
    """Another owner or day of a finding as its event tells of it."""

    digest: str
    due_on: str
    person: object


@dataclass(frozen=True, slots=True)
class AtApproval:
    """The findings of a version when it was approved."""

    version: str
    open: frozenset[str] = frozenset()
    closed_by: Mapping[str, object] = field(default_factory=dict)
    """finding -> who closed it last"""
    amended: Mapping[str, tuple[Amended, ...]] = field(default_factory=dict)
    """finding -> the changes of its owner or day, in order"""


@dataclass(slots=True)
class FindingLog:
    """What a log tells of findings, and how they stood at each approval."""

    raised: dict[str, Raised] = field(default_factory=dict)
    at_approval: dict[str, AtApproval] = field(default_factory=dict)
    _open: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _closed: dict[str, dict[str, object]] = field(default_factory=lambda: defaultdict(dict))
    _amended: dict[str, dict[str, tuple[Amended, ...]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, event: Event) -> None:
        """Take in one event. Raises Malformed for a payload without its fields."""
        payload = event.payload
        if event.action == "finding.raised":
            finding, version = (
                read_digest(payload, "finding"),
                read_digest(payload, "version_digest"),
            )
            effect = read_text(payload, "effect")
            self.raised[finding] = Raised(version, effect, event.person)
            self._open[version].add(finding)
        elif event.action == "finding.closed":
            finding, version = read_digest(payload, "finding"), self._version(payload)
            self._open[version].discard(finding)
            self._closed[version][finding] = event.person
        elif event.action == "finding.reopened":
            finding, version = read_digest(payload, "finding"), self._version(payload)
            self._open[version].add(finding)
            self._closed[version].pop(finding, None)
        elif event.action == "finding.amended":
            self._amend(event)
        elif event.action == "version.approved":
            version = read_digest(payload, "version_digest")
            self.at_approval[read_text(payload, "approval")] = self.now(version)

    def _amend(self, event: Event) -> None:
        payload = event.payload
        finding, amended = read_digest(payload, "finding"), self._amended[self._version(payload)]
        said = Amended(read_digest(payload, _AMENDMENT), read_text(payload, "due_on"), event.person)
        amended[finding] = (*amended.get(finding, ()), said)

    def _version(self, payload: JsonObject) -> str:
        """Of the finding as it was raised: no later event moves it to another version."""
        finding = read_digest(payload, "finding")
        if finding not in self.raised:
            raise Malformed("it is about a finding of which the log does not tell before")
        return self.raised[finding].version

    def now(self, version: str) -> AtApproval:
        """How the findings of a version stand after all events so far."""
        return AtApproval(
            version,
            frozenset(self._open[version]),
            dict(self._closed[version]),
            dict(self._amended[version]),
        )
