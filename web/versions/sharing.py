"""Giving a version a share of an alias's calls beside the holder, and ending it."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.decisions import Decision
from governance import policies
from governance.splits.models import Split
from governance.splits.services import end_split, split
from web.forms.versions import EndSplitForm, SplitForm
from web.versions.acts import ActPage, holders_beside


class GiveShare(ActPage):
    """A share of an alias's calls for this version."""

    form_class = SplitForm
    title = gettext_lazy("Give it a share of an alias")
    what = gettext_lazy(
        "From then on this version answers so many percent of the calls of the alias, and its "
        "holder the others. The approval must be for that share. Each answer and its record say "
        "which version it was and with what share."
    )
    button = gettext_lazy("Give the share")
    tone = "ok"

    def allowed(self) -> Decision:
        """Managers."""
        return policies.may_promote(self.caller, self.version.model.team_id)

    def context(self) -> dict[str, Any]:
        """With who holds which alias now, and what its callers would notice."""
        return {**super().context(), **holders_beside(self.version)}

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Gives it."""
        split(caller=self.caller, version=self.version, **given)
        words = {"alias": given["alias"], "n": self.version.number, "share": given["percent"]}
        return self.done(_("v%(n)s answers %(share)s %% of the calls of @%(alias)s now.") % words)


class EndShare(ActPage):
    """The end of this version's share of an alias."""

    title = gettext_lazy("End its share of an alias")
    what = gettext_lazy("From then on the holder of the alias answers all of its calls again.")
    button = gettext_lazy("End the share")

    def allowed(self) -> Decision:
        """Managers."""
        return policies.may_promote(self.caller, self.version.model.team_id)

    def form(self, data: Any = None) -> forms.Form:
        """With the aliases of which it has a share."""
        rows = Split.objects.filter(version=self.version).order_by("alias__name")
        return EndSplitForm(data, aliases=list(rows.values_list("alias__name", flat=True)))

    def act(self, given: dict[str, Any]) -> HttpResponse:
        """Ends it."""
        end_split(caller=self.caller, model=self.version.model, **given)
        return self.done(_("@%(alias)s is answered by its holder alone.") % given)
