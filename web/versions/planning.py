"""Sealing the criteria of a version's evaluation."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.decisions import Decision
from common.errors import Conflict
from evaluation.metrics.catalogue import for_task
from evaluation.plans import seal_plan
from evaluation.policies import may_evaluate
from evaluation.selectors import document_of, newest_plan
from governance.policy.documents import Policy
from governance.selectors import policy_for
from web.forms.plans import PlanForm
from web.forms.slices import lines_of
from web.versions.acts import ActPage
from web.versions.runs import held_out


class SealPlan(ActPage):
    """The form, filled in with the plan before it, else with the floors of the policy in force."""

    template = "versions/plan.html"
    title = gettext_lazy("Seal an evaluation plan")
    what = gettext_lazy(
        "What the evaluation has to show is fixed before anybody knows its result. A sealed plan "
        "is never changed; a later one supersedes it, and reviewers see both. Whoever seals it "
        "becomes a contributor and cannot sign for this version."
    )
    button = gettext_lazy("Seal the plan")

    def allowed(self) -> Decision:
        """Who may measure."""
        return may_evaluate(self.caller, self.version.model.team_id)

    def prepare(self, **address: Any) -> None:
        """Refuses whoever may not seal, and where nothing can be measured."""
        super().prepare(**address)
        if not self.version.servable:
            raise Conflict(_("This version cannot be run, so nothing can be measured."))

    def form(self, data: Any = None) -> forms.Form:
        """The metrics are those of the version's task."""
        before = newest_plan(self.version)
        said = document_of(before) if before else {}
        same = ("dataset", "seed", "resamples")
        task = (self.version.signature or {})["task"]
        return PlanForm(
            data,
            snapshots=held_out(self.caller, self.version),
            metrics=for_task(task),
            wished=said["criteria"] if before else self._floors(),
            worst=said.get("slice_criteria", []),
            slices=lines_of(said.get("slices", [])),
            **({name: getattr(before, name) for name in same} if before else {}),
        )

    def _floors(self) -> Sequence[Mapping[str, Any]]:
        try:
            policy = Policy.read(policy_for(self.version.model).document)
        except Conflict:
            return []
        return [floor.as_dict() for floor in policy.metrics]

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Seals it."""
        seal_plan(caller=self.caller, version=self.version, **given)
        return self.done(_("The plan is sealed; measure under it."), "web:version-evaluation")
