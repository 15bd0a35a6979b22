"""How far into the past a caller sees: as far as the log."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from accounts.callers import Caller
from common.errors import NotFound
from compliance import policies
from registry.models import RegisteredModel
from registry.policies import KEEPERS, READERS, may_read_evidence
from registry.selectors import names_in

Row = TypeVar("Row", bound=Model)


def teams_in_reach(caller: Caller) -> set[UUID] | None:
    """The teams whose part of the log the caller reads; None where he reads the whole of it.

    Raises NotAllowed.
    """
    policies.may_read_log(caller).enforce()
    return None if policies.may_read_whole_log(caller) else caller.teams_with(*KEEPERS)


def within(rows: QuerySet[Row], teams: set[UUID] | None, field: str) -> QuerySet[Row]:
    """The rows whose team, by this field, is in reach."""
    return rows if teams is None else rows.filter(**{f"{field}__in": teams})


def models_asked_about(caller: Caller, most: int) -> list[str]:
    """Names of models whose history the caller reads, to be suggested."""
    whole = policies.may_read_whole_log(caller)
    return names_in(None if whole else caller.teams_with(*READERS), most)


def model_in_reach(caller: Caller, name: str) -> RegisteredModel:
    """A model whose history the caller reads: readers of its evidence, and of the whole log.

    Raises NotFound, NotAllowed.
    """
    rows = RegisteredModel.objects.select_related("team")
    if policies.may_read_whole_log(caller):
        model = rows.filter(name=name).first()
    else:
        model = rows.filter(name=name, team_id__in=caller.teams).first()
        if model:
            may_read_evidence(caller, model.team_id).enforce()
    if model is None:
        raise NotFound(f"There is no model named {name!r} that you may see.", field="model")
    return model
