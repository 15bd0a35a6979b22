"""Dataset snapshots: the list, one snapshot with what it was used for, and a new one."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import Team
from accounts.roles import Role
from evaluation.models import EvaluationRun, ExplanationRun
from evaluation.selectors import uses_by_model
from registry.intake import request_dataset
from registry.models import DatasetSnapshot
from registry.selectors import dataset_asked_for, dataset_by_id, datasets_of
from training.models import CompressionRun, TrainingRun
from web.base import PageView
from web.forms.models import DatasetFilter, DatasetForm
from web.paging import newest_first
from web.retention.presenting import deletion_of, held_dataset
from web.uploadpage import UploadPage

CONTRIBUTING = (Role.CONTRIBUTOR, Role.MANAGER)
MOST_USES = 20
MOST_COLUMNS = 200


class DatasetList(PageView):
    """Snapshots of the person's teams, with filters in the address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, newest first."""
        form = DatasetFilter(request.GET)
        rows = datasets_of(self.caller)
        if form.is_valid():
            if form.cleaned_data["q"]:
                rows = rows.filter(name__icontains=form.cleaned_data["q"].strip())
            if form.cleaned_data["split"]:
                rows = rows.filter(split=form.cleaned_data["split"])
        context = {
            "form": form,
            "listing": newest_first(rows, "created_at", request.GET.get("after", "")),
            "is_filtered": any(request.GET.get(name) for name in form.fields),
            "may_add": bool(self.caller.teams_with(*CONTRIBUTING)),
        }
        return self.page("datasets/list.html", context)


class DatasetPage(PageView):
    """One snapshot."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page."""
        dataset = dataset_by_id(self.caller, pk)
        columns = dataset.schema["columns"]
        context = {
            "dataset": dataset,
            "schema": dataset.schema,
            "columns": columns[:MOST_COLUMNS],
            "more_columns": max(0, len(columns) - MOST_COLUMNS),
            "row_shape": dataset.schema["shape"][1:],
            "uses": uses_of(dataset),
            "measured_for": list(uses_by_model(dataset)),
            **held_dataset(self.caller, dataset),
            **deletion_of(self.caller, dataset),
        }
        return self.page("datasets/detail.html", context)


def uses_of(dataset: DatasetSnapshot) -> list[dict[str, Any]]:
    """{"what", "model", "number", "job", "at"}: what was done with the rows, newest first."""
    found = [
        *_uses(_("Training"), TrainingRun.objects.filter(dataset=dataset), "version"),
        *_uses(_("Validation"), TrainingRun.objects.filter(validation=dataset), "version"),
        *_uses(_("Evaluation"), EvaluationRun.objects.filter(dataset=dataset), "version"),
        *_uses(_("Explanation"), ExplanationRun.objects.filter(dataset=dataset), "version"),
        *_uses(_("Compression"), CompressionRun.objects.filter(calibration=dataset), "parent"),
        *_uses(_("Comparison"), CompressionRun.objects.filter(holdout=dataset), "parent"),
    ]
    return sorted(found, key=lambda use: use["at"], reverse=True)[:MOST_USES]


def _uses(what: str, runs: QuerySet[Any], about: str) -> list[dict[str, Any]]:
    rows = runs.select_related(f"{about}__model").order_by("-created_at")[:MOST_USES]
    return [
        {"what": what, "version": getattr(run, about), "job": run.job_id, "at": run.created_at}
        for run in rows
    ]


class DatasetNew(UploadPage):
    """Registering a snapshot from an uploaded file."""

    template = "datasets/new.html"
    renamed = {"format": "file_format", "size": "upload"}

    def _teams(self) -> QuerySet[Team]:
        return Team.objects.filter(pk__in=self.caller.teams_with(*CONTRIBUTING)).order_by("slug")

    def form(self, data: Any = None) -> forms.Form:
        """Offers the teams in which the person contributes; filled in with what a job was asked
        for that made nothing of it."""
        return DatasetForm(data, teams=self._teams(), initial=self._as_before())

    def _as_before(self) -> dict[str, Any]:
        asked = dataset_asked_for(self.caller, self.request.GET.get("job", ""))
        if asked is None:
            return {}
        same = ("upload", "name", "split", "target", "origin", "licence")
        given = {name: getattr(asked, name) for name in same}
        return given | {"team": asked.team.slug, "file_format": asked.format}

    def context(self) -> dict[str, Any]:
        """Whether there is a team at all."""
        return {"has_team": self._teams().exists()}

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Asks for the snapshot and opens its job."""
        asked = request_dataset(caller=self.caller, **given)
        messages.success(self.request, _("The file waits to be read."))
        return redirect("web:job", asked.job_id)
