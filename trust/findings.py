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
BLOCKING, CONDITION = "blocking", "condition"
EFFECTS = (BLOCKING, CONDITION)


@dataclass(frozen=True, slots=True)
class NamedCondition:
    """A condition as an annex names it: digest of the finding's record, and when it is due."""

    digest: str
    due_on: str


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
        require_keys(entry, ("digest", "due_on"), "a condition")
        conditions.append(NamedCondition(read_digest(entry, "digest"), read_text(entry, "due_on")))
    if not conditions:
        raise Malformed("an annex that names nothing is left out")
    return Annex(tuple(conditions))


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
class AtApproval:
    """The findings of a version when it was approved."""

    version: str
    open: frozenset[str] = frozenset()
    closed_by: Mapping[str, object] = field(default_factory=dict)
    """finding -> who closed it last"""


@dataclass(slots=True)
class FindingLog:
    """What a log tells of findings, and how they stood at each approval."""

    raised: dict[str, Raised] = field(default_factory=dict)
    at_approval: dict[str, AtApproval] = field(default_factory=dict)
    _open: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _closed: dict[str, dict[str, object]] = field(default_factory=lambda: defaultdict(dict))

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
        elif event.action == "version.approved":
            version = read_digest(payload, "version_digest")
            self.at_approval[read_text(payload, "approval")] = AtApproval(
                version, frozenset(self._open[version]), dict(self._closed[version])
            )

    def _version(self, payload: JsonObject) -> str:
        """Of the finding as it was raised: no later event moves it to another version."""
        finding = read_digest(payload, "finding")
        if finding not in self.raised:
            raise Malformed("it is about a finding of which the log does not tell before")
        return self.raised[finding].version

    def now(self, version: str) -> AtApproval:
        """How the findings of a version stand after all events so far."""
        return AtApproval(version, frozenset(self._open[version]), dict(self._closed[version]))
