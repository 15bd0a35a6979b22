"""What a pack that somebody asks for is about, and whether he may have it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Team
from common.errors import Conflict, Invalid, NotFound
from compliance import policies
from compliance.models import Pack
from compliance.packs.sources import MODEL, PERIOD, REGISTER, VERSION
from compliance.packs.templates import Template
from registry.models import ModelVersion, RegisteredModel
from registry.policies import KEEPERS
from registry.selectors import champion_of, model_named, version_numbered

PARTS: Mapping[str, tuple[str, ...]] = {
    VERSION: ("model", "number"),
    MODEL: ("model",),
    PERIOD: ("model", "team", "since", "until"),
    REGISTER: ("team",),
}
"""What may be said of a pack of each kind."""


def wished(caller: Caller, template: Template, given: Mapping[str, Any]) -> Pack:
    """The pack, not saved. Raises NotAllowed, NotFound, Conflict without a champion, Invalid."""
    said = {name: value for name, value in given.items() if value not in (None, "")}
    for name in said:
        if name not in PARTS[template.about]:
            raise Invalid(
                f"A pack by this template is about a {template.about}; leave this out.", field=name
            )
    about = {"kind": template.about, "template": template.name, "requested_by": caller.user}
    if template.about == VERSION:
        return Pack(**about, version=_version(caller, said))
    if template.about == MODEL:
        return Pack(**about, model=_model(caller, said))
    if template.about == REGISTER:
        return Pack(**about, teams=_teams(caller, said))
    since, until = _bounds(said)
    if "model" in said:
        if "team" in said:
            raise Invalid("Name a model or a team, not both.", field="team")
        return Pack(**about, model=_model(caller, said), since=since, until=until)
    return Pack(**about, teams=_teams(caller, said), since=since, until=until)


def _model(caller: Caller, said: Mapping[str, Any]) -> RegisteredModel:
    if "model" not in said:
        raise Invalid("Name the model.", field="model")
    model = model_named(caller, said["model"])
    policies.may_export(caller, model.team_id).enforce()
    return model


def _version(caller: Caller, said: Mapping[str, Any]) -> ModelVersion:
    model = _model(caller, said)
    number = said.get("number")
    found = champion_of(model) if number is None else version_numbered(caller, model.name, number)
    if found is None:
        raise Conflict("No version is the champion of this model; name a version.")
    return ModelVersion.objects.select_related("model").get(pk=found.pk)


def _teams(caller: Caller, said: Mapping[str, Any]) -> list[str]:
    """The team that is named, else all whose records the caller may take out of the house."""
    policies.may_ask_for_exports(caller).enforce()
    if "team" not in said:
        kept = Team.objects.filter(pk__in=caller.teams_with(*KEEPERS))
        return sorted(kept.values_list("slug", flat=True))
    team = Team.objects.filter(slug=said["team"], pk__in=caller.teams).first()
    if team is None:
        raise NotFound("There is no such team that you may see.", field="team")
    policies.may_export(caller, team.pk).enforce()
    return [team.slug]


def _bounds(said: Mapping[str, Any]) -> tuple[datetime, datetime]:
    for name in ("since", "until"):
        if name not in said:
            raise Invalid("Say from when to when.", field=name)
    since, until = said["since"], said["until"]
    if since >= until:
        raise Invalid("The end must come after the beginning.", field="until")
    if since > timezone.now():
        raise Invalid("This period has not begun.", field="since")
    return since, until
