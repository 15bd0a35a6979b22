"""Events for people: a sentence, a link to what they are about, and their place in the tree."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Team
from audit.models import AuditEvent
from registry.models import ModelVersion, RegisteredModel
from web.audit.sentences import actor_of, sentence
from web.jobs.about import Fact, address

# Things whose page is found by their id alone.
_PAGES = {
    "review": "web:review",
    "job": "web:job",
    "policy": "web:policy",
    "dataset": "web:dataset",
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


class Names:
    """The names of models, versions and teams that some events are about, by three queries."""

    def __init__(self, events: Iterable[AuditEvent]) -> None:
        ids: dict[str, set[UUID]] = {"model": set(), "version": set(), "team": set()}
        for event in events:
            if event.subject_type in ids:
                ids[event.subject_type].add(UUID(event.subject_id))
        self.models = RegisteredModel.objects.in_bulk(ids["model"])
        self.versions = ModelVersion.objects.select_related("model").in_bulk(ids["version"])
        self.teams = Team.objects.in_bulk(ids["team"])

    def subject(self, event: AuditEvent) -> Fact:
        """The kind, text and address of what the event is about."""
        kind, key = event.subject_type, event.subject_id
        if kind == "model" and (model := self.models.get(UUID(key))):
            return Fact(kind, model.name, address("web:model", model.name))
        if kind == "version" and (version := self.versions.get(UUID(key))):
            url = address("web:version", version.model.name, version.number)
            return Fact(kind, str(version), url)
        if kind == "team" and (team := self.teams.get(UUID(key))):
            return Fact(kind, team.name, address("web:team", team.slug))
        url = address(_PAGES[kind], key) if kind in _PAGES else ""
        return Fact(kind, key[:8], url)


def entries_of(events: Iterable[AuditEvent]) -> list[Entry]:
    """Lines for events that carry `index` and `actor_name`."""
    rows = list(events)
    names = Names(rows)
    return [
        Entry(
            uuid=event.uuid,
            at=event.occurred_at,
            text=sentence(event.action, actor_of(getattr(event, "actor_name", None))),
            action=event.action,
            subject=names.subject(event),
            index=getattr(event, "index", None),
        )
        for event in rows
    ]
