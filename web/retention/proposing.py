"""Proposing a rule of retention, and that files of a version or rows of a snapshot go."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Team
from accounts.policies import may_manage_people
from accounts.roles import Role
from common.decisions import Decision, deny
from compliance.retention.dependents import dependents_of
from compliance.retention.kept import why_all_kept
from compliance.retention.policies import may_propose_deletion
from registry.models import DatasetSnapshot
from registry.selectors import dataset_by_id
from trust.times import format_moment
from web.forms.retention import DeletionForm, EmptyingForm, RuleForm
from web.proposals.proposing import ProposePage, Proposing
from web.versions.acts import ActPage
from web.words import word


class ProposeRule(ProposePage):
    """A rule of retention."""

    template = "retention/propose.html"
    kind = "retention"
    section = "web:people"
    what = gettext_lazy(
        "Whatever is older than the rule says may be deleted by a manager and compliance of the "
        "owner team; without a rule it is kept for ever. Files of high-risk versions that were "
        "approved once stay for ten years at least (EU AI Act, Article 18)."
    )

    def prepare(self, **address: Any) -> None:
        """Administrators."""
        may_manage_people(self.caller).enforce()
        self.title = _("Propose a rule of retention")

    def form(self, data: Any = None) -> forms.Form:
        """The rule, reason and proof."""
        return RuleForm(data, asks=self.asks())

    def wish(self, form: forms.Form) -> dict[str, Any]:
        """The rule."""
        return {name: form.cleaned_data[name] for name in ("tier", "kind", "days")}


class ProposeEmptying(ProposePage):
    """That inputs and outputs of old prediction records go."""

    template = "retention/propose.html"
    kind = "emptying"
    section = "web:people"
    what = gettext_lazy(
        "Once compliance has confirmed it, inputs and outputs of the records are gone for good. "
        "Which version answered, when, for whom, under which approval, and the digests of input "
        "and output stay; a bundle says what was deleted, and verifies."
    )

    def prepare(self, **address: Any) -> None:
        """Managers of some team; the service asks for the team's."""
        self.teams = Team.objects.filter(pk__in=self.caller.teams_with(Role.MANAGER))
        if not self.teams.exists():
            deny("Only managers propose to delete.").enforce()
        self.title = _("Delete inputs and outputs of predictions")

    def form(self, data: Any = None) -> forms.Form:
        """Whose, from before when, reason and proof."""
        return EmptyingForm(data, teams=self.teams.order_by("slug"), asks=self.asks())

    def wish(self, form: forms.Form) -> dict[str, Any]:
        """Team and moment."""
        given = form.cleaned_data
        return {"team": given["team"], "before": format_moment(given["before"])}


class ProposeDatasetDeletion(ProposePage):
    """That the rows of a snapshot go, with what depends on them."""

    template = "retention/propose_rows.html"
    kind = "dataset_deletion"
    section = "web:people"
    nav = "web:datasets"
    what = gettext_lazy(
        "Once compliance has confirmed it, the rows are gone for good, under every name that the "
        "team gave to these bytes. Digest, number of rows, columns and classes stay, and so do "
        "reports and approvals: what was measured cannot be measured again, and no other version "
        "can be. A file of the same bytes is refused from then on."
    )
    dataset: DatasetSnapshot

    def prepare(self, **address: Any) -> None:
        """Managers of the owner team."""
        self.dataset = dataset_by_id(self.caller, address["pk"])
        may_propose_deletion(self.caller, self.dataset.team_id).enforce()
        self.title = _("Delete the rows of %(name)s (%(split)s)") % {
            "name": self.dataset.name,
            "split": word(self.dataset.split, "split"),
        }

    def wish(self, form: forms.Form) -> dict[str, Any]:
        """The snapshot."""
        return {"dataset": str(self.dataset.pk)}

    def context(self) -> dict[str, Any]:
        """With what depends on the rows."""
        found = dependents_of(self.dataset)
        return {**super().context(), "dataset": self.dataset, "dependents": found}


class ProposeDeletion(Proposing, ActPage):
    """That the files of a version go."""

    kind = "deletion"

    title = gettext_lazy("Delete the files")
    what = gettext_lazy(
        "Once compliance has confirmed it, the bytes of this version's files are gone for good. "
        "Digests, manifest, reports, reviews, signatures and the log stay, with a tombstone of "
        "each file; whoever verifies a bundle is told of the deletion."
    )
    button = gettext_lazy("Propose the deletion")
    tone = "bad"

    def allowed(self) -> Decision:
        """Managers."""
        return may_propose_deletion(self.caller, self.version.model.team_id)

    def why_not(self) -> str:
        """What keeps its files; the deletion is asked the same once it is proposed."""
        return why_all_kept(self.version, timezone.now())

    def form(self, data: Any = None) -> forms.Form:
        """Which files besides, reason and proof."""
        return DeletionForm(data, asks=self.asks())

    def wish(self, form: forms.Form) -> dict[str, Any]:
        """The version, and whether attachments go as well."""
        return {
            "model": self.version.model.name,
            "version": self.version.number,
            "attachments": form.cleaned_data["attachments"],
        }
