"""A model with all its versions: what packs about a model cover."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from compliance.packs.covered import Covered
from compliance.packs.found import Cell
from compliance.packs.shelf import Shelf
from compliance.past.alias import AliasThen, pointed
from compliance.past.approvals import Spoken
from governance.approvals.answering import Answering
from registry.models import AliasMove, ModelVersion, RegisteredModel


class Line(Covered):
    """A model at the moment `now`."""

    names = ("version",)

    def __init__(self, model: RegisteredModel, now: datetime, shelf: Shelf | None = None) -> None:
        """`shelf` is that of the register, of a model that is told as a part of it."""
        super().__init__(now)
        self.model = model
        if shelf:
            self.shelf = shelf

    @property
    def only_model(self) -> RegisteredModel:
        """The model."""
        return self.model

    @property
    def versions(self) -> QuerySet[ModelVersion]:
        """All its versions."""
        return ModelVersion.objects.filter(model=self.model)

    @property
    def models(self) -> QuerySet[RegisteredModel]:
        """The model."""
        return RegisteredModel.objects.filter(pk=self.model.pk)

    @property
    def things(self) -> list[tuple[str, object]]:
        """The model; every event of a version names it."""
        return [("model", self.model.pk)]

    @property
    def team(self) -> str:
        """The owner team's name."""
        return self.model.team.name

    @property
    def title(self) -> str:
        """The model's name."""
        return self.model.name

    def as_dict(self) -> dict[str, Any]:
        """Model and team."""
        return {"kind": "model", "title": self.title, "model": self.title, "team": self.team}

    def named(self, version: ModelVersion) -> tuple[Cell, ...]:
        """The number."""
        return (f"v{version.number}",)

    @cached_property
    def aliases(self) -> Mapping[str, AliasThen]:
        """What stands behind each alias now, by name."""
        found = {}
        for alias in self.shelf.aliases.get(self.model.pk, []):
            moves = AliasMove.objects.filter(model=self.model, alias=alias)
            move = (
                moves.select_related("to_version__model", "from_version", "by__person")
                .order_by("at", "pk")
                .last()
            )
            if move and move.to_version:
                found[alias] = pointed(self.model, move, None, self.now)
        return found

    @property
    def live(self) -> list[AliasThen]:
        """Of these what is live."""
        return [then for then in self.aliases.values() if then.state == Answering.LIVE]

    def spoken(self) -> list[tuple[str, Spoken]]:
        """Those under the approvals of what is live."""
        behind = {str(then.version): then.behind for then in self.live if then.behind}
        return [(name, said) for name, one in behind.items() for said in one.signatures]
