"""Filters of the list of jobs."""

from django import forms
from django.utils.translation import gettext_lazy as _

from web.jobs.about import TITLES

STATES = (
    ("queued", _("Queued")),
    ("running", _("Running")),
    ("succeeded", _("Succeeded")),
    ("failed", _("Failed")),
    ("cancelled", _("Cancelled")),
)


class JobFilter(forms.Form):
    """All of them stand in the address."""

    status = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *STATES])
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All")), *TITLES.items()]
    )
    mine = forms.BooleanField(label=_("Asked for by me"), required=False)
