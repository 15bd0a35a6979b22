"""The tabs of evaluations and explanations: the newest report, all runs, and a new one."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse

from common.errors import Conflict
from evaluation.models import EvaluationRun, ExplanationRun
from evaluation.policies import may_evaluate
from evaluation.selectors import newest_plan, plans_of
from evaluation.services import request_explanation, request_run
from governance.policy.documents import Policy
from governance.selectors import Measured, policy_for
from registry.models import Evidence
from registry.selectors import version_by_digest
from web.forms.versions import EvaluationForm, ExplanationForm, PlannedForm
from web.reports.evaluation import evaluation_view
from web.reports.explanation import explanation_view
from web.reports.plan import in_words, plan_view
from web.reports.rows import with_deletion
from web.reviews.presenting import floors_of, report_on_same_rows
from web.versions.runs import StartTab, runs_of


class Measuring(StartTab):
    """A tab with one kind of report; `report` (the start of its digest) shows an older one."""

    kind: str

    def chosen(self) -> tuple[Evidence | None, bool]:
        """The chosen report, and whether it is the newest one."""
        rows = self.version.evidence.filter(kind=self.kind).order_by("-created_at")
        newest = rows.first()
        wanted = self.request.GET.get("report", "").replace("\x00", "")
        chosen = rows.filter(digest__startswith=wanted).first() if wanted else None
        return chosen or newest, chosen is None or chosen == newest

    def may_start(self) -> Any:
        """Whether the person may ask for one."""
        return may_evaluate(self.caller, self.version.model.team_id)


class Evaluation(Measuring):
    """How good it is, and against the champion."""

    tab = "evaluation"
    kind = "evaluation"
    template = "versions/evaluation.html"

    def form(self, data: Any = None) -> forms.Form:
        """Held-out rows only, or a plan that names them."""
        if data is not None and "plan" in data:
            return PlannedForm(data, plans=plans_of(self.version))
        return EvaluationForm(data, snapshots=self.held_out())

    def start(self, form: Any) -> UUID | None:
        """Asks for a measurement, under the plan where its button was pressed."""
        run = request_run(caller=self.caller, version=self.version, **form.cleaned_data)
        return run.job_id

    def show(self, status: int = 200, **more: Any) -> HttpResponse:
        """What was wrong with a run under a plan stands beside the plan."""
        if isinstance(more.get("form"), PlannedForm):
            more = {"refused": more["form"]}
        return super().show(status, **more)

    def context(self) -> dict[str, Any]:
        """The report beside the champion's own figures on the same rows."""
        row, is_newest = self.chosen()
        runs = EvaluationRun.objects.filter(version=self.version)
        context = {
            "evidence": row,
            "is_newest": is_newest,
            "runs": runs_of(runs, "dataset", "report", "champion"),
            "may_start": self.may_start(),
            "has_rows": self.held_out().exists(),
            "new": f"v{self.version.number}",
            **self._waiting(),
        }
        return context | self._report(row) if row else context

    def _waiting(self) -> dict[str, Any]:
        """The plan under which a run may be started now."""
        plan = newest_plan(self.version)
        return {"last_plan": plan, "last_limits": in_words(plan) if plan else []}

    def _report(self, row: Evidence) -> dict[str, Any]:
        report = json.loads(bytes(row.body))
        compared = report.get("comparison")
        digest = compared["champion"]["digest"] if compared else ""
        champion = version_by_digest(self.version.model, digest) if digest else None
        view = evaluation_view(
            report,
            floors=self._floors(),
            champion=report_on_same_rows(champion, report),
            shown_class=self.request.GET.get("class", ""),
        )
        measured = Measured.of(self.version, row.digest, report)
        old = f"v{champion.number}" if champion else ""
        return {"ev": with_deletion(view), "old": old, "pl": plan_view(measured)}

    def _floors(self) -> dict[str, float]:
        try:
            return floors_of(Policy.read(policy_for(self.version.model).document))
        except Conflict:
            return {}


class Explanations(Measuring):
    """What drives the answers; `row` chooses the row that is explained singly."""

    tab = "explanations"
    kind = "explanation"
    template = "versions/explanations.html"

    def form(self, data: Any = None) -> forms.Form:
        """Any rows of the team."""
        return ExplanationForm(data, snapshots=self.snapshots())

    def start(self, form: Any) -> UUID | None:
        """Asks for an explanation."""
        run = request_explanation(caller=self.caller, version=self.version, **form.cleaned_data)
        return run.job_id

    def context(self) -> dict[str, Any]:
        """The report and the runs."""
        row, is_newest = self.chosen()
        runs = ExplanationRun.objects.filter(version=self.version)
        context: dict[str, Any] = {
            "evidence": row,
            "is_newest": is_newest,
            "runs": runs_of(runs, "dataset", "report"),
            "may_start": self.may_start(),
            "has_rows": self.snapshots().exists(),
        }
        if row:
            wanted = self.request.GET.get("row", "")
            place = int(wanted) if wanted.isdecimal() and len(wanted) < 6 else 0
            view = explanation_view(json.loads(bytes(row.body)), row=place)
            context["ex"] = with_deletion(view)
        return context
