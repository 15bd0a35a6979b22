"""The list of models, a new one, its description, and new versions by upload or training."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Team
from accounts.roles import Role
from accounts.selectors import teams_of
from common.errors import Invalid
from governance.approvals.answering import answers_of
from governance.emergencies import selectors as emergencies
from registry import policies, services
from registry.intake import Piece, request_version
from registry.manifests import MODEL, SIDECAR, TOKENIZER, WEIGHTS
from registry.models import ModelVersion, RegisteredModel
from registry.selectors import (
    datasets_of,
    matching,
    model_named,
    models_of,
    version_asked_for,
    with_rows,
)
from training.policies import may_train
from training.recipes import RECIPES, Recipe
from training.recipes.recipe import common_params
from training.services import request_run
from web.base import PageView
from web.formpage import FormPage
from web.forms.models import DescriptionForm, ModelFilter, ModelForm, UploadForm
from web.forms.params import TrainingForm
from web.register.page import SIGNATURE_EXAMPLE, live_of, model_page
from web.uploadpage import UploadPage

PAGE_SIZE = 30
FURTHER = (WEIGHTS, TOKENIZER, SIDECAR)
CONTRIBUTING = (Role.CONTRIBUTOR, Role.MANAGER)


class ModelList(PageView):
    """The register, with search and filters in the address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, by name."""
        form = ModelFilter(request.GET, teams=list(teams_of(self.caller)))
        rows = _with_newest(models_of(self.caller))
        if form.is_valid():
            rows = _filtered(rows, form.cleaned_data)
        after = request.GET.get("after", "")
        if "\x00" in after:
            raise Invalid("This page does not exist; begin at the first one.", field="after")
        found = list(rows.filter(name__gt=after)[: PAGE_SIZE + 1])
        context = {
            "form": form,
            "models": _with_live(found[:PAGE_SIZE]),
            "next": found[PAGE_SIZE - 1].name if len(found) > PAGE_SIZE else "",
            "is_filtered": any(request.GET.get(name) for name in form.fields),
            "may_add": bool(self.caller.teams_with(*CONTRIBUTING)),
        }
        return self.page("models/list.html", context)


def _with_newest(rows: QuerySet[RegisteredModel]) -> QuerySet[RegisteredModel]:
    newest = ModelVersion.objects.filter(model=OuterRef("pk")).order_by("-number")
    return rows.annotate(newest_status=Subquery(newest.values("status")[:1]))


def _with_live(models: list[RegisteredModel]) -> list[tuple[RegisteredModel, Any, Any]]:
    now = timezone.now()
    answers = answers_of(models, now=now)
    granted = emergencies.answering(answers, models, now)
    return [(model, live_of(answers[model.pk]), granted[model.pk]) for model in models]


def _filtered(rows: QuerySet[RegisteredModel], chosen: dict[str, Any]) -> QuerySet[RegisteredModel]:
    if chosen["q"]:
        rows = matching(rows, chosen["q"].strip())
    exact = {
        "team__slug": chosen["team"],
        "risk_tier": chosen["tier"],
        "newest_status": chosen["status"],
        "tags__contains": [chosen["tag"]] if chosen["tag"] else "",
    }
    return rows.filter(**{name: value for name, value in exact.items() if value})


class ModelNew(FormPage):
    """Registering a model."""

    template = "models/new.html"

    def form(self, data: Any = None) -> forms.Form:
        """Offers the teams in which the person contributes."""
        return ModelForm(data, teams=self._teams())

    def _teams(self) -> QuerySet[Team]:
        return Team.objects.filter(pk__in=self.caller.teams_with(*CONTRIBUTING)).order_by("slug")

    def context(self) -> dict[str, Any]:
        """Whether there is a team at all."""
        return {"has_team": self._teams().exists()}

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Registers it and opens its page."""
        model = services.register_model(caller=self.caller, **given)
        messages.success(self.request, _("The model is registered."))
        return redirect("web:model", model.name)


class ModelPage(PageView):
    """One model."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        """The page."""
        model = model_named(self.caller, name)
        return self.page("models/detail.html", model_page(self.caller, model, request.GET.dict()))


class OfModel(FormPage):
    """A form about one model."""

    model: RegisteredModel

    def prepare(self, **address: Any) -> None:
        """Only contributors and managers of the owner team come further."""
        self.model = model_named(self.caller, address["name"])
        policies.may_contribute(self.caller, self.model.team_id).enforce()

    def context(self) -> dict[str, Any]:
        """The model."""
        return {"model": self.model}


class ModelEdit(OfModel):
    """Changing a model's description."""

    template = "models/edit.html"

    def form(self, data: Any = None) -> forms.Form:
        """Filled in with what stands there."""
        fields = ("purpose", "licence", "tags")
        return DescriptionForm(data, initial={name: getattr(self.model, name) for name in fields})

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Changes it and goes back."""
        services.change_model(caller=self.caller, model=self.model, changes=given)
        messages.success(self.request, _("The description is changed."))
        return redirect("web:model", self.model.name)


class VersionNew(UploadPage, OfModel):
    """A version by upload."""

    template = "models/upload.html"
    renamed = {
        "artifacts": "model_file",
        "upload": "model_file",
        "inputs": "signature",
        "outputs": "signature",
    }

    def form(self, data: Any = None) -> forms.Form:
        """Empty, or filled in with what a job was asked for that made nothing of it."""
        return UploadForm(data, initial=self._as_before())

    def _as_before(self) -> dict[str, Any]:
        asked = version_asked_for(self.caller, self.model, self.request.GET.get("job", ""))
        if asked is None:
            return {}
        first, *others = sorted(asked.pieces, key=lambda piece: piece["role"] != MODEL)
        given = {"model_file": first["upload"], "is_opaque": first["role"] != MODEL}
        given |= {"note": asked.note}
        if asked.signature:
            given["signature"] = json.dumps(asked.signature, indent=2)
        for role in FURTHER:
            given[role] = [piece["upload"] for piece in others if piece["role"] == role]
        return given

    def context(self) -> dict[str, Any]:
        """The model, and a signature to copy."""
        return {"model": self.model, "example": SIGNATURE_EXAMPLE}

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Asks for the version and opens its job; after a refusal the uploads are still there."""
        pieces = [
            Piece(given["model_file"], SIDECAR if given["is_opaque"] else MODEL),
            *(Piece(upload, role) for role in FURTHER for upload in given[role]),
        ]
        asked = request_version(
            caller=self.caller,
            model=self.model,
            pieces=pieces,
            signature=given["signature"],
            note=given["note"],
        )
        messages.success(self.request, _("The files wait for their check."))
        return redirect("web:job", asked.job_id)


class TrainingNew(OfModel):
    """A training, with a form made from the recipe's parameters; `recipe` chooses it."""

    template = "models/train.html"

    def prepare(self, **address: Any) -> None:
        """Only those who may train come further."""
        super().prepare(**address)
        may_train(self.caller, self.model.team_id).enforce()

    @property
    def recipe(self) -> Recipe:
        """The chosen recipe, the first one without a choice."""
        return RECIPES.get(self.request.GET.get("recipe", "")) or next(iter(RECIPES.values()))

    def form(self, data: Any = None) -> forms.Form:
        """Offers the team's snapshots."""
        snapshots = with_rows(datasets_of(self.caller)).filter(team=self.model.team_id)
        return TrainingForm(data, params=self.recipe.params, snapshots=snapshots)

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Asks for the training and opens its job."""
        own = {param.name for param in self.recipe.params}
        run = request_run(
            caller=self.caller,
            model=self.model,
            recipe=self.recipe.name,
            params={name: value for name, value in given.items() if name in own},
            dataset=given["dataset"],
            validation=given["validation"],
        )
        messages.success(self.request, _("The training waits for a worker."))
        return redirect("web:job", run.job_id)

    def context(self) -> dict[str, Any]:
        """The recipes, and which parameters belong to the loop that all of them share."""
        shared = {param.name for param in common_params(epochs=1)}
        return {
            "model": self.model,
            "recipe": self.recipe,
            "recipes": list(RECIPES.values()),
            "network": [p.name for p in self.recipe.params if p.name not in shared],
            "loop": [p.name for p in self.recipe.params if p.name in shared],
            "has_rows": self.form().fields["dataset"].queryset.exists(),  # type: ignore[attr-defined]
        }
