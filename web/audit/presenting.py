"""Events for people: a sentence, a link to what they are about, and their place in the tree."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.callers import Caller
from accounts.models import Team
from audit.models import AuditEvent
from governance.selectors import policies_seen_by, reviews_seen_by
from registry.jobs import jobs_seen_by
from registry.models import ModelVersion, RegisteredModel
from registry.selectors import datasets_of, models_of
from web.audit.sentences import actor_of, sentence
from web.jobs.about import Fact, address

# Things whose page is found by their id alone.
_PAGES = {
    "review": "web:review",
    "job": "web:job",
    "policy": "web:policy",
    "dataset": "web:dataset",
}
SEEN: dict[str, Callable[[Caller], QuerySet[Any]]] = {
    "review": reviews_seen_by,
    "job": jobs_seen_by,
    "policy": policies_seen_by,
    "dataset": datasets_of,
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
    """What some events are about: names, and the pages that their reader may open.

    As many queries for many events as for one.
    """

    def __init__(self, events: Iterable[AuditEvent], caller: Caller) -> None:
        ids: dict[str, set[UUID]] = defaultdict(set)
        for event in events:
            if key := _key(event):
                ids[event.subject_type].add(key)
        self.models = RegisteredModel.objects.in_bulk(ids["model"])
        self.versions = ModelVersion.objects.select_related("model").in_bulk(ids["version"])
        self.teams = Team.objects.in_bulk(ids["team"])
        models = {version.model_id for version in self.versions.values()} | set(self.models)
        seen = {kind: SEEN[kind](caller).filter(pk__in=ids[kind]) for kind in _PAGES}
        seen["model"] = models_of(caller).filter(pk__in=models)
        self.open = {key for rows in seen.values() for key in rows.values_list("pk", flat=True)}

    def of(self, event: AuditEvent) -> Fact:
        """The kind, text and address of what the event is about."""
        kind, key = event.subject_type, _key(event)
        if key is None:
            return Fact(kind, event.subject_id, "")
        if kind == "model" and (model := self.models.get(key)):
            return self._linked(kind, model.name, model.pk, "web:model", model.name)
        if kind == "version" and (version := self.versions.get(key)):
            at = (version.model.name, version.number)
            return self._linked(kind, str(version), version.model_id, "web:version", *at)
        if kind == "team" and (team := self.teams.get(key)):
            return Fact(kind, team.name, address("web:team", team.slug))
        return self._linked(kind, str(key)[:8], key, _PAGES.get(kind, ""), key)

    def _linked(self, kind: str, text: str, shown: UUID, page: str, *at: object) -> Fact:
        return Fact(kind, text, address(page, *at) if shown in self.open else "")


def _key(event: AuditEvent) -> UUID | None:
    try:
        return UUID(event.subject_id)
    except ValueError:
        return None


def entries_of(events: Iterable[AuditEvent], caller: Caller) -> list[Entry]:
    """Lines for events that carry `index` and `actor_name`, as the caller sees them."""
    rows = list(events)
    subjects = Subjects(rows, caller)
    return [
        Entry(
            uuid=event.uuid,
            at=event.occurred_at,
            text=sentence(event.action, actor_of(getattr(event, "actor_name", None))),
            action=event.action,
            subject=subjects.of(event),
            index=getattr(event, "index", None),
        )
        for event in rows
    ]
