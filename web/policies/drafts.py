"""A policy before it is published: as a form, as YAML, and tried on versions; nothing is kept."""

from typing import Any
from uuid import UUID

import yaml
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse

from accounts.selectors import teams_of
from common.errors import DomainError, Invalid
from governance.models import PolicyVersion
from governance.policy.changes import changes_between
from governance.policy.documents import Policy
from governance.policy.trials import MOST_AT_ONCE, try_policy, versions_to_try
from governance.selectors import policies_seen_by, policy_by_id
from registry.policies import READERS, may_read_evidence
from registry.selectors import names_in, version_numbered
from web.base import UNPROCESSABLE, PageView, show_refusal
from web.forms.policies import PolicyForm
from web.forms.policy_fields import PolicyFieldsForm
from web.forms.proposals import ProposePolicyForm
from web.forms.suggesting import MOST_SUGGESTED, suggest
from web.forms.trials import TrialForm, asked
from web.policies.presenting import as_yaml, shown_changes, shown_trial
from web.policies.views import PolicyList, PolicyPublish


class PolicyDraft(PolicyPublish):
    """The draft as a form; what the YAML says is carried over, and back."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form, filled with `?from=<policy>` or with the policy that everybody starts with."""
        self.may_publish().enforce()
        initial = self._initial()
        document = yaml.safe_load(initial["document"])
        return self._fields(PolicyFieldsForm(initial=initial, document=document, **self._heads()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """The same draft in its other view; a fault stands beside its field in this one."""
        self.may_publish().enforce()
        if "document" in request.POST:
            return self._from_yaml(request)
        form = PolicyFieldsForm(request.POST, **self._heads())
        if not form.is_valid():
            return self._fields(form, UNPROCESSABLE)
        text = as_yaml(PolicyVersion(document=form.cleaned_data["document"]))
        initial = form.cleaned_data | {"document": text}
        if "trial" in request.POST:
            initial |= {"of_tier": initial["tier"], "of_team": initial["team"]}
            trial = TrialForm(initial=initial, teams=teams_of(self.caller))
            return self.page("policies/trial.html", {"form": trial, "may_publish": True})
        return self._form(self._proposal(initial), 200)

    def _proposal(self, initial: dict[str, Any]) -> ProposePolicyForm:
        return ProposePolicyForm(initial=initial, **self._choices())

    def _from_yaml(self, request: HttpRequest) -> HttpResponse:
        form = PolicyForm(request.POST, **self._heads())
        form.fields["name"].required = False  # a draft is looked at before it has one
        if form.is_valid():
            try:
                document = Policy.read(form.cleaned_data["document"]).as_dict()
            except Invalid as error:
                form.add_error("document", f"{error.field}: {error.reason}")
            else:
                heads = form.cleaned_data
                if "propose" in request.POST:
                    text = as_yaml(PolicyVersion(document=document))
                    return self._form(self._proposal(heads | {"document": text}), 200)
                return self._fields(
                    PolicyFieldsForm(initial=heads, document=document, **self._heads())
                )
        return self._form(self._with_faults(request, form), UNPROCESSABLE)

    def _with_faults(self, request: HttpRequest, form: PolicyForm) -> ProposePolicyForm:
        """The page's own form, which asks for a password besides, with these faults alone."""
        shown = ProposePolicyForm(request.POST, **self._choices())
        shown.errors.clear()
        shown.errors.update(form.errors)
        return shown

    def _fields(self, form: PolicyFieldsForm, status: int = 200) -> HttpResponse:
        return self.page("policies/fields.html", {"form": form}, status=status)

    def _heads(self) -> dict[str, Any]:
        choices = self._choices()
        return {name: choices[name] for name in ("teams", "for_everybody")}


class PolicyTrial(PolicyList):
    """What a policy, or a draft of one, would have said of versions as they stand."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The question, filled with `?policy=<policy>`; the answer comes when it is sent."""
        row = self._wanted(request.GET.get("policy", ""))
        return self._show(TrialForm(initial=_head_of(row), teams=teams_of(self.caller)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """The answer, some versions at a time."""
        form = TrialForm(asked(request.POST), teams=teams_of(self.caller))
        if not form.is_valid():
            return self._show(form, UNPROCESSABLE)
        given = form.cleaned_data
        try:
            policy = Policy.read(given["document"])
        except Invalid as error:
            form.add_error("document", f"{error.field}: {error.reason}")
            return self._show(form, UNPROCESSABLE)
        try:
            page = Paginator(self._versions(given), MOST_AT_ONCE).get_page(given["page"] or 1)
        except DomainError as error:
            return self._show(form, show_refusal(form, error))
        trials = [shown_trial(trial) for trial in try_policy(policy, list(page.object_list))]
        return self._show(form, answered=True, found=page, trials=trials)

    def _versions(self, given: dict[str, Any]) -> Any:
        if given["model"]:
            version = version_numbered(self.caller, given["model"], given["version"] or 1)
            may_read_evidence(self.caller, version.model.team_id).enforce()
            return [version]
        team = next((t for t in teams_of(self.caller) if t.slug == given["of_team"]), None)
        tier, which = given["of_tier"], given["which"]
        return versions_to_try(self.caller, which=which, tier=tier, team=team)

    def _wanted(self, text: str) -> PolicyVersion | None:
        try:
            return policies_seen_by(self.caller).filter(pk=UUID(text)).first() if text else None
        except ValueError:
            return None

    def _show(self, form: TrialForm, status: int = 200, **more: Any) -> HttpResponse:
        suggest(form, "model", names_in(self.caller.teams_with(*READERS), MOST_SUGGESTED))
        context = {
            "form": form,
            "policy": self._wanted(str(form["policy"].value() or "")),
            "may_publish": bool(self.may_publish()),
        }
        return self.page("policies/trial.html", {**context, **more}, status=status)


def _head_of(row: PolicyVersion | None) -> dict[str, Any]:
    """A policy that is tried, and what it needs to be revised from there."""
    if row is None:
        return {}
    team = row.team.slug if row.team else ""
    return {
        "document": as_yaml(row),
        "name": row.name,
        "tier": row.tier,
        "team": team,
        "policy": str(row.pk),
        "of_tier": row.tier,
    }


class PolicyCompare(PageView):
    """Two revisions, field by field."""

    def get(self, request: HttpRequest, pk: UUID, other: UUID) -> HttpResponse:
        """The page; the first is the later one."""
        after, before = policy_by_id(self.caller, pk), policy_by_id(self.caller, other)
        changes = shown_changes(changes_between(before.document, after.document))
        context = {"policy": after, "before": before, "changes": changes}
        return self.page("policies/compare.html", context)
