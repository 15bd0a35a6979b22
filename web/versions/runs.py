"""Tabs on which jobs about the version are started: what they share."""

from abc import ABC, abstractmethod
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.callers import Caller
from common.errors import DomainError, NotAllowed
from registry.models import DatasetSnapshot, ModelVersion
from registry.selectors import datasets_of, fitting, with_rows
from web.base import UNPROCESSABLE, show_refusal
from web.versions.base import Tab
from worker.models import Job

MOST_RUNS = 20


class StartTab(Tab, ABC):
    """A tab with a form that starts a job. A GET shows it, a POST starts the job."""

    @abstractmethod
    def form(self, data: Any = None) -> forms.Form:
        """The form, empty or with what was sent."""

    @abstractmethod
    def start(self, form: Any) -> UUID | None:
        """Asks for the job; returns its number."""

    def show(self, status: int = 200, **more: Any) -> HttpResponse:
        """With an empty form unless one is given."""
        return super().show(status, **({"form": self.form()} | more))

    def post(self, request: HttpRequest, name: str, number: int) -> HttpResponse:
        """Starts the job and opens it, or shows the form with what is wrong."""
        self.find(name, number)
        form = self.form(request.POST)
        if not form.is_valid():
            return self.show(UNPROCESSABLE, form=form)
        try:
            job = self.start(form)
        except NotAllowed:
            raise
        except DomainError as error:
            return self.show(show_refusal(form, error), form=form)
        messages.success(request, _("The job waits for a worker."))
        return redirect("web:job", job)

    def snapshots(self) -> QuerySet[DatasetSnapshot]:
        """Snapshots of the owner team whose rows the version can take."""
        return _snapshots(self.caller, self.version)

    def held_out(self) -> QuerySet[DatasetSnapshot]:
        """Those that no training may see, the test splits first."""
        return held_out(self.caller, self.version)


def _snapshots(caller: Caller, version: ModelVersion) -> QuerySet[DatasetSnapshot]:
    own = with_rows(datasets_of(caller)).filter(team=version.model.team_id)
    return fitting(own, version)


def held_out(caller: Caller, version: ModelVersion) -> QuerySet[DatasetSnapshot]:
    """Snapshots that no training may see and whose rows fit the version, the test splits first."""
    is_test = Case(When(split="test", then=0), default=1)
    rows = _snapshots(caller, version).exclude(split="train")
    return rows.order_by(is_test, "-created_at", "pk")


def runs_of(rows: QuerySet[Any], *relations: str) -> list[dict[str, Any]]:
    """The last runs of a query with their jobs, by two queries."""
    found = list(
        rows.select_related("requested_by__person", *relations).order_by("-created_at")[:MOST_RUNS]
    )
    jobs = Job.objects.in_bulk([run.job_id for run in found if run.job_id])
    return [{"run": run, "job": jobs.get(run.job_id)} for run in found]
