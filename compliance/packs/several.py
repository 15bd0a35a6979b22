"""Models of some teams, and a time: what packs about the register and about a period cover."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import Team
from compliance.packs.covered import Covered, Row
from compliance.packs.found import Cell
from compliance.packs.line import Line
from compliance.packs.printing import cell
from compliance.past.approvals import Spoken
from governance.models import Signature
from registry.models import ModelVersion, RegisteredModel
from trust.times import format_moment


class Register(Covered):
    """Every model of the teams at the moment `now`."""

    names = ("version",)

    def __init__(self, teams: Sequence[Team], now: datetime) -> None:
        super().__init__(now)
        self.teams = sorted(teams, key=lambda team: team.name)
        self._lines = [Line(model, now, self.shelf) for model in self.models]

    @property
    def models(self) -> QuerySet[RegisteredModel]:
        """The models, by name."""
        rows = RegisteredModel.objects.filter(team__in=self.teams)
        return rows.select_related("team", "created_by__person").order_by("name")

    @property
    def versions(self) -> QuerySet[ModelVersion]:
        """All versions of them."""
        return ModelVersion.objects.filter(model__team__in=self.teams)

    @property
    def things(self) -> list[tuple[str, object]]:
        """The models; every event of a version names its model."""
        return [("model", line.model.pk) for line in self._lines]

    @property
    def team(self) -> str:
        """The teams' names."""
        return ", ".join(team.name for team in self.teams)

    @property
    def title(self) -> str:
        """That it is the register."""
        return "Register"

    def as_dict(self) -> dict[str, Any]:
        """The teams by slug."""
        slugs = [team.slug for team in self.teams]
        return {"kind": "register", "title": self.title, "teams": slugs, "team": self.team}

    def named(self, version: ModelVersion) -> tuple[Cell, ...]:
        """Model and number."""
        return (str(version),)

    def parts(self) -> list[Line]:
        """Each model."""
        return self._lines

    def spoken(self) -> list[tuple[str, Spoken]]:
        """Those under the approvals of what is live."""
        return [said for line in self._lines for said in line.spoken()]


class Period(Covered):
    """What happened to models from `since` on and before `until`, as told at the moment `now`."""

    names = ("version",)

    def __init__(
        self, models: QuerySet[RegisteredModel], since: datetime, until: datetime, now: datetime
    ) -> None:
        super().__init__(now)
        self._models = list(models.select_related("team").order_by("name"))
        self.since, self.until = since, until

    @property
    def at(self) -> datetime:
        """The end of the period, or now where it has not ended."""
        return min(self.until, self.now)

    def counts(self, moment: datetime) -> bool:
        """Whether it lies in the period, and not in the future."""
        return self.since <= moment < self.until and moment <= self.now

    def within(self, rows: "QuerySet[Row]", field: str) -> "QuerySet[Row]":
        """Those of the period."""
        return rows.filter(**{f"{field}__gte": self.since, f"{field}__lt": self.until})

    @property
    def models(self) -> QuerySet[RegisteredModel]:
        """The models, by name."""
        keys = [model.pk for model in self._models]
        return RegisteredModel.objects.filter(pk__in=keys).order_by("name")

    @property
    def versions(self) -> QuerySet[ModelVersion]:
        """All versions of them."""
        return ModelVersion.objects.filter(model__in=[model.pk for model in self._models])

    @property
    def things(self) -> list[tuple[str, object]]:
        """The models; every event of a version names its model."""
        return [("model", model.pk) for model in self._models]

    @property
    def team(self) -> str:
        """The names of the owner teams."""
        return ", ".join(sorted({model.team.name for model in self._models}))

    @property
    def title(self) -> str:
        """What it is about, from when to when."""
        many = f"{len(self._models)} models"
        what = self._models[0].name if len(self._models) == 1 else many
        since, until = (cell(format_moment(at)) for at in (self.since, self.until))
        return f"{what}, {since} to {until}"

    def as_dict(self) -> dict[str, Any]:
        """The models and the bounds."""
        return {
            "kind": "period",
            "title": self.title,
            "models": [model.name for model in self._models],
            "since": format_moment(self.since),
            "until": format_moment(self.until),
            "team": self.team,
        }

    def named(self, version: ModelVersion) -> tuple[Cell, ...]:
        """Model and number."""
        return (str(version),)

    def spoken(self) -> list[tuple[str, Spoken]]:
        """Those given in the period."""
        rows = Signature.objects.filter(review__version__in=self.versions)
        given = self.within(rows.select_related("review__version__model"), "at").order_by("at")
        return [(str(row.review.version), Spoken.of(row)) for row in given]
