"""What a pack covers, as its sources see it: versions, models, and the time that counts."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from audit.actions import Action
from audit.models import AuditEvent, Checkpoint
from compliance.packs.found import Cell
from compliance.packs.shelf import Shelf
from compliance.past.approvals import Spoken
from registry.models import CardRevision, ModelVersion, RegisteredModel, RegisterEntry

Row = TypeVar("Row", bound=Model)


class Covered(ABC):
    """Records at the moment `now`. A subclass says which, and how tables name their versions."""

    names: tuple[str, ...] = ()
    """Columns by which tables name the version of a row."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    @property
    def at(self) -> datetime:
        """The moment at which states are told."""
        return self.now

    def counts(self, moment: datetime) -> bool:
        """Whether what happened at a moment counts."""
        return moment <= self.at

    @property
    @abstractmethod
    def versions(self) -> "QuerySet[ModelVersion]":
        """The versions that it covers."""

    @property
    def card(self) -> CardRevision | None:
        """The newest card, of a pack about one version."""
        return None

    @property
    def only_version(self) -> ModelVersion | None:
        """The version, of a pack about one."""
        return None

    @property
    @abstractmethod
    def things(self) -> list[tuple[str, object]]:
        """What the events of the log concern that count: (type, id) each."""

    @property
    @abstractmethod
    def models(self) -> "QuerySet[RegisteredModel]":
        """The models that it covers."""

    @property
    @abstractmethod
    def team(self) -> str:
        """Who owes what is missing: the name of the owner team, or the names."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it is about, in a few words."""

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """What the pack says that it is about."""

    @abstractmethod
    def spoken(self) -> list[tuple[str, Spoken]]:
        """The signatures that every form shows, each with what was signed for."""

    def parts(self) -> "Sequence[Covered]":
        """What a section that is repeated for each model covers in turn."""
        return ()

    def named(self, version: ModelVersion) -> tuple[Cell, ...]:
        """The cells under `names`."""
        return ()

    def within(self, rows: "QuerySet[Row]", field: str) -> "QuerySet[Row]":
        """Of the rows those whose moment counts."""
        return rows

    @property
    def only_model(self) -> RegisteredModel:
        """The model, of a pack about one or about one of its versions."""
        return self.models.get()

    @cached_property
    def shelf(self) -> Shelf:
        """What is read once for all of its models."""
        return Shelf(self.models.values_list("pk", flat=True), self.now)

    @property
    def entry(self) -> RegisterEntry | None:
        """What the register says of the model now."""
        return self.shelf.entries.get(self.only_model.pk)

    def told(self, action: Action) -> list[AuditEvent]:
        """The events by which the model was registered, changed or entered, newest first."""
        events = self.shelf.told.get(str(self.only_model.pk), [])
        return [event for event in events if event.action == action.value]

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The newest signed head of the log."""
        return self.shelf.checkpoint

    @property
    def witness(self) -> tuple[str, ...]:
        """The digest of what shows that something did not happen: nothing where none was signed."""
        head = self.checkpoint
        return (f"sha256:{sha256(head.note.encode()).hexdigest()}",) if head else ()
