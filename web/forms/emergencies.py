"""Forms of emergency grants."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from governance.emergencies.kind import DEFAULT_HOURS
from governance.models import EmergencyOutcome
from trust.emergency import LONGEST_EMERGENCY_HOURS
from web.forms.proposals import add_reason
from web.forms.proving import Asks


def _reason() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"), max_length=4000, widget=forms.Textarea(attrs={"rows": "3"})
    )


class EmergencyForm(forms.Form):
    """Under which alias, for how long, why, and who says so."""

    alias = forms.CharField(label=_("Alias"), max_length=64, initial="champion")
    hours = forms.IntegerField(
        label=_("Hours"),
        min_value=1,
        max_value=LONGEST_EMERGENCY_HOURS,
        initial=DEFAULT_HOURS,
        help_text=_("From the confirmation on; the policy says how many at most."),
    )

    def __init__(self, data: Any = None, *, asks: Asks) -> None:
        super().__init__(data)
        add_reason(self, asks)


class EndEmergencyForm(forms.Form):
    """Why it ends before its time."""

    reason = _reason()


class ReviewEmergencyForm(forms.Form):
    """Whether it was justified."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=EmergencyOutcome.choices)
    reason = _reason()
