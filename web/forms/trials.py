"""The question what a policy would have said: a document, and of which versions."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Team
from governance.policy.trials import APPROVED, LIVE
from registry.models import RiskTier
from web.forms.policies import YamlField

_MOST_PAGES = 100_000


def _carried(most: int) -> forms.CharField:
    return forms.CharField(required=False, max_length=most, widget=forms.HiddenInput)


def asked(given: QueryDict) -> QueryDict:
    """What was sent; a draft that comes from another page is asked of its own tier and team."""
    found = given.copy()
    for name in ("tier", "team"):
        if f"of_{name}" not in found:
            found[f"of_{name}"] = found.get(name, "")
    return found


class TrialForm(forms.Form):
    """The policy as YAML; versions by tier and team, or one of them."""

    document = YamlField()
    which = forms.ChoiceField(
        label=gettext_lazy("Of which versions"),
        required=False,
        choices=[
            (LIVE, gettext_lazy("approved now and behind an alias")),
            (APPROVED, gettext_lazy("approved now")),
        ],
    )
    of_tier = forms.ChoiceField(label=gettext_lazy("Risk tier"), choices=RiskTier.choices)
    of_team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)
    model = forms.SlugField(
        label=gettext_lazy("Or of one model"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Its name; then tier and team are left aside."),
    )
    version = forms.IntegerField(
        label=gettext_lazy("Version"), required=False, min_value=1, max_value=2**31 - 1
    )
    page = forms.IntegerField(
        required=False, min_value=1, max_value=_MOST_PAGES, widget=forms.HiddenInput
    )
    # The head of the policy, of no matter to the answer: carried so that one comes back with it.
    name = _carried(64)
    tier = _carried(16)
    team = _carried(64)
    policy = _carried(36)

    def clean_which(self) -> str:
        """Those that are live, unless said otherwise."""
        return self.cleaned_data["which"] or LIVE

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(team.slug, team.name) for team in teams if isinstance(team, Team)]
        self.fields["of_team"].choices = [("", _("All of mine")), *named]  # type: ignore[attr-defined]
