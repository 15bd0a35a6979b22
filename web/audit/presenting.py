"""Events for people: a sentence, a link to what they are about, and their place in the tree."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.callers import Caller
from accounts.models import Person, Team, User
from accounts.selectors import proposals_seen_by
from audit.models import AuditEvent
from compliance.retention.models import Kept
from governance.models import PolicyVersion, Review
from governance.selectors import policies_seen_by, reviews_seen_by
from registry.jobs import jobs_seen_by
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel, RiskTier
from registry.selectors import datasets_of, models_of
from web.audit.sentences import actor_of, sentence
from web.jobs.about import Fact, address
from web.words import word

# Things whose page is found by their id alone.
_PAGES = {
    "review": "web:review",
    "job": "web:job",
    "policy": "web:policy",
    "dataset": "web:dataset",
    "proposal": "web:proposal",
}
SEEN: dict[str, Callable[[Caller], QuerySet[Any]]] = {
    "review": reviews_seen_by,
    "job": jobs_seen_by,
    "policy": policies_seen_by,
    "dataset": datasets_of,
    "proposal": proposals_seen_by,
}


@dataclass(frozen=True)
class Entry:
    """A line of the log; `index` is None until the notary has given the event its place."""

    uuid: UUID
    at: datetime
    text: str
    action: str
    subject: Fact
    index: int | None


class Subjects:
    """What some events are about, by (kind, id): names, and the pages that a reader may open.

    As many queries for many of them as for one.
    """

    def __init__(self, things: Iterable[tuple[str, str]], caller: Caller) -> None:
        ids: dict[str, set[UUID]] = defaultdict(set)
        for kind, text in things:
            if key := _key(text):
                ids[kind].add(key)
        self.rows: dict[str, dict[UUID, Any]] = {
            kind: rows().in_bulk(ids[kind]) for kind, rows in _NAMED.items()
        }
        named = (*self.rows["version"].values(), *self.rows["review"].values())
        models = {_version_of(row).model_id for row in named} | set(self.rows["model"])
        seen = {kind: SEEN[kind](caller).filter(pk__in=ids[kind]) for kind in _PAGES}
        seen["model"] = models_of(caller).filter(pk__in=models)
        self.open = {key for rows in seen.values() for key in rows.values_list("pk", flat=True)}

    def of(self, kind: str, text: str) -> Fact:
        """The kind in words, the name and the address of a thing."""
        said, key = word(kind, "thing"), _key(text)
        if key is None:
            return Fact(said, _rule(text) if kind == "retention" else text, "")
        row = self.rows.get(kind, {}).get(key)
        name = _NAMES[kind](row) if row is not None else str(key)[:8]
        if kind == "team":
            return Fact(said, name, address("web:team", row.slug) if row else "")
        if kind == "model" and row:
            return self._linked(said, name, row.pk, "web:model", row.name)
        if kind == "version" and row:
            at = (row.model.name, row.number)
            return self._linked(said, name, row.model_id, "web:version", *at)
        return self._linked(said, name, key, _PAGES.get(kind, ""), key)

    def _linked(self, said: str, text: str, shown: UUID, page: str, *at: object) -> Fact:
        return Fact(said, text, address(page, *at) if shown in self.open else "")


def _version_of(row: ModelVersion | Review) -> ModelVersion:
    return row.version if isinstance(row, Review) else row


# How the things that events name are called; what is not here has a number alone.
_NAMED: dict[str, Callable[[], QuerySet[Any]]] = {
    "model": lambda: RegisteredModel.objects.all(),
    "version": lambda: ModelVersion.objects.select_related("model").defer("manifest"),
    "review": lambda: Review.objects.select_related("version__model").defer(
        "statement", "version__manifest"
    ),
    "team": lambda: Team.objects.all(),
    "dataset": lambda: DatasetSnapshot.objects.all(),
    "policy": lambda: PolicyVersion.objects.all(),
    "person": lambda: Person.objects.all(),
    "user": lambda: User.objects.select_related("person"),
}
_NAMES: dict[str, Callable[[Any], str]] = {
    "model": str,
    "version": str,
    "review": lambda row: str(row.version),
    "team": str,
    "dataset": lambda row: f"{row.name} ({word(row.split, 'split')})",
    "policy": lambda row: _("%(name)s, revision %(n)s") % {"name": row.name, "n": row.revision},
    "person": str,
    "user": lambda row: f"{row.person.name} ({row.username})",
}


def _rule(text: str) -> str:
    """A rule of retention: its tier and what it keeps."""
    tier, _colon, kept = text.partition(":")
    labels = {**dict(RiskTier.choices), **dict(Kept.choices)}
    return ", ".join(str(labels.get(part, part)) for part in (tier, kept) if part)


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def related_of(event: AuditEvent, caller: Caller) -> list[Fact]:
    """Everything with whose history the event shows up."""
    pairs = [_pair(name) for name in event.related]
    subjects = Subjects(pairs, caller)
    return [subjects.of(*pair) for pair in pairs]


def _pair(name: str) -> tuple[str, str]:
    kind, _colon, text = name.partition(":")
    return kind, text


def entries_of(events: Iterable[AuditEvent], caller: Caller) -> list[Entry]:
    """Lines for events that carry `index` and `actor_name`, as the caller sees them."""
    rows = list(events)
    subjects = Subjects(((row.subject_type, row.subject_id) for row in rows), caller)
    return [
        Entry(
            uuid=event.uuid,
            at=event.occurred_at,
            text=sentence(event.action, actor_of(getattr(event, "actor_name", None))),
            action=event.action,
            subject=subjects.of(event.subject_type, event.subject_id),
            index=getattr(event, "index", None),
        )
        for event in rows
    ]
